//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_domain::{Clock, Random};
use espace_http::EnrolmentGate;
use espace_storage::transitions::OppositionStores;
use espace_storage::{
    Aws, Enrolments, Environment, MissingVariables, Oppositions, Outbox, Registry, SystemKeys,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) enrolment_gate: EnrolmentGate,
    pub(crate) stores: OppositionStores,
    pub(crate) clock: Arc<dyn Clock>,
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
        let keys = Arc::new(SystemKeys::new(aws, &mut environment, clock.clone()));
        let stores = OppositionStores {
            registry: Registry::new(aws, &mut environment, keys.clone()),
            enrolments: Enrolments::new(aws, &mut environment),
            oppositions: Oppositions::new(aws, &mut environment),
            outbox: Outbox::new(aws, &mut environment, keys),
        };
        environment.finish()?;
        let enrolment_gate =
            EnrolmentGate { enrolments: stores.enrolments.clone(), clock: clock.clone() };
        Ok(Self { enrolment_gate, stores, clock, random })
    }
}
