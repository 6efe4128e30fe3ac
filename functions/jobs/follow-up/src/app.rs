//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Aws, Consents, Contacts, Digests, Environment, FollowUps, Mails, Messages, MissingVariables,
    Outbox, ProfessionalNotices, PushSubscriptions, Relations, Repetitions, Reviews, SpaceKeys,
    Spaces, SystemKeys, Traces, Unsubscriptions,
};

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) follow_ups: FollowUps,
    pub(crate) spaces: Spaces,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) traces: Traces,
    pub(crate) consents: Consents,
    pub(crate) contacts: Contacts,
    pub(crate) repetitions: Repetitions,
    pub(crate) reviews: Reviews,
    pub(crate) notices: ProfessionalNotices,
    pub(crate) relations: Relations,
    pub(crate) outbox: Outbox,
    pub(crate) digests: Digests,
    pub(crate) pushes: PushSubscriptions,
    pub(crate) messages: Messages,
    pub(crate) mails: Mails,
    pub(crate) unsubscriptions: Unsubscriptions,
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
            settings: JobSettings::new("follow-up", env),
            follow_ups: FollowUps::new(aws, env),
            spaces: Spaces::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            traces: Traces::new(aws, env),
            consents: Consents::new(aws, env),
            contacts: Contacts::new(aws, env),
            repetitions: Repetitions::new(aws, env),
            reviews: Reviews::new(aws, env, keys.clone()),
            notices: ProfessionalNotices::new(aws, env),
            relations: Relations::new(keys.clone()),
            digests: Digests::new(aws, env),
            pushes: PushSubscriptions::new(aws, env, keys.clone()),
            messages: Messages::new(aws, env),
            mails: Mails::new(aws, env),
            unsubscriptions: Unsubscriptions::new(keys.clone()),
            outbox: Outbox::new(aws, env, keys),
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
