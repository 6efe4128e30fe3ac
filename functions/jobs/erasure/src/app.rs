//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Attempts, Aws, Certificates, Consents, Contacts, Digests, Documents, Environment, Erasures,
    Exports, Imports, Inbox, Inboxes, Messages, MissingVariables, Outbox, PushSubscriptions,
    Registry, Relations, Representations, SystemKeys, Vault,
};

/// The stores this job is allowed, and no other: no key of any space is among them.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) erasures: Erasures,
    pub(crate) certificates: Certificates,
    pub(crate) outbox: Outbox,
    pub(crate) vault: Vault,
    /// Where contents come before they are under a key.
    pub(crate) inbox: Inbox,
    pub(crate) documents: Documents,
    pub(crate) messages: Messages,
    pub(crate) inboxes: Inboxes,
    pub(crate) consents: Consents,
    pub(crate) contacts: Contacts,
    pub(crate) representations: Representations,
    pub(crate) push: PushSubscriptions,
    pub(crate) exports: Exports,
    pub(crate) imports: Imports,
    pub(crate) digests: Digests,
    pub(crate) attempts: Attempts,
    pub(crate) registry: Registry,
    pub(crate) relations: Relations,
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
            settings: JobSettings::new("erasure", env),
            erasures: Erasures::new(aws, env, keys.clone()),
            certificates: Certificates::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            vault: Vault::new(aws, env),
            inbox: Inbox::new(aws, env),
            documents: Documents::new(aws, env),
            messages: Messages::new(aws, env),
            inboxes: Inboxes::new(aws, env, keys.clone()),
            consents: Consents::new(aws, env),
            contacts: Contacts::new(aws, env),
            representations: Representations::new(aws, env),
            push: PushSubscriptions::new(aws, env, keys.clone()),
            exports: Exports::new(aws, env),
            imports: Imports::new(aws, env),
            digests: Digests::new(aws, env),
            attempts: Attempts::new(aws, env),
            registry: Registry::new(aws, env, keys.clone()),
            relations: Relations::new(keys),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
