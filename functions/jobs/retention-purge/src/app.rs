//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Accounts, Acts, Aws, Certificates, Environment, ErasureStores, Erasures, MissingVariables,
    Queue, Runs, Sessions, SpaceKeys, SystemKeys,
};

/// The stores this job is allowed, and no other: it erases what it cannot read.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) acts: Acts,
    pub(crate) erasure: ErasureStores,
    pub(crate) runs: Runs,
    pub(crate) queue: Queue,
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
        let keys = Arc::new(SystemKeys::new(aws, env, clock));
        let app = Self {
            settings: JobSettings::new(crate::JOB, env),
            acts: Acts::new(aws, env),
            erasure: ErasureStores {
                erasures: Erasures::new(aws, env, keys.clone()),
                space_keys: SpaceKeys::new(aws, env),
                accounts: Accounts::new(aws, env, keys),
                sessions: Sessions::new(aws, env),
                certificates: Certificates::new(aws, env),
            },
            runs: Runs::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_PURGE_QUEUE"),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
