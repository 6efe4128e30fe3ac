//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{Aws, Documents, Environment, MissingVariables, Queue, Runs, Vault};

/// The stores this job is allowed, and no other: it holds no key.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) documents: Documents,
    pub(crate) vault: Vault,
    pub(crate) runs: Runs,
    pub(crate) queue: Queue,
}

impl App {
    /// Connects the stores. The clock comes with each event; the arguments keep every
    /// function's start alike.
    pub fn new(
        aws: &Aws,
        mut environment: Environment,
        _clock: Arc<dyn Clock>,
        _random: Arc<dyn Random>,
    ) -> Result<Self, MissingVariables> {
        let env = &mut environment;
        let app = Self {
            settings: JobSettings::new("sweep", env),
            documents: Documents::new(aws, env),
            vault: Vault::new(aws, env),
            runs: Runs::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_SWEEP_QUEUE"),
        };
        environment.finish()?;
        Ok(app)
    }
}
