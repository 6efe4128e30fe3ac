//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_access::Guard;
use espace_domain::{Actor, Clock, PushServices, Random};
use espace_http::{Claims, Gate, Problem, ProblemKind};
use espace_storage::{
    Aws, Consents, Contacts, Environment, MissingVariables, PushSubscriptions, Relations,
    SpaceKeys, SystemKeys, Unsubscriptions,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) guard: Guard,
    pub(crate) gate: Gate,
    pub(crate) consents: Consents,
    pub(crate) contacts: Contacts,
    pub(crate) pushes: PushSubscriptions,
    pub(crate) relations: Relations,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) unsubscriptions: Unsubscriptions,
    /// The push services that are called.
    pub(crate) services: Arc<PushServices>,
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
            consents: Consents::new(aws, env),
            contacts: Contacts::new(aws, env),
            pushes: PushSubscriptions::new(aws, env, keys.clone()),
            relations: Relations::new(keys.clone()),
            space_keys: SpaceKeys::new(aws, env),
            unsubscriptions: Unsubscriptions::new(keys),
            services: Arc::new(PushServices::parse(&env.required("ESPACE_PUSH_SERVICES"))),
            random,
        };
        environment.finish()?;
        Ok(app)
    }

    /// By what the caller's own browsers are found.
    pub(crate) async fn push_owner(&self, claims: &Claims) -> Result<String, Problem> {
        let names = self.relations.names().await?;
        match &claims.actor {
            Actor::Citizen { archived: true, .. } => Err(ProblemKind::SpaceClosed.into()),
            Actor::Citizen { space_id, .. } => Ok(names.push_of_space(space_id)),
            Actor::Professional { rpps, .. } => Ok(names.push_of_professional(rpps)),
            Actor::Support { .. } | Actor::Insurer => Err(ProblemKind::Forbidden.into()),
        }
    }
}
