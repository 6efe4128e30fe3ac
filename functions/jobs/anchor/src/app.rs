//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{Anchors, Aws, Environment, MissingVariables, Queue, Runs, Spaces, Traces};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) spaces: Spaces,
    pub(crate) traces: Traces,
    pub(crate) anchors: Anchors,
    pub(crate) runs: Runs,
    pub(crate) queue: Queue,
    pub(crate) random: Arc<dyn Random>,
}

impl App {
    /// Connects the stores. The clock comes with each event; the argument keeps every
    /// function's start alike.
    pub fn new(
        aws: &Aws,
        mut environment: Environment,
        _clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, MissingVariables> {
        let env = &mut environment;
        let app = Self {
            settings: JobSettings::new("anchor", env),
            spaces: Spaces::new(aws, env),
            traces: Traces::new(aws, env),
            anchors: Anchors::new(aws, env),
            runs: Runs::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_ANCHOR_QUEUE"),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
