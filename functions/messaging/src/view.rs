//! Conversations as the API shows them, each to its viewer.
//!
//! Must not know: how they are stored.

use std::collections::HashMap;

use espace_access::{Permit, Visit};
use espace_domain::decision::{Action, Situation, decide};
use espace_domain::{
    Actor, Attachment, Correspondent, DocumentId, MatrixGroup, Message, MessageAuthor, MessageId,
    Side, Thread, ThreadId,
};
use espace_http::Problem;
use espace_storage::{Document, PastVersion, StoredThread};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// A conversation without its messages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadView {
    #[schema(value_type = String)]
    thread_id: ThreadId,
    subject: String,
    /// `open`: it may be answered. `closed`.
    state: &'static str,
    /// Messages of the other side that the caller has not read.
    unread: u32,
    messages_count: u32,
    last_message_at: Timestamp,
    /// Whether the caller put it away.
    archived: bool,
    /// `INVISIBLE_REPRESENTANTS_LEGAUX`: for the holder alone of the person's side.
    visibility: Vec<&'static str>,
    /// The structure whose professionals all take part.
    structure: Option<String>,
    correspondents: Vec<CorrespondentView>,
}

/// A professional who takes part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CorrespondentView {
    rpps: String,
    name: Option<String>,
    profession: Option<String>,
    /// The profession in French.
    profession_name: Option<&'static str>,
}

/// Of whose space a conversation is, for the professionals in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PatientView {
    first_name: String,
    last_name: String,
    #[schema(value_type = String)]
    birth_date: Date,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageView {
    #[schema(value_type = String)]
    message_id: MessageId,
    /// Its number in the conversation, the same for all.
    number: u32,
    /// `patient` or `care`.
    #[schema(value_type = String)]
    side: Side,
    author: WriterView,
    at: Timestamp,
    body: String,
    attachments: Vec<AttachmentView>,
    /// When someone of the other side had read it.
    read_at: Option<Timestamp>,
    /// Whether it came by secure mail.
    by_mail: bool,
}

/// Who wrote it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WriterView {
    /// `holder`; `representative` and `caregiver`, who wrote for them; `professional`.
    kind: String,
    /// A professional's RPPS number.
    id: Option<String>,
    name: Option<String>,
    profession: Option<String>,
    /// The profession in French.
    profession_name: Option<&'static str>,
    structure: Option<String>,
}

/// What is joined to a message. A document that is gone, or hidden from the caller, is not
/// there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachmentView {
    /// Its place, from 1, by which it is read.
    position: u32,
    /// `document`: one of the space. `file`: it came by mail, and can be filed. `refused`: it
    /// came by mail, of a kind that is not kept.
    kind: &'static str,
    /// Which document, where it is one.
    #[schema(value_type = Option<String>)]
    document_id: Option<DocumentId>,
    title: String,
    content_type: Option<String>,
    size: Option<u64>,
}

/// Under which name a visitor's readings are kept, and on which side they are.
pub(crate) fn reader(visit: &Visit, permit: Permit, thread: &Thread) -> (String, Side) {
    match &visit.claims.actor {
        Actor::Professional { rpps, .. } => (thread.care_reader(rpps), Side::Care),
        _ => (Thread::patient_reader(visit.party, own(visit, permit).as_deref()), Side::Patient),
    }
}

/// The name under which a visitor's own drafts are kept: nobody else's, not the team's.
pub(crate) fn writer(visit: &Visit, permit: Permit) -> String {
    match &visit.claims.actor {
        Actor::Professional { rpps, .. } => format!("care.{rpps}"),
        _ => Thread::patient_reader(visit.party, own(visit, permit).as_deref()),
    }
}

/// The own space of who acts for the holder.
fn own(visit: &Visit, permit: Permit) -> Option<String> {
    let opened = visit.opened(&permit).ok()?;
    opened.own.as_ref().map(|own| own.space.space_id.as_str().to_owned())
}

impl ThreadView {
    /// A conversation as a visitor sees it.
    pub(crate) fn of((visit, permit): (&Visit, &Permit), stored: &StoredThread) -> Self {
        let thread = &stored.thread;
        let (reader, side) = reader(visit, *permit, thread);
        Self {
            thread_id: stored.thread_id.clone(),
            subject: thread.subject.clone(),
            state: thread.state.name(),
            unread: thread.unread(&reader, side),
            messages_count: thread.messages(),
            last_message_at: thread.last_message_at,
            archived: thread.is_archived_by(&reader),
            visibility: thread
                .secret
                .then_some("INVISIBLE_REPRESENTANTS_LEGAUX")
                .into_iter()
                .collect(),
            structure: thread.structure.clone(),
            correspondents: thread.correspondents.iter().map(CorrespondentView::of).collect(),
        }
    }
}

impl CorrespondentView {
    fn of(known: &Correspondent) -> Self {
        Self {
            rpps: known.rpps.clone(),
            name: known.name.clone(),
            profession: known.profession.clone(),
            profession_name: known.profession.as_deref().and_then(MatrixGroup::profession_display),
        }
    }
}

impl PatientView {
    /// The holder, to a professional; nobody needs it on the holder's side.
    pub(crate) fn of(visit: &Visit, permit: Permit) -> Option<Self> {
        let holder = &visit.opened(&permit).ok()?.holder;
        matches!(visit.claims.actor, Actor::Professional { .. }).then(|| Self {
            first_name: holder.first_name().to_owned(),
            last_name: holder.last_name().to_owned(),
            birth_date: holder.birth_date,
        })
    }
}

/// Messages as a visitor sees them, their documents read at once.
pub(crate) async fn messages(
    app: &App,
    (visit, permit): (&Visit, &Permit),
    thread: &Thread,
    found: Vec<Message>,
) -> Result<Vec<MessageView>, Problem> {
    let mut named: Vec<DocumentId> = found.iter().flat_map(documents_of).cloned().collect();
    named.sort_unstable();
    named.dedup();
    let key = &visit.opened(permit)?.content_key;
    let documents = app.documents.find_some(&visit.space_id, &named, key).await?;
    let documents: HashMap<_, _> =
        documents.into_iter().map(|found| (found.document_id.clone(), found)).collect();
    let view = |message: Message| {
        let attachments = message.attachments.iter().zip(1..);
        let attachments = attachments.filter_map(|(joined, position)| match joined {
            Attachment::Document { document_id, version } => {
                let document = documents.get(document_id)?;
                let sent = document.details.version(*version)?;
                let is_shown = is_shown(visit, thread, document);
                is_shown.then(|| AttachmentView::of(position, document_id.clone(), sent))
            }
            Attachment::File(file) => Some(AttachmentView {
                position,
                kind: "file",
                document_id: None,
                title: file.name.clone(),
                content_type: Some(file.content_type.clone()),
                size: Some(file.size),
            }),
            Attachment::Refused { name } => Some(AttachmentView {
                position,
                kind: "refused",
                document_id: None,
                title: name.clone(),
                content_type: None,
                size: None,
            }),
        });
        MessageView {
            attachments: attachments.collect(),
            read_at: thread.read_at(message.number, message.side),
            message_id: message.message_id,
            number: message.number,
            side: message.side,
            author: WriterView::from(message.author),
            at: message.at,
            body: message.body,
            by_mail: message.mail.is_some(),
        }
    };
    Ok(found.into_iter().map(view).collect())
}

/// Whether a document joined to a conversation is shown to a visitor.
fn is_shown(visit: &Visit, thread: &Thread, document: &Document) -> bool {
    let situation = Situation {
        document: Some(visit.facts(document)),
        thread: Some(visit.thread_facts(thread)),
        ..visit.situation
    };
    decide(visit.party, Action::ReadAttachment, &situation).is_allowed()
}

/// The documents joined to a message.
fn documents_of(message: &Message) -> impl Iterator<Item = &DocumentId> {
    message.attachments.iter().filter_map(|joined| match joined {
        Attachment::Document { document_id, .. } => Some(document_id),
        Attachment::File(_) | Attachment::Refused { .. } => None,
    })
}

impl AttachmentView {
    fn of(position: u32, document_id: DocumentId, sent: PastVersion) -> Self {
        Self {
            position,
            kind: "document",
            document_id: Some(document_id),
            title: sent.title,
            content_type: Some(sent.content_type),
            size: Some(sent.size),
        }
    }
}

impl From<MessageAuthor> for WriterView {
    fn from(author: MessageAuthor) -> Self {
        let MessageAuthor { kind, id, name, profession, structure } = author;
        let profession_name = profession.as_deref().and_then(MatrixGroup::profession_display);
        Self { kind, id, name, profession, profession_name, structure }
    }
}
