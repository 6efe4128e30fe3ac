//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_storage::{
    AssistanceCodes, Aws, Consents, Contacts, Environment, KeyName, MissingVariables, Outbox,
    Registry, Representations, SpaceKeys, Spaces, SystemKeys, Throttles,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) registry: Registry,
    pub(crate) spaces: Spaces,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) consents: Consents,
    pub(crate) contacts: Contacts,
    pub(crate) representations: Representations,
    pub(crate) codes: AssistanceCodes,
    pub(crate) outbox: Outbox,
    pub(crate) throttles: Throttles,
    /// Invitations of one holder in an hour.
    pub(crate) invitations_per_holder: u32,
    /// Codes that one agent tries in an hour.
    pub(crate) acts_per_agent: u32,
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
            registry: Registry::new(aws, env, keys.clone()),
            spaces: Spaces::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            consents: Consents::new(aws, env),
            contacts: Contacts::new(aws, env),
            representations: Representations::new(aws, env),
            codes: AssistanceCodes::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            throttles: Throttles::new(aws, env, keys, KeyName::PersonIndex),
            invitations_per_holder: env.required_number("ESPACE_INVITATIONS_PER_HOLDER"),
            acts_per_agent: env.required_number("ESPACE_ACTS_PER_AGENT"),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
