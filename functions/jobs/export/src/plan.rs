//! What is to be in an archive, and under which names: decided once, before the first byte.
//!
//! Must not know: how it is written.

use espace_archive::{KeptVersion, Owner, Paths};
use espace_domain::decision::{
    Action, Chain, DocumentFacts, Party, PartyKind, Situation, SpaceStanding, decide,
};
use espace_domain::{MatrixGroup, Thread, ThreadId, paris_date};
use espace_jobs::JobError;
use espace_storage::{Author, Document, PastVersion};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::make::Making;

/// Documents and conversations asked for at once.
const PAGE: i32 = 100;
/// Traces of one file of the log: as many as a part of the log that is downloaded has.
pub(crate) const LOG_TRACES: u64 = 2_000;

/// What is to be in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) made_at: Timestamp,
    pub(crate) versions: Vec<PlannedVersion>,
    pub(crate) conversations: Vec<PlannedConversation>,
    pub(crate) log: Vec<PlannedLog>,
    /// What is written, in order.
    pub(crate) steps: Vec<Step>,
}

/// A version of a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlannedVersion {
    pub(crate) kept: KeptVersion,
    pub(crate) object: String,
    pub(crate) content_key: Vec<u8>,
}

/// A conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlannedConversation {
    pub(crate) thread_id: ThreadId,
    /// As it was when the archive was planned: later messages are not in it.
    pub(crate) thread: Thread,
    pub(crate) text: String,
}

/// A file of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlannedLog {
    pub(crate) chain: Chain,
    pub(crate) part: u64,
    pub(crate) parts: u64,
    /// The last trace that is in the log, and its hash.
    pub(crate) last: u64,
    pub(crate) hash: String,
    /// Where it is in words.
    pub(crate) words: String,
    /// Where it is as it is verified.
    pub(crate) path: String,
}

/// One thing to be written.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Step {
    Version(usize),
    Conversation(usize),
    Log(usize),
    LogHelp,
    Bundle,
    Whole,
    Page,
    Manifest,
}

/// Plans an archive.
pub(crate) async fn plan(making: &Making<'_>, made_at: Timestamp) -> Result<Plan, JobError> {
    let mut paths = Paths::default();
    let versions = versions(making, &mut paths).await?;
    let mut steps = Vec::new();
    // What the law leaves to heirs is what was written of the dead, not what they wrote, nor
    // who read it.
    let is_heirs = making.party == Party::Heir;
    let conversations =
        if is_heirs { Vec::new() } else { conversations(making, &mut paths).await? };
    let log = if is_heirs { Vec::new() } else { log(making) };
    steps.extend((0..versions.len()).map(Step::Version));
    steps.extend((0..conversations.len()).map(Step::Conversation));
    steps.extend((0..log.len()).map(Step::Log));
    // The manifest last: it lists what was written.
    if !is_heirs {
        steps.push(Step::LogHelp);
    }
    steps.push(Step::Bundle);
    if !is_heirs {
        steps.push(Step::Whole);
    }
    steps.extend([Step::Page, Step::Manifest]);
    Ok(Plan { made_at, versions, conversations, log, steps })
}

/// Every version of every document that the person may see.
async fn versions(making: &Making<'_>, paths: &mut Paths) -> Result<Vec<PlannedVersion>, JobError> {
    let mut planned = Vec::new();
    let (mut after, mut more) = (None, true);
    while more {
        let (found, goes_on) = making
            .app
            .documents
            .newest(making.space_id(), after.as_ref(), PAGE, &making.key)
            .await?;
        more = goes_on;
        for document in found {
            after = Some(document.document_id.clone());
            if is_visible(making.party, &document) {
                let now = document.details.as_past();
                let since = making.care_since;
                let all = document.details.history.iter().chain([&now]);
                let wanted =
                    |version: &&PastVersion| since.is_none_or(|since| version.event_date >= since);
                for version in all.filter(wanted) {
                    planned.push(of_version(&document, version, paths));
                }
            }
        }
    }
    Ok(planned)
}

fn of_version(document: &Document, version: &PastVersion, paths: &mut Paths) -> PlannedVersion {
    let details = &document.details;
    let kind = details.document_type;
    let is_past = version.version != details.version;
    let name = format!("{} {}", version.event_date, version.title);
    let name = if is_past { format!("{name} (version {})", version.version) } else { name };
    let folders = ["documents", kind.category_label()];
    let path = paths.give(&folders, &name, &version.extension);
    let kept = KeptVersion {
        document_id: document.document_id.clone(),
        version: version.version,
        is_past,
        document_type: kind,
        title: version.title.clone(),
        event_date: version.event_date,
        comment: version.comment.clone(),
        content_type: version.content_type.clone(),
        extension: version.extension.clone(),
        size: version.size,
        sha256: version.sha256.clone(),
        author: in_words(&version.author),
        added_at: version.added_at,
        path,
    };
    let (object, content_key) = (version.object.clone(), version.content_key.clone());
    PlannedVersion { kept, object, content_key }
}

/// Whether the person may see a document, as when they list them. Whether the space is open or
/// closed changes nothing of it.
fn is_visible(party: Party, document: &Document) -> bool {
    let own_side =
        [PartyKind::Holder, PartyKind::Representative, PartyKind::Caregiver, PartyKind::Mandated];
    let details = &document.details;
    let is_own = own_side.iter().any(|kind| kind.name() == details.author.kind);
    let facts = DocumentFacts {
        document_type: details.document_type,
        labels: details.labels(),
        authored: is_own,
        from_own_side: is_own,
        rule: None,
    };
    let (action, standing) = match party {
        Party::Heir => (Action::LeaveToHeir, SpaceStanding::Deceased),
        _ => (Action::ReadDocument, SpaceStanding::Active),
    };
    let situation = Situation { document: Some(facts), ..Situation::of_space(standing) };
    decide(party, action, &situation).is_allowed()
}

/// The conversations that the person may see.
async fn conversations(
    making: &Making<'_>,
    paths: &mut Paths,
) -> Result<Vec<PlannedConversation>, JobError> {
    let mut planned = Vec::new();
    let (mut after, mut more) = (None, true);
    while more {
        let (found, goes_on) = making
            .app
            .messages
            .recent(making.space_id(), after.as_ref(), PAGE, &making.key)
            .await?;
        more = goes_on;
        for stored in found {
            after = Some(stored.after());
            let situation = Situation {
                thread: Some(stored.thread.facts(false)),
                ..Situation::of_space(SpaceStanding::Active)
            };
            if !decide(making.party, Action::ReadThread, &situation).is_allowed() {
                continue;
            }
            let subject = stored.thread.subject.clone();
            let day = paris_date(stored.thread.last_message_at);
            let text = paths.give(&["messages"], &format!("{day} {subject}"), "txt");
            let (thread_id, thread) = (stored.thread_id, stored.thread);
            planned.push(PlannedConversation { thread_id, thread, text });
        }
    }
    Ok(planned)
}

/// The files of the log: the chains that are wholly the person's to see.
fn log(making: &Making<'_>) -> Vec<PlannedLog> {
    let shown = |chain: &Chain| chain.is_shown_to(making.party) && !chain.is_pending();
    let mut planned = Vec::new();
    for chain in Chain::ALL.into_iter().filter(shown) {
        let head = making.space.heads().of(chain);
        let (last, hash) = (head.sequence, head.hash.to_hex());
        let parts = last.div_ceil(LOG_TRACES);
        for part in 1..=parts {
            let path = format!("{}/{}-{part:03}", espace_archive::LOG, chain.name());
            let (words, path) = (format!("{path}.txt"), format!("{path}.ndjson"));
            let hash = hash.clone();
            planned.push(PlannedLog { chain, part, parts, last, hash, words, path });
        }
    }
    planned
}

/// Who deposited it, as a person reads it.
fn in_words(author: &Author) -> String {
    let profession = author.profession.as_deref().and_then(MatrixGroup::profession_display);
    match (author.kind.as_str(), &author.name, profession) {
        (_, Some(name), Some(profession)) => format!("{name}, {profession}"),
        ("holder", ..) => "moi".to_owned(),
        (_, Some(name), None) => name.clone(),
        ("insurer", ..) => "Assurance maladie".to_owned(),
        ("representative", ..) => "mon représentant".to_owned(),
        ("caregiver", ..) => "mon aidant".to_owned(),
        _ => "un professionnel".to_owned(),
    }
}

impl PlannedConversation {
    /// Where its messages and files are.
    pub(crate) fn folder(&self) -> &str {
        self.text.strip_suffix(".txt").unwrap_or(&self.text)
    }
}

impl Plan {
    /// The documents, as the archive's page and data tell of them.
    pub(crate) fn documents(&self) -> Vec<KeptVersion> {
        self.versions.iter().map(|version| version.kept.clone()).collect()
    }

    /// Whose archive it is.
    pub(crate) fn owner(&self, making: &Making<'_>) -> Owner {
        Owner {
            traits: making.holder.traits.clone(),
            matricule: making.holder.matricule.clone(),
            made_at: self.made_at,
        }
    }
}
