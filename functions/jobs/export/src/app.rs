//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Aws, Consents, Contacts, Documents, Environment, Exports, Messages, MissingVariables, Outbox,
    SpaceKeys, Spaces, SystemKeys, Traces, Vault,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) exports: Exports,
    /// Where pieces of archives are put.
    pub(crate) pieces: Vault,
    pub(crate) vault: Vault,
    pub(crate) spaces: Spaces,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) documents: Documents,
    pub(crate) messages: Messages,
    pub(crate) consents: Consents,
    pub(crate) traces: Traces,
    pub(crate) contacts: Contacts,
    pub(crate) outbox: Outbox,
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
            settings: JobSettings::new("export", env),
            exports: Exports::new(aws, env),
            pieces: Vault::of_exports(aws, env),
            vault: Vault::new(aws, env),
            spaces: Spaces::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            documents: Documents::new(aws, env),
            messages: Messages::new(aws, env),
            consents: Consents::new(aws, env),
            traces: Traces::new(aws, env),
            contacts: Contacts::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            keys,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
