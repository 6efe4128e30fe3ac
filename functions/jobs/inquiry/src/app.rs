//! What this job works with.
//!
//! Must not know: what is done with it.

use std::sync::Arc;

use espace_domain::{Clock, Random};
use espace_jobs::JobSettings;
use espace_storage::{
    Aws, Environment, Inquiries, InquiryFiles, MissingVariables, Relations, SpaceKeys, SystemKeys,
    Traces,
};

/// The stores this job is allowed, and no other: traces and their keys, no content.
#[derive(Debug, Clone)]
pub struct App {
    /// What the template says.
    pub settings: JobSettings,
    pub(crate) inquiries: Inquiries,
    pub(crate) files: InquiryFiles,
    pub(crate) traces: Traces,
    pub(crate) space_keys: SpaceKeys,
    pub(crate) relations: Relations,
}

impl App {
    /// Connects the stores. Nothing here is drawn at random; the argument keeps every
    /// function's start alike.
    pub fn new(
        aws: &Aws,
        mut environment: Environment,
        clock: Arc<dyn Clock>,
        _random: Arc<dyn Random>,
    ) -> Result<Self, MissingVariables> {
        let env = &mut environment;
        let keys = Arc::new(SystemKeys::new(aws, env, clock));
        let app = Self {
            settings: JobSettings::new("inquiry", env),
            inquiries: Inquiries::new(aws, env, keys.clone()),
            files: InquiryFiles::new(aws, env),
            traces: Traces::new(aws, env),
            space_keys: SpaceKeys::new(aws, env),
            relations: Relations::new(keys),
        };
        environment.finish()?;
        Ok(app)
    }
}
