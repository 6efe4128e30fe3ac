//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_domain::{Clock, Random};
use espace_http::Gate;
use espace_storage::{
    Accounts, Alerts, Attempts, Aws, Challenges, CodeRequests, Contacts, Environment, KeyName,
    MissingVariables, Outbox, Sessions, SigningKeys, SpaceKeys, Spaces, SystemKeys, Throttles,
};

use crate::providers::Providers;
use crate::signer::Signer;

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) gate: Gate,
    pub(crate) keys: Arc<SystemKeys>,
    pub(crate) accounts: Accounts,
    pub(crate) contacts: Contacts,
    pub(crate) spaces: Spaces,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) attempts: Attempts,
    pub(crate) alerts: Alerts,
    pub(crate) code_requests: CodeRequests,
    pub(crate) relying_party: RelyingParty,
    pub(crate) challenges: Challenges,
    pub(crate) sessions: Sessions,
    pub(crate) outbox: Outbox,
    pub(crate) throttles: Throttles,
    pub(crate) signer: Arc<Signer>,
    pub(crate) providers: Arc<Providers>,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

/// Who passkeys are made for: the origin of the pages, and its domain.
#[derive(Debug, Clone)]
pub(crate) struct RelyingParty {
    /// The origin, as a browser writes it.
    pub(crate) origin: String,
    /// The domain.
    pub(crate) id: String,
}

impl RelyingParty {
    fn of_origin(origin: &str) -> Self {
        let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        let id = host.split([':', '/']).next().unwrap_or_default().to_owned();
        Self { origin: origin.to_owned(), id }
    }
}

/// Limits that are parameters of the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Logins from one source in an hour.
    pub(crate) login_per_source: u32,
    /// Logins to one account from one source in an hour.
    pub(crate) login_per_account_and_source: u32,
    /// Logins begun with the right password to one account in an hour.
    pub(crate) logins_per_person: u32,
    /// Second factors judged for one account in a week.
    pub(crate) second_factors_per_week: u32,
    /// Codes asked for by one person in an hour.
    pub(crate) codes_per_person: u32,
    /// Least seconds between two codes of one person.
    pub(crate) code_delay_s: i64,
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
            gate: Gate::new(aws, env, clock.clone()),
            accounts: Accounts::new(aws, env, keys.clone()),
            contacts: Contacts::new(aws, env),
            spaces: Spaces::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            attempts: Attempts::new(aws, env),
            alerts: Alerts::new(aws, env, keys.clone()),
            code_requests: CodeRequests::new(aws, env),
            relying_party: RelyingParty::of_origin(&env.required("ESPACE_PASSKEY_ORIGIN")),
            challenges: Challenges::new(aws, env),
            sessions: Sessions::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
            throttles: Throttles::new(aws, env, keys.clone(), KeyName::LoginIndex),
            signer: Arc::new(Signer::new(
                env.required("ESPACE_ISSUER"),
                SigningKeys::new(aws, env),
                clock.clone(),
                random.clone(),
            )),
            providers: Arc::new(Providers::new(env, clock.clone())),
            limits: Limits {
                login_per_source: env.required_number("ESPACE_LOGINS_PER_SOURCE"),
                login_per_account_and_source: env
                    .required_number("ESPACE_LOGINS_PER_ACCOUNT_AND_SOURCE"),
                logins_per_person: env.required_number("ESPACE_LOGINS_PER_PERSON"),
                second_factors_per_week: env.required_number("ESPACE_SECOND_FACTORS_PER_WEEK"),
                codes_per_person: env.required_number("ESPACE_CODES_PER_PERSON"),
                code_delay_s: i64::from(env.required_number("ESPACE_CODE_DELAY_S")),
            },
            keys,
            clock,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
