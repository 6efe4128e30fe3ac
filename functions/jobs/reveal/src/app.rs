//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Acts, Aws, Consents, Contacts, Documents, Environment, MissingVariables, Outbox, Queue,
    Reveals, Runs, SpaceKeys, SystemKeys,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) acts: Acts,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) documents: Documents,
    pub(crate) consents: Consents,
    pub(crate) contacts: Contacts,
    pub(crate) reveals: Reveals,
    pub(crate) outbox: Outbox,
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
            settings: JobSettings::new("reveal", env),
            acts: Acts::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            documents: Documents::new(aws, env),
            consents: Consents::new(aws, env),
            contacts: Contacts::new(aws, env),
            reveals: Reveals::new(aws, env, keys.clone()),
            outbox: Outbox::new(aws, env, keys),
            runs: Runs::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_REVEAL_QUEUE"),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
