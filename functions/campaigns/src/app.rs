//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_domain::{Clock, Random};
use espace_http::Gate;
use espace_storage::{
    Aws, CampaignFiles, Campaigns, Environment, Idempotency, KeyName, MissingVariables, SystemKeys,
};

/// The stores this function is allowed, and no other.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) gate: Gate,
    pub(crate) campaigns: Campaigns,
    pub(crate) files: CampaignFiles,
    pub(crate) idempotency: Idempotency,
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
        let environment_ref = &mut environment;
        let keys = Arc::new(SystemKeys::new(aws, environment_ref, clock.clone()));
        let app = Self {
            gate: Gate::new(aws, environment_ref, clock.clone()),
            campaigns: Campaigns::new(aws, environment_ref),
            files: CampaignFiles::new(aws, environment_ref),
            idempotency: Idempotency::new(aws, environment_ref, keys, KeyName::LoginIndex),
            clock,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
