//! Refused attempts on their way to the log. Every refusal makes this one call, whether
//! anything is there to be traced or not: a job finds that out, and answers nobody. What
//! it carries is sealed. Must not know why an attempt was refused.

use std::sync::Arc;

use espace_crypto::Place;
use espace_domain::{Random, SpaceId};
use serde::{Deserialize, Serialize};

use crate::sealing;
use crate::traces::TraceDraft;
use crate::{Aws, Environment, KeyName, Queue, StorageError, SystemKeys};

/// The queue of refused attempts.
#[derive(Debug, Clone)]
pub struct Refusals {
    queue: Queue,
    keys: Arc<SystemKeys>,
}

/// A refused attempt, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalMessage {
    /// The space that was asked for, there or not.
    pub space_id: SpaceId,
    trace: String,
}

impl Refusals {
    /// Uses the queue of `ESPACE_REFUSALS_QUEUE`.
    pub fn new(aws: &Aws, environment: &mut Environment, keys: Arc<SystemKeys>) -> Self {
        Self { queue: Queue::new(aws, environment, "ESPACE_REFUSALS_QUEUE"), keys }
    }

    /// Hands an attempt over.
    pub async fn send(
        &self,
        space_id: &SpaceId,
        draft: &TraceDraft,
        random: &dyn Random,
    ) -> Result<(), StorageError> {
        let key = self.keys.sealing(KeyName::Refusal).await?;
        let sealed = sealing::seal(&key, place(space_id), draft, random)?;
        let trace = data_encoding::BASE64.encode(&sealed);
        self.queue.send(&RefusalMessage { space_id: space_id.clone(), trace }).await
    }

    /// The trace that a message carries.
    pub async fn open(
        keys: &SystemKeys,
        message: &RefusalMessage,
    ) -> Result<TraceDraft, StorageError> {
        let corrupt = |_| StorageError::Corrupt { what: "refused attempt" };
        let sealed = data_encoding::BASE64.decode(message.trace.as_bytes()).map_err(corrupt)?;
        let key = keys.sealing(KeyName::Refusal).await?;
        sealing::open(&key, place(&message.space_id), &sealed)
    }
}

/// Where a trace on its way stands.
fn place(space_id: &SpaceId) -> Place<'_> {
    Place { table: "refusals", key: space_id.as_str(), attribute: "trace" }
}
