//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Acts, Aws, Consents, Documents, Environment, Imports, Inbox, Messages, MissingVariables,
    Relations, SpaceKeys, SystemKeys, Vault,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) imports: Imports,
    pub(crate) inbox: Inbox,
    pub(crate) vault: Vault,
    pub(crate) acts: Acts,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) documents: Documents,
    pub(crate) messages: Messages,
    pub(crate) consents: Consents,
    pub(crate) relations: Relations,
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
        let keys = Arc::new(SystemKeys::new(aws, env, clock));
        let app = Self {
            settings: JobSettings::new("import", env),
            imports: Imports::new(aws, env),
            inbox: Inbox::new(aws, env),
            vault: Vault::new(aws, env),
            acts: Acts::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            documents: Documents::new(aws, env),
            messages: Messages::new(aws, env),
            consents: Consents::new(aws, env),
            relations: Relations::new(keys.clone()),
            keys,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
