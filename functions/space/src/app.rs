//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_storage::{
    Accounts, Alerts, Attempts, Aws, Challenges, Contacts, Environment, MissingVariables, Outbox,
    Representations, Sessions, SystemKeys,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) representations: Representations,
    pub(crate) accounts: Accounts,
    pub(crate) alerts: Alerts,
    pub(crate) attempts: Attempts,
    pub(crate) challenges: Challenges,
    pub(crate) contacts: Contacts,
    pub(crate) outbox: Outbox,
    pub(crate) sessions: Sessions,
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
            accounts: Accounts::new(aws, env, keys.clone()),
            alerts: Alerts::new(aws, env, keys.clone()),
            attempts: Attempts::new(aws, env),
            challenges: Challenges::new(aws, env),
            contacts: Contacts::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            sessions: Sessions::new(aws, env),
            keys,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
