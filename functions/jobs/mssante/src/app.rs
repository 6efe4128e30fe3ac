//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Acts, Aws, Consents, Documents, Environment, Inboxes, MailObjects, Mails, Messages,
    MissingVariables, Registry, Relations, Scanner, SpaceKeys, SystemKeys, TrustSpace, Vault,
};

use crate::gateway::Gateway;

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) objects: MailObjects,
    pub(crate) mails: Mails,
    pub(crate) trust_space: TrustSpace,
    pub(crate) registry: Registry,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) consents: Consents,
    pub(crate) messages: Messages,
    pub(crate) inboxes: Inboxes,
    pub(crate) documents: Documents,
    pub(crate) vault: Vault,
    pub(crate) scanner: Scanner,
    pub(crate) acts: Acts,
    pub(crate) relations: Relations,
    pub(crate) gateway: Gateway,
    /// The domain of persons' addresses.
    pub(crate) domain: String,
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
            settings: JobSettings::new("mssante", env),
            objects: MailObjects::new(aws, env),
            mails: Mails::new(aws, env),
            trust_space: TrustSpace::new(aws, env),
            registry: Registry::new(aws, env, keys.clone()),
            space_keys: SpaceKeys::new(aws, env),
            consents: Consents::new(aws, env),
            messages: Messages::new(aws, env),
            inboxes: Inboxes::new(aws, env, keys.clone()),
            documents: Documents::new(aws, env),
            vault: Vault::new(aws, env),
            scanner: Scanner::new(aws, env),
            acts: Acts::new(aws, env),
            relations: Relations::new(keys),
            gateway: Gateway::new(&env.required("ESPACE_MAIL_GATEWAY")),
            domain: env.required("ESPACE_PATIENT_MAIL_DOMAIN").to_ascii_lowercase(),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
