//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::{Arc, OnceLock};

use espace_domain::{Clock, PushServices, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Aws, Campaigns, Environment, Mailer, MissingVariables, Outbox, PushSubscriptions, Queue,
    SystemKeys, Texter,
};

use crate::push::Pusher;

/// The stores this job is allowed, and no other.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) outbox: Outbox,
    pub(crate) campaigns: Campaigns,
    pub(crate) mailer: Mailer,
    pub(crate) texter: Texter,
    pub(crate) pusher: Pusher,
    pub(crate) print_queue: Queue,
    /// The address people type in.
    pub(crate) site: String,
    /// The origin of the API, where a mail program asks for no more.
    pub(crate) origin: String,
}

impl App {
    /// Connects the stores. Nothing here is drawn at random; the argument keeps
    /// every function's start alike.
    pub fn new(
        aws: &Aws,
        mut environment: Environment,
        clock: Arc<dyn Clock>,
        _random: Arc<dyn Random>,
    ) -> Result<Self, MissingVariables> {
        let env = &mut environment;
        let keys = Arc::new(SystemKeys::new(aws, env, clock));
        let app = Self {
            settings: JobSettings::new("delivery", env),
            pusher: Pusher {
                subscriptions: PushSubscriptions::new(aws, env, keys.clone()),
                services: PushServices::parse(&env.required("ESPACE_PUSH_SERVICES")),
                contact: format!("mailto:{}", env.required("ESPACE_MAIL_FROM")),
                http: OnceLock::new(),
            },
            outbox: Outbox::new(aws, env, keys),
            campaigns: Campaigns::new(aws, env),
            mailer: Mailer::new(aws, env),
            texter: Texter::new(aws),
            print_queue: Queue::new(aws, env, "ESPACE_PRINT_QUEUE"),
            site: env.required("ESPACE_SITE"),
            origin: env.required("ESPACE_ISSUER"),
        };
        environment.finish()?;
        Ok(app)
    }
}
