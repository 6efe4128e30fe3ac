//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_storage::{
    Aws, Documents, Environment, Inbox, MissingVariables, Reveals, Scanner, SystemKeys, Uploads,
    Vault,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) documents: Documents,
    pub(crate) uploads: Uploads,
    pub(crate) vault: Vault,
    pub(crate) inbox: Inbox,
    pub(crate) reveals: Reveals,
    pub(crate) scanner: Scanner,
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
            reveals: Reveals::new(aws, env, keys.clone()),
            scanner: Scanner::new(aws, env),
            guard: Guard::new(aws, env, keys, clock, random.clone()),
            documents: Documents::new(aws, env),
            uploads: Uploads::new(aws, env),
            vault: Vault::new(aws, env),
            inbox: Inbox::new(aws, env),
            takes_test_identities: env.required("ESPACE_TEST_IDENTITIES") == "true",
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
