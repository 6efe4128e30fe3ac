//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::transitions::FeedStores;
use espace_storage::{
    Aws, CampaignFiles, Campaigns, Contacts, Environment, MissingVariables, Outbox, Queue,
    Registry, Representations, Sessions, SpaceKeys, Spaces, SystemKeys,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) stores: FeedStores,
    pub(crate) campaigns: Campaigns,
    pub(crate) files: CampaignFiles,
    pub(crate) queue: Queue,
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
            settings: JobSettings::new("campaign-intake", env),
            stores: FeedStores {
                registry: Registry::new(aws, env, keys.clone()),
                space_keys: SpaceKeys::new(aws, env),
                spaces: Spaces::new(aws, env),
                contacts: Contacts::new(aws, env),
                representations: Representations::new(aws, env),
                sessions: Sessions::new(aws, env),
                outbox: Outbox::new(aws, env, keys),
            },
            campaigns: Campaigns::new(aws, env),
            files: CampaignFiles::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_INTAKE_QUEUE"),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
