//! What this function works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use axum::extract::FromRef;
use espace_domain::{Clock, Random};
use espace_http::Gate;
use espace_storage::{
    Aws, Environment, Inquiries, InquiryFiles, MissingVariables, Queue, SupportActs, SystemKeys,
};

/// The stores this function is allowed, and no other: no trace, no space, no key of either.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    pub(crate) gate: Gate,
    pub(crate) inquiries: Inquiries,
    pub(crate) files: InquiryFiles,
    pub(crate) acts: SupportActs,
    pub(crate) queue: Queue,
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
        let env = &mut environment;
        let keys = Arc::new(SystemKeys::new(aws, env, clock.clone()));
        let app = Self {
            gate: Gate::new(aws, env, clock.clone()),
            inquiries: Inquiries::new(aws, env, keys),
            files: InquiryFiles::new(aws, env),
            acts: SupportActs::new(aws, env),
            queue: Queue::new(aws, env, "ESPACE_INQUIRY_QUEUE"),
            clock,
            random,
        };
        environment.finish()?;
        Ok(app)
    }
}
