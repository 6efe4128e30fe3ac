//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Aws, Campaigns, Environment, Manifests, MissingVariables, Outbox, PrintBatches, Queue, Runs,
    SystemKeys,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) outbox: Outbox,
    pub(crate) campaigns: Campaigns,
    pub(crate) batches: PrintBatches,
    pub(crate) manifests: Manifests,
    pub(crate) runs: Runs,
    pub(crate) queue: Queue,
    /// The mailing house's public key (`age1…`).
    pub(crate) recipient: String,
    /// The address people type in.
    pub(crate) site: String,
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
            settings: JobSettings::new("printing", env),
            outbox: Outbox::new(aws, env, keys),
            campaigns: Campaigns::new(aws, env),
            batches: PrintBatches::new(aws, env),
            manifests: Manifests::new(aws, env),
            runs: Runs::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_PRINT_QUEUE"),
            recipient: env.required("ESPACE_MAILING_HOUSE_KEY"),
            site: env.required("ESPACE_SITE"),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
