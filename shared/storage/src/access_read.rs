//! Everything a decision rests on, read consistently in one call: the session, the
//! space with its keys, what the holder chose about who asks. Must not know what is
//! decided.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use espace_domain::SpaceId;
use jiff::Timestamp;

use crate::consents::{self, CHOICES};
use crate::sessions::{SessionName, session_lasts};
use crate::spaces::{SpaceItem, key as space_key};
use crate::table::{Item, item, read, s};
use crate::traces::Traces;
use crate::{Aws, Environment, Representation, SealedChoice, Space, SpaceKeyPurpose, StorageError};

/// Tries of what the cloud left unread.
const UNREAD_TRIES_MAX: u32 = 3;

/// The tables that decisions rest on.
#[derive(Debug, Clone)]
pub struct AccessReads {
    client: Client,
    sessions: String,
    spaces: String,
    space_keys: String,
    consents: String,
    representations: String,
    traces: String,
}

/// What is asked.
#[derive(Debug)]
pub struct Asking<'a> {
    /// The session of who asks.
    pub session: SessionName<'a>,
    /// The space it is about.
    pub space_id: &'a SpaceId,
    /// Who asks.
    pub asker: Asker<'a>,
    /// The name of the act, where a repetition leaves no new trace.
    pub repetition: Option<&'a str>,
}

/// Who asks, by what must be read of them.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// A citizen; their own space.
    Citizen(&'a SpaceId),
    /// A professional; the names they stand under.
    Professional {
        /// Their tie.
        tie: &'a str,
        /// Their block.
        block: &'a str,
        /// Their structure's team.
        team: Option<&'a str>,
    },
    /// Anyone else.
    Other,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Seen {
    /// Whether the session lasts.
    pub session_lasts: bool,
    /// The space.
    pub space: Option<Space>,
    /// Its wrapped content key.
    pub content_key: Option<Vec<u8>>,
    /// Its wrapped trace key.
    pub trace_key: Option<Vec<u8>>,
    /// What the holder and the professional are to each other.
    pub tie: Option<SealedChoice>,
    /// Whether the holder blocked the professional.
    pub blocked: bool,
    /// The team of their structure.
    pub team: Option<SealedChoice>,
    /// What the holder chose about emergencies.
    pub choices: Option<SealedChoice>,
    /// The citizen's own space, where it is another.
    pub own_space: Option<Space>,
    /// The wrapped content key of the citizen's own space.
    pub own_content_key: Option<Vec<u8>>,
    /// The link by which a citizen acts for the holder.
    pub representation: Option<Representation>,
    /// Whether the same act was traced moments ago.
    pub repeated: bool,
}

impl AccessReads {
    /// Uses the tables of sessions, spaces, space keys, consents, representations and
    /// traces.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self {
            client: aws.dynamodb(),
            sessions: environment.required("ESPACE_SESSIONS_TABLE"),
            spaces: environment.required("ESPACE_SPACES_TABLE"),
            space_keys: environment.required("ESPACE_SPACE_KEYS_TABLE"),
            consents: environment.required("ESPACE_CONSENTS_TABLE"),
            representations: environment.required("ESPACE_REPRESENTATIONS_TABLE"),
            traces: environment.required("ESPACE_TRACES_TABLE"),
        }
    }

    /// Reads it all in one call.
    pub async fn read(&self, asking: &Asking<'_>, now: Timestamp) -> Result<Seen, StorageError> {
        let mut found = self.fetch(self.keys(asking)).await?;
        let mut take = |table: &String| found.remove(table).unwrap_or_default();
        let mut seen = Seen {
            session_lasts: session_lasts(&asking.session, take(&self.sessions), now)?,
            ..Seen::default()
        };
        for stored in take(&self.spaces) {
            let space = Space::try_from(read::<SpaceItem>(stored)?)?;
            if space.space_id == *asking.space_id {
                seen.space = Some(space);
            } else {
                seen.own_space = Some(space);
            }
        }
        for stored in take(&self.space_keys) {
            let is_own = stored.get("spaceId") != Some(&s(asking.space_id.as_str()));
            let key: crate::space_keys::KeyItem = read(stored)?;
            match key.purpose {
                SpaceKeyPurpose::Content if is_own => seen.own_content_key = Some(key.wrapped),
                SpaceKeyPurpose::Content => seen.content_key = Some(key.wrapped),
                SpaceKeyPurpose::Trace => seen.trace_key = Some(key.wrapped),
            }
        }
        for stored in take(&self.consents) {
            let choice: SealedChoice = read(stored)?;
            if choice.entry == CHOICES {
                seen.choices = Some(choice);
            } else if let Asker::Professional { tie, block, .. } = asking.asker {
                if choice.entry == tie {
                    seen.tie = Some(choice);
                } else if choice.entry == block {
                    seen.blocked = true;
                } else {
                    seen.team = Some(choice);
                }
            }
        }
        seen.representation =
            take(&self.representations).into_iter().next().map(read).transpose()?;
        if let Some(mark) = take(&self.traces).into_iter().next() {
            seen.repeated = Traces::mark_stands(mark, now)?;
        }
        Ok(seen)
    }

    /// The keys, by table.
    fn keys(&self, asking: &Asking<'_>) -> HashMap<String, Vec<Item>> {
        let space_id = asking.space_id;
        let wrapped = |space: &SpaceId, purpose: SpaceKeyPurpose| {
            item([("spaceId", s(space.as_str())), ("purpose", s(purpose.name()))])
        };
        let mut spaces = vec![space_key(space_id)];
        let mut keys = vec![
            wrapped(space_id, SpaceKeyPurpose::Content),
            wrapped(space_id, SpaceKeyPurpose::Trace),
        ];
        let mut chosen = Vec::new();
        let mut links = Vec::new();
        match asking.asker {
            Asker::Citizen(own) if own != space_id => {
                spaces.push(space_key(own));
                keys.push(wrapped(own, SpaceKeyPurpose::Content));
                links.push(crate::representations::key(own, space_id));
            }
            Asker::Citizen(_) | Asker::Other => {}
            Asker::Professional { tie, block, team } => {
                let entries = [Some(tie), Some(block), team, Some(CHOICES)];
                chosen.extend(
                    entries.into_iter().flatten().map(|entry| consents::key(space_id, entry)),
                );
            }
        }
        let marks = asking.repetition.map(|name| Traces::repetition_key(space_id, name));
        HashMap::from([
            (self.sessions.clone(), asking.session.keys()),
            (self.spaces.clone(), spaces),
            (self.space_keys.clone(), keys),
            (self.consents.clone(), chosen),
            (self.representations.clone(), links),
            (self.traces.clone(), marks.into_iter().collect()),
        ])
    }

    /// One call; what the cloud leaves unread for want of capacity is asked for again.
    async fn fetch(
        &self,
        keys: HashMap<String, Vec<Item>>,
    ) -> Result<HashMap<String, Vec<Item>>, StorageError> {
        let mut wanted = HashMap::new();
        for (table, keys) in keys {
            if keys.is_empty() {
                continue;
            }
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|_| StorageError::Corrupt { what: "request" })?;
            wanted.insert(table, keys);
        }
        let mut found: HashMap<String, Vec<Item>> = HashMap::new();
        for _ in 0..UNREAD_TRIES_MAX {
            let output = self
                .client
                .batch_get_item()
                .set_request_items(Some(wanted))
                .send()
                .await
                .map_err(|e| StorageError::call("dynamodb:BatchGetItem", e))?;
            for (table, items) in output.responses.unwrap_or_default() {
                found.entry(table).or_default().extend(items);
            }
            match output.unprocessed_keys {
                Some(left) if !left.is_empty() => wanted = left,
                _ => return Ok(found),
            }
        }
        Err(StorageError::Throttled { operation: "dynamodb:BatchGetItem" })
    }
}
