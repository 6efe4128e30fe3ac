//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Clock, Random};
use espace_http::Gate;
use espace_storage::{
    Anchors, Aws, Consents, Documents, Environment, KeyName, MissingVariables, ProfessionalNotices,
    Relations, SystemKeys, Throttles, Uploads,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) consents: Consents,
    pub(crate) anchors: Anchors,
    pub(crate) documents: Documents,
    pub(crate) uploads: Uploads,
    pub(crate) notices: ProfessionalNotices,
    pub(crate) relations: Relations,
    pub(crate) throttles: Throttles,
    pub(crate) limits: Limits,
    pub(crate) gate: Gate,
    pub(crate) random: Arc<dyn Random>,
}

/// Accesses opened in an hour: no care needs more, mass reading does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// With consent, by one professional.
    pub(crate) accesses_per_professional: u32,
    /// With consent, from one structure.
    pub(crate) accesses_per_structure: u32,
    /// In an emergency, by one professional.
    pub(crate) emergencies_per_professional: u32,
    /// In an emergency, from one structure.
    pub(crate) emergencies_per_structure: u32,
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
            consents: Consents::new(aws, env),
            anchors: Anchors::new(aws, env),
            documents: Documents::new(aws, env),
            uploads: Uploads::new(aws, env),
            notices: ProfessionalNotices::new(aws, env),
            relations: Relations::new(keys.clone()),
            throttles: Throttles::new(aws, env, keys, KeyName::Relation),
            limits: Limits {
                accesses_per_professional: env.required_number("ESPACE_ACCESSES_PER_PROFESSIONAL"),
                accesses_per_structure: env.required_number("ESPACE_ACCESSES_PER_STRUCTURE"),
                emergencies_per_professional: env
                    .required_number("ESPACE_EMERGENCIES_PER_PROFESSIONAL"),
                emergencies_per_structure: env.required_number("ESPACE_EMERGENCIES_PER_STRUCTURE"),
            },
            gate: Gate::new(aws, env, clock),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
