//! Everything a decision rests on, read in one call: the session, the space with its keys,
//! what the holder chose about who asks. One transaction of reads: all of it is true at one
//! instant, so that a consent of before a withdrawal is never paired with the epoch of
//! after it. Must not know what is decided.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{Get, TransactGetItem};
use espace_domain::{DocumentId, SpaceId, ThreadId};
use jiff::Timestamp;

use crate::consents::{self, CHOICES};
use crate::documents::{self, ItemKind};
use crate::sessions::{SessionName, session_lasts};
use crate::space_item::SpaceItem;
use crate::spaces::key as space_key;
use crate::table::{Item, item, read, s};
use crate::{
    Aws, Environment, KnownMessage, KnownUnique, Representation, SealedChoice, SealedDocument,
    SealedThread, SealedUpload, Space, SpaceKeyPurpose, StorageError,
};
use crate::{messages, repetitions, uploads};

/// Tries of a reading that collides with a write.
const COLLISIONS_MAX: u32 = 30;
/// First wait after a collision, and the longest.
const COLLISION_WAIT_MS: u64 = 4;
const COLLISION_WAIT_MAX_MS: u64 = 120;

/// The tables that decisions rest on.
#[derive(Debug, Clone)]
pub struct AccessReads {
    client: Client,
    sessions: String,
    spaces: String,
    space_keys: String,
    consents: String,
    representations: String,
    throttles: String,
    /// Only functions that deal with documents are given it.
    documents: Option<String>,
    /// Only what deals with conversations is given it.
    messages: Option<String>,
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
    /// The document it is about.
    pub document: Option<&'a DocumentId>,
    /// Names that may lead to documents.
    pub uniques: &'a [String],
    /// The conversation it is about.
    pub thread: Option<&'a ThreadId>,
    /// The name that may lead to a message sent before.
    pub sent: Option<&'a str>,
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
    /// An agent; the name under which their help stands.
    Agent(&'a str),
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
    /// The help that an agent was let in for.
    pub assistance: Option<SealedChoice>,
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
    /// In what manner the same act was traced moments ago.
    pub repeated: Option<String>,
    /// The document.
    pub document: Option<SealedDocument>,
    /// The content on its way to be that document, or its next version.
    pub upload: Option<SealedUpload>,
    /// What the names lead to that lead to something.
    pub uniques: Vec<KnownUnique>,
    /// The conversation.
    pub thread: Option<SealedThread>,
    /// The message that was sent before.
    pub sent: Option<KnownMessage>,
}

impl AccessReads {
    /// Uses the tables of sessions, spaces, space keys, consents, representations and
    /// counters.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self {
            client: aws.dynamodb(),
            sessions: environment.required("ESPACE_SESSIONS_TABLE"),
            spaces: environment.required("ESPACE_SPACES_TABLE"),
            space_keys: environment.required("ESPACE_SPACE_KEYS_TABLE"),
            consents: environment.required("ESPACE_CONSENTS_TABLE"),
            representations: environment.required("ESPACE_REPRESENTATIONS_TABLE"),
            throttles: environment.required("ESPACE_THROTTLES_TABLE"),
            documents: environment.optional("ESPACE_DOCUMENTS_TABLE"),
            messages: environment.optional("ESPACE_MESSAGES_TABLE"),
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
            } else if let Asker::Agent(_) = asking.asker {
                seen.assistance = Some(choice);
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
        for stored in self.documents.as_ref().map(&mut take).unwrap_or_default() {
            match documents::kind_of(&stored) {
                ItemKind::Entry => seen.document = Some(read(stored)?),
                ItemKind::Upload => seen.upload = Some(read(stored)?),
                ItemKind::Unique => seen.uniques.push(read(stored)?),
            }
        }
        for stored in self.messages.as_ref().map(&mut take).unwrap_or_default() {
            if messages::is_thread(&stored) {
                seen.thread = Some(read(stored)?);
            } else {
                let known: KnownMessage = read(stored)?;
                seen.sent = Some(known).filter(|known| known.stands_at(now));
            }
        }
        if let Some(mark) = take(&self.throttles).into_iter().next() {
            seen.repeated = repetitions::standing_manner(mark, now)?;
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
            Asker::Agent(assistance) => {
                let entries = [assistance, CHOICES];
                chosen.extend(entries.map(|entry| consents::key(space_id, entry)));
            }
            Asker::Professional { tie, block, team } => {
                let entries = [Some(tie), Some(block), team, Some(CHOICES)];
                chosen.extend(
                    entries.into_iter().flatten().map(|entry| consents::key(space_id, entry)),
                );
            }
        }
        let marks = asking.repetition.map(repetitions::key);
        let mut about = Vec::new();
        about.extend(asking.document.map(|document| documents::entry_key(space_id, document)));
        about.extend(asking.document.map(|document| uploads::key(space_id, document)));
        about.extend(asking.uniques.iter().map(|name| documents::unique_key(space_id, name)));
        let mut said = Vec::new();
        said.extend(asking.thread.map(|thread| messages::thread_key(space_id, thread)));
        said.extend(asking.sent.map(|name| messages::sent_key(space_id, name)));
        HashMap::from([
            (self.documents.clone().unwrap_or_default(), about),
            (self.messages.clone().unwrap_or_default(), said),
            (self.sessions.clone(), asking.session.keys()),
            (self.spaces.clone(), spaces),
            (self.space_keys.clone(), keys),
            (self.consents.clone(), chosen),
            (self.representations.clone(), links),
            (self.throttles.clone(), marks.into_iter().collect()),
        ])
    }

    /// One transaction of reads; tried again where it collides with a write.
    async fn fetch(
        &self,
        keys: HashMap<String, Vec<Item>>,
    ) -> Result<HashMap<String, Vec<Item>>, StorageError> {
        let corrupt = |_| StorageError::Corrupt { what: "request" };
        let (mut tables, mut gets) = (Vec::new(), Vec::new());
        for (table, keys) in keys {
            for key in keys {
                let get = Get::builder().table_name(&table).set_key(Some(key));
                let get = get.build().map_err(corrupt)?;
                gets.push(TransactGetItem::builder().get(get).build());
                tables.push(table.clone());
            }
        }
        for attempt in 0..COLLISIONS_MAX {
            let sent = self
                .client
                .transact_get_items()
                .set_transact_items(Some(gets.clone()))
                .send()
                .await;
            let error = match sent {
                Ok(output) => {
                    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
                    let items = output.responses.unwrap_or_default();
                    for (table, item) in tables.iter().zip(items) {
                        found.entry(table.clone()).or_default().extend(item.item);
                    }
                    return Ok(found);
                }
                Err(error) => error,
            };
            let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
            if code != Some("TransactionCanceledException") {
                return Err(StorageError::call("dynamodb:TransactGetItems", error));
            }
            let wait_ms = (COLLISION_WAIT_MS << attempt.min(6)).min(COLLISION_WAIT_MAX_MS);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
        Err(StorageError::Contended { what: "what a decision rests on" })
    }
}
