//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_http::Gate;
use espace_storage::{
    Aws, Consents, Documents, Environment, Inboxes, KeyName, Messages, MissingVariables, Relations,
    Spaces, SystemKeys, Throttles, Vault,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) gate: Gate,
    pub(crate) spaces: Spaces,
    pub(crate) messages: Messages,
    pub(crate) inboxes: Inboxes,
    pub(crate) documents: Documents,
    pub(crate) consents: Consents,
    pub(crate) vault: Vault,
    pub(crate) relations: Relations,
    pub(crate) throttles: Throttles,
    /// Messages that one sender sends in an hour.
    pub(crate) messages_per_sender: u32,
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
        let keys = Arc::new(SystemKeys::new(aws, env, clock.clone()));
        let app = Self {
            guard: Guard::new(aws, env, keys.clone(), clock.clone(), random.clone()),
            gate: Gate::new(aws, env, clock),
            spaces: Spaces::new(aws, env),
            messages: Messages::new(aws, env),
            inboxes: Inboxes::new(aws, env, keys.clone()),
            documents: Documents::new(aws, env),
            consents: Consents::new(aws, env),
            vault: Vault::new(aws, env),
            relations: Relations::new(keys.clone()),
            throttles: Throttles::new(aws, env, keys, KeyName::Relation),
            takes_test_identities: env.required("ESPACE_TEST_IDENTITIES") == "true",
            messages_per_sender: env.required_number("ESPACE_MESSAGES_PER_SENDER"),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
