//! What each file of an archive says.
//!
//! Must not know: how it is written.

use std::collections::{HashMap, HashSet};

use data_encoding::HEXLOWER;
use espace_archive::{
    Conversation, ListedFile, Manifest, Page, bundle as fhir, mail_of, page as html, text_of,
};
use espace_crypto::{ContentPlace, MacPurpose};
use espace_domain::decision::Party;
use espace_domain::{Attachment, DocumentId, Message, PARIS, ReceivedFile, Trace};
use espace_jobs::JobError;
use espace_notifications::log_sentence;
use espace_storage::{AccessLogFile, Choice, KeyName, StoredContent};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::make::Making;
use crate::plan::{LOG_TRACES, Plan, PlannedConversation, PlannedLog, PlannedVersion};
use crate::writer::Writer;

/// Messages and traces asked for at once.
const PAGE: i32 = 200;
/// The version under which files of mails are sealed.
const FILE_VERSION: u32 = 1;
/// How the log is verified, in words.
pub(crate) const LOG_HELP_TEXT: &str = "\
Comment vérifier le journal des accès

Chaque ligne d’un fichier .ndjson, après la première, est une trace : son numéro (sequence), son
texte (content), son empreinte (hash) et celle de la trace d’avant (previousHash). L’empreinte d’une
trace se calcule à partir de la précédente : si une ligne manquait ou avait été changée, la suite ne
correspondrait plus. La première ligne dit jusqu’où va la chaîne (head).

Le calcul, octet par octet, et un programme qui le fait (« verify-log ») sont publiés avec le service :
docs/access-log.md. Une empreinte de toutes les chaînes est déposée chaque jour là où personne ne peut
la changer ; l’espace la montre dans « Qui a consulté mon espace ».
";

/// A version's content in the vault.
pub(crate) fn content_of<'a>(
    making: &'a Making<'_>,
    version: &'a PlannedVersion,
) -> StoredContent<'a> {
    StoredContent {
        place: ContentPlace {
            space: making.space_id().as_str(),
            document: version.kept.document_id.as_str(),
            version: version.kept.version,
        },
        object: &version.object,
        content_key: &version.content_key,
        size: version.kept.size,
    }
}

/// The messages of a conversation, as many as it had when the archive was planned.
async fn read(
    making: &Making<'_>,
    planned: &PlannedConversation,
) -> Result<Vec<Message>, JobError> {
    let (app, space) = (making.app, making.space_id());
    let count = planned.thread.messages();
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |message| message.number);
        let (found, more) =
            app.messages.messages(space, &planned.thread_id, after, PAGE, &making.key).await?;
        messages.extend(found.into_iter().filter(|message| message.number <= count));
        let is_over = messages.last().is_some_and(|message| message.number >= count);
        if !more || is_over {
            return Ok(messages);
        }
    }
}

/// Where what is joined to messages is in the archive.
fn joined(plan: &Plan) -> HashMap<(DocumentId, u32), String> {
    let versions = plan.versions.iter().map(|version| &version.kept);
    versions.map(|v| ((v.document_id.clone(), v.version), v.path.clone())).collect()
}

/// Writes a conversation: the files that came with it, the text, each message as a mail.
pub(crate) async fn conversation(
    making: &Making<'_>,
    plan: &Plan,
    index: usize,
    writer: &mut Writer<'_>,
) -> Result<(), JobError> {
    let Some(planned) = plan.conversations.get(index) else { return Ok(()) };
    let messages = read(making, planned).await?;
    let folder = planned.folder();
    let mut joined = joined(plan);
    for message in &messages {
        for (file, path) in files_of(planned, message) {
            let content = StoredContent {
                place: ContentPlace {
                    space: making.space_id().as_str(),
                    document: file.file_id.as_str(),
                    version: FILE_VERSION,
                },
                object: &file.object,
                content_key: &file.content_key,
                size: file.size,
            };
            writer.content(&path, &content, &file.sha256, message.at).await?;
            joined.insert((file.file_id.clone(), 0), path);
        }
    }
    let name = planned.thread_id.as_str();
    let whole =
        Conversation { thread: &planned.thread, name, messages: &messages, joined: &joined };
    let at = planned.thread.last_message_at;
    writer.file(&planned.text, text_of(&whole).as_bytes(), at).await?;
    for message in &messages {
        let path = format!("{folder}/{:04}.eml", message.number);
        writer.file(&path, &mail_of(&whole, message), message.at).await?;
    }
    Ok(())
}

/// The files that came with a message by mail, and where each is.
fn files_of<'a>(
    planned: &PlannedConversation,
    message: &'a Message,
) -> Vec<(&'a ReceivedFile, String)> {
    let mut files = Vec::new();
    for (index, attachment) in message.attachments.iter().enumerate() {
        if let Attachment::File(file) = attachment {
            let (folder, number) = (planned.folder(), message.number);
            let path = format!("{folder}/{number:04}-{}.{}", index + 1, file.extension);
            files.push((file, path));
        }
    }
    files
}

/// Writes a part of the log: in words, and in the form that is verified
/// (`docs/access-log.md`).
pub(crate) async fn log(
    making: &Making<'_>,
    (plan, log): (&Plan, &PlannedLog),
    writer: &mut Writer<'_>,
) -> Result<(), JobError> {
    let traces = &making.app.traces;
    let at = plan.made_at;
    let first = (log.part - 1) * LOG_TRACES + 1;
    let last = (log.part * LOG_TRACES).min(log.last);
    let file = AccessLogFile {
        space_id: making.space_id(),
        chain: log.chain,
        part: (log.part, log.parts),
        at,
        head: (log.last, &log.hash),
    };
    let head = file.first_line();
    let (mut lines, mut words) = (format!("{head}\n"), String::new());
    let mut from = Some(first).filter(|first| *first <= last);
    while let Some(start) = from {
        let key = &making.trace_key;
        let (found, next) = traces.oldest(making.space_id(), log.chain, start, PAGE, key).await?;
        for trace in found.iter().filter(|trace| trace.head.sequence <= last) {
            let line = AccessLogFile::line(trace);
            lines.push_str(&[line.to_string().as_str(), "\n"].concat());
            words.push_str(&in_words(making, plan, &trace.content)?);
        }
        from = next.filter(|next| *next <= last);
    }
    writer.file(&log.words, words.as_bytes(), at).await?;
    writer.file(&log.path, lines.as_bytes(), at).await
}

/// A trace as a person reads it, with the title of what it is about where that is known.
fn in_words(making: &Making<'_>, plan: &Plan, content: &str) -> Result<String, JobError> {
    let trace: Trace =
        serde_json::from_str(content).map_err(|_| JobError::Work("a trace could not be read"))?;
    let about = trace.elements.iter().find_map(|element| {
        let is_it = |version: &&PlannedVersion| version.kept.document_id.as_str() == element;
        plan.versions.iter().rfind(is_it).map(|version| version.kept.title.as_str())
    });
    let when = trace.at.to_zoned(PARIS.clone()).strftime("%d/%m/%Y à %H h %M").to_string();
    let sentence = log_sentence(&trace, making.party);
    let about = about.map(|title| format!(" « {title} »")).unwrap_or_default();
    Ok(format!("{when} : {sentence}{about}\n"))
}

/// The data for another system.
pub(crate) async fn bundle(making: &Making<'_>, plan: &Plan) -> Result<Vec<u8>, JobError> {
    let mut conversations = Vec::new();
    for planned in &plan.conversations {
        let messages = read(making, planned).await?;
        conversations.push((planned.thread_id.to_string(), planned.thread.clone(), messages));
    }
    bytes_of(&fhir(&plan.owner(making), &plan.documents(), &conversations))
}

/// The data for this system: all that is known of what was written, but where it lies and under
/// which keys.
pub(crate) async fn whole(
    making: &Making<'_>,
    plan: &Plan,
    written: &[ListedFile],
) -> Result<Vec<u8>, JobError> {
    let written: HashSet<&str> = written.iter().map(|file| file.path.as_str()).collect();
    let is_there = |path: &str| written.contains(path);
    let mut documents = Vec::new();
    for version in plan.versions.iter().filter(|version| !version.kept.is_past) {
        let id = &version.kept.document_id;
        let found = making.app.documents.find(making.space_id(), id, &making.key).await?;
        let Some(document) = found else { continue };
        let of_document = plan.versions.iter().map(|v| &v.kept).filter(|v| v.document_id == *id);
        let paths: HashMap<_, _> =
            of_document.map(|v| (v.version.to_string(), v.path.clone())).collect();
        if !paths.values().all(|path| is_there(path)) {
            continue;
        }
        let Some(mut details) = document.details.as_of(version.kept.version) else { continue };
        if making.party != Party::Holder {
            // A minor's rule about secret care is theirs alone.
            details.rules.clear();
        }
        let mut details = value_of(&details)?;
        without_keys(&mut details);
        documents.push(json!({"documentId": id, "details": details, "paths": paths}));
    }
    let mut conversations = Vec::new();
    for planned in &plan.conversations {
        let messages = read(making, planned).await?;
        let files: HashMap<_, _> = messages
            .iter()
            .flat_map(|message| files_of(planned, message))
            .map(|(file, path)| (file.file_id.to_string(), path))
            .collect();
        if !files.values().all(|path| is_there(path)) {
            // A file that went meanwhile: without it the archive would not be taken in.
            continue;
        }
        let mut messages = value_of(&messages)?;
        without_keys(&mut messages);
        conversations.push(json!({
            "threadId": planned.thread_id, "thread": value_of(&planned.thread)?,
            "messages": messages, "files": files,
        }));
    }
    let (choices, consents) = chosen(making, plan.made_at).await?;
    let whole = json!({
        "format": espace_archive::FORMAT, "madeAt": plan.made_at, "documents": documents,
        "conversations": conversations, "choices": choices, "consents": consents,
    });
    bytes_of(&whole)
}

/// What the person chose, as far as they are shown it: what lets nobody in, which comes back with
/// the archive; and whom they let in, which does not. Of helpers and of the other representative
/// it holds nothing: their spaces' names are theirs.
async fn chosen(making: &Making<'_>, now: Timestamp) -> Result<(Vec<Value>, Vec<Value>), JobError> {
    let (mut choices, mut consents) = (Vec::new(), Vec::new());
    for (_, found) in making.app.consents.list(making.space_id(), &making.key).await? {
        match &found.value {
            Choice::Rule(rule) if rule.secret && making.party != Party::Holder => {}
            Choice::Block(_) | Choice::Rule(_) | Choice::Emergencies(_) => {
                choices.push(value_of(&found.value)?);
            }
            Choice::Tie(tie) => {
                let Some(grant) = tie.grant_at(now) else { continue };
                consents.push(json!({
                    "rpps": tie.rpps, "name": tie.name, "profession": tie.profession,
                    "since": grant.since, "until": grant.until,
                }));
            }
            _ => {}
        }
    }
    Ok((choices, consents))
}

/// The page.
pub(crate) fn page(making: &Making<'_>, plan: &Plan) -> String {
    let owner = plan.owner(making);
    let conversations: Vec<_> =
        plan.conversations.iter().map(|c| (c.thread.subject.clone(), c.text.clone())).collect();
    let log: Vec<_> = plan.log.iter().map(|log| (log.words.clone(), log.path.clone())).collect();
    let documents = plan.documents();
    html(&Page { owner: &owner, documents: &documents, conversations: &conversations, log: &log })
}

/// The list of files.
pub(crate) fn manifest(
    making: &Making<'_>,
    plan: &Plan,
    files: &[ListedFile],
) -> Result<Vec<u8>, JobError> {
    let manifest = Manifest {
        format: espace_archive::FORMAT.to_owned(),
        space_id: making.space_id().clone(),
        made_at: plan.made_at,
        files: files.to_vec(),
    };
    bytes_of(&manifest)
}

/// What vouches for the list of files, and for whose they are: read again only here.
pub(crate) async fn seal(making: &Making<'_>, manifest: &[u8]) -> Result<String, JobError> {
    let key = making.app.keys.mac(KeyName::Archive).await?;
    let matricule = making.holder.matricule.as_deref().unwrap_or_default();
    let tag = key.tag(MacPurpose::Archive, &[matricule.as_bytes(), manifest]);
    Ok(HEXLOWER.encode(&tag))
}

/// Removes where contents lie, and their keys.
fn without_keys(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("object");
            members.remove("contentKey");
            members.values_mut().for_each(without_keys);
        }
        Value::Array(items) => items.iter_mut().for_each(without_keys),
        _ => {}
    }
}

fn value_of(data: &impl serde::Serialize) -> Result<Value, JobError> {
    serde_json::to_value(data).map_err(|_| JobError::Work("data could not be written"))
}

fn bytes_of(data: &impl serde::Serialize) -> Result<Vec<u8>, JobError> {
    serde_json::to_vec_pretty(data).map_err(|_| JobError::Work("data could not be written"))
}
