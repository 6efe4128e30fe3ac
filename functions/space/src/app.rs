//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_storage::{
    Accounts, Alerts, Attempts, Aws, Certificates, Challenges, Consents, Contacts, Environment,
    ErasureStores, Erasures, Exports, Imports, Inbox, MissingVariables, Outbox, Representations,
    Sessions, SpaceKeys, SystemKeys, Vault,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) representations: Representations,
    pub(crate) erasure: ErasureStores,
    pub(crate) exports: Exports,
    pub(crate) imports: Imports,
    /// Where archives come that are taken in again.
    pub(crate) inbox: Inbox,
    /// Where pieces of archives are.
    pub(crate) pieces: Vault,
    pub(crate) alerts: Alerts,
    pub(crate) attempts: Attempts,
    pub(crate) challenges: Challenges,
    pub(crate) consents: Consents,
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
        let keys = Arc::new(SystemKeys::new(aws, env, clock.clone()));
        let app = Self {
            guard: Guard::new(aws, env, keys.clone(), clock, random.clone()),
            representations: Representations::new(aws, env),
            erasure: ErasureStores {
                erasures: Erasures::new(aws, env, keys.clone()),
                space_keys: SpaceKeys::new(aws, env),
                accounts: Accounts::new(aws, env, keys.clone()),
                sessions: Sessions::new(aws, env),
                certificates: Certificates::new(aws, env),
            },
            exports: Exports::new(aws, env),
            imports: Imports::new(aws, env),
            inbox: Inbox::new(aws, env),
            pieces: Vault::of_exports(aws, env),
            alerts: Alerts::new(aws, env, keys.clone()),
            attempts: Attempts::new(aws, env),
            challenges: Challenges::new(aws, env),
            consents: Consents::new(aws, env),
            contacts: Contacts::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            keys,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
