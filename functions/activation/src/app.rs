//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_domain::{Clock, Random, phone_line_is_open};
use espace_http::{EnrolmentGate, Gate};
use espace_storage::transitions::ActivationStores;
use espace_storage::{
    Accounts, Alerts, Aws, Challenges, CodeRequests, Contacts, Enrolments, Environment, KeyName,
    MissingVariables, Outbox, Registry, Representations, Sessions, SpaceKeys, Spaces, SupportActs,
    SystemKeys, Throttles,
};
use jiff::Timestamp;

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) gate: Gate,
    pub(crate) enrolment_gate: EnrolmentGate,
    pub(crate) stores: ActivationStores,
    pub(crate) representations: Representations,
    pub(crate) challenges: Challenges,
    pub(crate) code_requests: CodeRequests,
    pub(crate) acts: SupportActs,
    pub(crate) keys: Arc<SystemKeys>,
    pub(crate) throttles: Throttles,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

/// Limits that are parameters of the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Identity checks from one source in an hour.
    pub(crate) identity_per_source: u32,
    /// Codes asked for from one source in an hour.
    pub(crate) codes_per_source: u32,
    /// Codes asked for one person in an hour.
    pub(crate) codes_per_person: u32,
    /// Least seconds between two codes of one person.
    pub(crate) code_delay_s: i64,
    /// Acts of one agent in an hour, of each kind.
    pub(crate) acts_per_agent: u32,
    /// Whether agents answer at any hour (rehearsals, the local stack).
    pub(crate) phone_always_open: bool,
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
            gate: Gate::new(aws, env, clock.clone()),
            enrolment_gate: EnrolmentGate {
                enrolments: Enrolments::new(aws, env),
                clock: clock.clone(),
            },
            stores: ActivationStores {
                registry: Registry::new(aws, env, keys.clone()),
                space_keys: SpaceKeys::new(aws, env),
                spaces: Spaces::new(aws, env),
                contacts: Contacts::new(aws, env),
                accounts: Accounts::new(aws, env, keys.clone()),
                enrolments: Enrolments::new(aws, env),
                outbox: Outbox::new(aws, env, keys.clone()),
                sessions: Sessions::new(aws, env),
                alerts: Alerts::new(aws, env, keys.clone()),
                representations: Representations::new(aws, env),
            },
            representations: Representations::new(aws, env),
            challenges: Challenges::new(aws, env),
            code_requests: CodeRequests::new(aws, env),
            acts: SupportActs::new(aws, env),
            throttles: Throttles::new(aws, env, keys.clone(), KeyName::PersonIndex),
            keys,
            limits: Limits {
                identity_per_source: env.required_number("ESPACE_IDENTITY_TRIES_PER_SOURCE"),
                codes_per_source: env.required_number("ESPACE_CODES_PER_SOURCE"),
                codes_per_person: env.required_number("ESPACE_CODES_PER_PERSON"),
                acts_per_agent: env.required_number("ESPACE_ACTS_PER_AGENT"),
                phone_always_open: env.required("ESPACE_PHONE_ALWAYS_OPEN") == "true",
                code_delay_s: i64::from(env.required_number("ESPACE_CODE_DELAY_S")),
            },
            clock,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
