//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_storage::{
    Anchors, Aws, Consents, Documents, Environment, MissingVariables, SystemKeys, Uploads,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) consents: Consents,
    pub(crate) anchors: Anchors,
    pub(crate) documents: Documents,
    pub(crate) uploads: Uploads,
    pub(crate) random: Arc<dyn Random>,
}

impl App {
    /// Connects the stores.
    pub fn new(
        aws: &Aws,
        mut environment: Environment,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, MissingVariables> {
        let env = &mut environment;
        let keys = Arc::new(SystemKeys::new(aws, env, clock.clone()));
        let app = Self {
            guard: Guard::new(aws, env, keys, clock, random.clone()),
            consents: Consents::new(aws, env),
            anchors: Anchors::new(aws, env),
            documents: Documents::new(aws, env),
            uploads: Uploads::new(aws, env),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
