//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{Acts, Aws, Environment, MissingVariables, SpaceKeys, SystemKeys};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) acts: Acts,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) keys: Arc<SystemKeys>,
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
        let app = Self {
            settings: JobSettings::new("refusals", env),
            acts: Acts::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            keys: Arc::new(SystemKeys::new(aws, env, clock)),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
