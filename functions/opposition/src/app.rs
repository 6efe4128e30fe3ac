//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_domain::{Clock, Random, phone_line_is_open};
use espace_http::{EnrolmentGate, Gate};
use espace_storage::transitions::OppositionStores;
use espace_storage::{
    Aws, Certificates, CodeRequests, Enrolments, Environment, Idempotency, KeyName,
    MissingVariables, Oppositions, Outbox, Registry, SpaceKeys, SupportActs, SystemKeys, Throttles,
};
use jiff::Timestamp;

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) gate: Gate,
    pub(crate) enrolment_gate: EnrolmentGate,
    pub(crate) stores: OppositionStores,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) code_requests: CodeRequests,
    pub(crate) throttles: Throttles,
    pub(crate) idempotency: Idempotency,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

/// What the stack's parameters say.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The address people type in.
    pub(crate) site: String,
    /// Checks of a reference from one source in an hour.
    pub(crate) checks_per_source: u32,
    /// Acts of one agent in an hour.
    pub(crate) acts_per_agent: u32,
    /// Whether agents answer at any hour (rehearsals, the local stack).
    phone_always_open: bool,
}

impl Settings {
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
        let stores = OppositionStores {
            registry: Registry::new(aws, env, keys.clone()),
            enrolments: Enrolments::new(aws, env),
            oppositions: Oppositions::new(aws, env, keys.clone()),
            certificates: Certificates::new(aws, env),
            acts: SupportActs::new(aws, env),
            outbox: Outbox::new(aws, env, keys.clone()),
        };
        let app = Self {
            gate: Gate::new(aws, env, clock.clone()),
            enrolment_gate: EnrolmentGate {
                enrolments: stores.enrolments.clone(),
                clock: clock.clone(),
            },
            space_keys: SpaceKeys::new(aws, env),
            code_requests: CodeRequests::new(aws, env),
            throttles: Throttles::new(aws, env, keys.clone(), KeyName::PersonIndex),
            idempotency: Idempotency::new(aws, env, keys, KeyName::PersonIndex),
            settings: Settings {
                site: env.required("ESPACE_SITE"),
                checks_per_source: env.required_number("ESPACE_IDENTITY_TRIES_PER_SOURCE"),
                acts_per_agent: env.required_number("ESPACE_ACTS_PER_AGENT"),
                phone_always_open: env.required("ESPACE_PHONE_ALWAYS_OPEN") == "true",
            },
            stores,
            clock,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
