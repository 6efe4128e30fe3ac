//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Acts, Aws, Documents, Environment, Inbox, MissingVariables, Queue, Relations, Reveals, Scanner,
    SpaceKeys, SystemKeys, Uploads, Vault,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) acts: Acts,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) relations: Relations,
    pub(crate) documents: Documents,
    pub(crate) uploads: Uploads,
    pub(crate) inbox: Inbox,
    pub(crate) reveals: Reveals,
    pub(crate) scanner: Scanner,
    pub(crate) vault: Vault,
    pub(crate) queue: Queue,
    /// Whether documents of test identities are taken.
    pub(crate) takes_test_identities: bool,
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
            settings: JobSettings::new("ingest", env),
            acts: Acts::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            relations: Relations::new(keys.clone()),
            documents: Documents::new(aws, env),
            uploads: Uploads::new(aws, env),
            inbox: Inbox::new(aws, env),
            reveals: Reveals::new(aws, env, keys),
            scanner: Scanner::new(aws, env),
            vault: Vault::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_INGEST_QUEUE"),
            takes_test_identities: env.required("ESPACE_TEST_IDENTITIES") == "true",
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
