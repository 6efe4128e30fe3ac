//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random, phone_line_is_open};
use espace_storage::{
    Aws, Challenges, Consents, Contacts, Environment, KeyName, MissingVariables, Outbox, Registry,
    Representations, Sessions, SpaceKeys, Spaces, SupportActs, SystemKeys, Throttles,
};
use jiff::Timestamp;

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) registry: Registry,
    pub(crate) spaces: Spaces,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) contacts: Contacts,
    pub(crate) consents: Consents,
    pub(crate) representations: Representations,
    pub(crate) challenges: Challenges,
    pub(crate) sessions: Sessions,
    pub(crate) outbox: Outbox,
    pub(crate) acts: SupportActs,
    pub(crate) throttles: Throttles,
    pub(crate) keys: Arc<SystemKeys>,
    pub(crate) limits: Limits,
    pub(crate) random: Arc<dyn Random>,
}

/// Limits that are parameters of the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Codes sent to one person in an hour.
    pub(crate) codes_per_person: u32,
    /// Acts of one agent in an hour, of each kind.
    pub(crate) acts_per_agent: u32,
    /// Whether agents answer at any hour (rehearsals, the local stack).
    phone_always_open: bool,
}

impl Limits {
    /// Whether agents may act now.
    pub(crate) fn phone_line_is_open(&self, now: Timestamp) -> bool {
        self.phone_always_open || phone_line_is_open(now)
    }
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
            contacts: Contacts::new(aws, env),
            consents: Consents::new(aws, env),
            representations: Representations::new(aws, env),
            challenges: Challenges::new(aws, env),
            sessions: Sessions::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            acts: SupportActs::new(aws, env),
            throttles: Throttles::new(aws, env, keys.clone(), KeyName::PersonIndex),
            keys,
            limits: Limits {
                codes_per_person: env.required_number("ESPACE_CODES_PER_PERSON"),
                acts_per_agent: env.required_number("ESPACE_ACTS_PER_AGENT"),
                phone_always_open: env.required("ESPACE_PHONE_ALWAYS_OPEN") == "true",
            },
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
