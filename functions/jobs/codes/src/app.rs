//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Accounts, Aws, Challenges, Contacts, Environment, KeyName, MissingVariables, Outbox, Registry,
    SpaceKeys, Spaces, SystemKeys, Throttles,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) registry: Registry,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) spaces: Spaces,
    pub(crate) outbox: Outbox,
    pub(crate) accounts: Accounts,
    pub(crate) contacts: Contacts,
    pub(crate) challenges: Challenges,
    pub(crate) keys: Arc<SystemKeys>,
    pub(crate) throttles: Throttles,
    /// Codes sent to one person in an hour.
    pub(crate) codes_per_person: u32,
    /// Least seconds between two codes of one person.
    pub(crate) code_delay_s: i64,
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
            settings: JobSettings::new("codes", env),
            registry: Registry::new(aws, env, keys.clone()),
            space_keys: SpaceKeys::new(aws, env),
            spaces: Spaces::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            accounts: Accounts::new(aws, env, keys.clone()),
            contacts: Contacts::new(aws, env),
            challenges: Challenges::new(aws, env),
            throttles: Throttles::new(aws, env, keys.clone(), KeyName::PersonIndex),
            keys,
            codes_per_person: env.required_number("ESPACE_CODES_PER_PERSON"),
            code_delay_s: i64::from(env.required_number("ESPACE_CODE_DELAY_S")),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
