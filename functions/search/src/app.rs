//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_storage::{
    Aws, Consents, Environment, KeyName, MissingVariables, Registry, SystemKeys, Throttles,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) registry: Registry,
    pub(crate) throttles: Throttles,
    pub(crate) consents: Consents,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

/// Searches in an hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// By one professional.
    pub(crate) per_professional: u32,
    /// From one structure.
    pub(crate) per_structure: u32,
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
            guard: Guard::new(aws, env, keys.clone(), clock.clone(), random.clone()),
            registry: Registry::new(aws, env, keys.clone()),
            throttles: Throttles::new(aws, env, keys, KeyName::PersonIndex),
            consents: Consents::new(aws, env),
            limits: Limits {
                per_professional: env.required_number("ESPACE_SEARCHES_PER_PROFESSIONAL"),
                per_structure: env.required_number("ESPACE_SEARCHES_PER_STRUCTURE"),
            },
            clock,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
