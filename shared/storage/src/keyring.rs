//! The spaces' keys in hand: unwrapped by KMS, held for minutes in the warm function,
//! bounded, erased from memory when they leave. A key is given only for the wrapped form
//! that was just read from its table: one that was destroyed or replaced there is not
//! given again. Must not know what the keys seal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use espace_crypto::SealingKey;
use espace_domain::{Clock, SpaceId};
use futures_util::future::try_join;
use jiff::Timestamp;

use crate::{Aws, Environment, SpaceKeyPurpose, SpaceKeys, StorageError};

/// Most unwrapped keys a function holds.
const HELD_KEYS_MAX: usize = 1_024;
/// How long an unwrapped key is held: what an erasure certificate waits for.
pub const KEY_HELD_FOR: Duration = Duration::from_mins(5);

/// The keys of spaces, as a function holds them.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: SpaceKeys,
    clock: Arc<dyn Clock>,
    held: Arc<Mutex<HashMap<Name, Held>>>,
}

type Name = (SpaceId, &'static str);

/// An unwrapped key.
#[derive(Debug)]
struct Held {
    wrapped: Vec<u8>,
    key: SealingKey,
    until: Timestamp,
}

impl Keyring {
    /// Holds keys of the table of `ESPACE_SPACE_KEYS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment, clock: Arc<dyn Clock>) -> Self {
        Self { keys: SpaceKeys::new(aws, environment), clock, held: Arc::default() }
    }

    /// Both keys of a space, at once: one that is not held waits for KMS once. On the heap:
    /// two calls of KMS side by side are too large to be laid out inline.
    pub async fn unwrap_both(
        &self,
        space_id: &SpaceId,
        content: &[u8],
        trace: &[u8],
    ) -> Result<(SealingKey, SealingKey), StorageError> {
        let content = Box::pin(self.unwrap(space_id, SpaceKeyPurpose::Content, content));
        let trace = Box::pin(self.unwrap(space_id, SpaceKeyPurpose::Trace, trace));
        try_join(content, trace).await
    }

    /// The key that `wrapped`, just read from the table, stands for.
    pub async fn unwrap(
        &self,
        space_id: &SpaceId,
        purpose: SpaceKeyPurpose,
        wrapped: &[u8],
    ) -> Result<SealingKey, StorageError> {
        let name = (space_id.clone(), purpose.name());
        let now = self.clock.now();
        {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = held.get(&name)
                && found.wrapped == wrapped
                && now < found.until
            {
                return Ok(found.key.clone());
            }
        }
        let key = self.keys.unwrap(space_id, purpose, wrapped.to_vec()).await?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD_KEYS_MAX {
            held.retain(|_, key| now < key.until);
        }
        if held.len() >= HELD_KEYS_MAX {
            // All are young: begin again rather than grow.
            held.clear();
        }
        let until = now.checked_add(KEY_HELD_FOR).unwrap_or(now);
        held.insert(name, Held { wrapped: wrapped.to_vec(), key: key.clone(), until });
        Ok(key)
    }
}
