//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_domain::{Clock, Random};
use espace_http::Gate;
use espace_storage::{Aws, Environment, MissingVariables, Representations, SpaceKeys, Spaces};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) gate: Gate,
    pub(crate) spaces: Spaces,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) representations: Representations,
    pub(crate) clock: Arc<dyn Clock>,
}

impl App {
    /// Connects the stores. Nothing here is drawn at random; the argument keeps
    /// every function's start alike.
    pub fn new(
        aws: &Aws,
        mut environment: Environment,
        clock: Arc<dyn Clock>,
        _random: Arc<dyn Random>,
    ) -> Result<Self, MissingVariables> {
        let app = Self {
            gate: Gate::new(aws, &mut environment, clock.clone()),
            spaces: Spaces::new(aws, &mut environment),
            space_keys: SpaceKeys::new(aws, &mut environment),
            representations: Representations::new(aws, &mut environment),
            clock,
        };
        environment.finish()?;
        Ok(app)
    }
}
