//! One archive.
//!
//! Must not know: how it was found.

use espace_archive::{MANIFEST, SEAL};
use espace_crypto::{SealingKey, seal_content};
use espace_domain::decision::{Party, PartyKind, SpaceStanding};
use espace_domain::{ExportId, SpaceId};
use espace_jobs::{JobContext, JobError};
use espace_notifications::Notice;
use espace_storage::{
    DueTaken, Envelope, ExportDetails, Holder, Piece, SealedExport, Space, Vault,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::plan::{Plan, Step, plan};
use crate::writer::{Writer, Written};
use crate::{App, data};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// It can be read.
    Ready,
    /// Time ran out; the next try goes on.
    Begun,
    /// Another run has it, or had it.
    Elsewhere,
    /// Its space is no more.
    Gone,
    /// Tried too often.
    GivenUp,
}

/// What one is made with.
pub(crate) struct Making<'a> {
    pub(crate) app: &'a App,
    pub(crate) export_id: &'a ExportId,
    pub(crate) space: Space,
    pub(crate) key: SealingKey,
    pub(crate) trace_key: SealingKey,
    pub(crate) holder: Holder,
    pub(crate) party: Party,
    /// Of an heir: the first day of the care that is theirs to have.
    pub(crate) care_since: Option<Date>,
}

/// How far one has come, between two tries.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    plan: Plan,
    /// The step that is next.
    next: usize,
    written: Written,
}

impl Made {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Begun => "begun",
            Self::Elsewhere => "elsewhere",
            Self::Gone => "gone",
            Self::GivenUp => "givenUp",
        }
    }
}

impl Making<'_> {
    pub(crate) fn space_id(&self) -> &SpaceId {
        &self.space.space_id
    }
}

/// Makes one, or goes on with it.
pub(crate) async fn make(
    app: &App,
    (space_id, export_id): (&SpaceId, &ExportId),
    context: &JobContext,
) -> Result<Made, JobError> {
    let now = context.clock.now();
    let Some(mut export) = app.exports.find(space_id, export_id, now).await? else {
        return Ok(Made::Elsewhere);
    };
    match app.exports.take(&export, now).await? {
        DueTaken::Yes => {}
        DueTaken::Elsewhere => return Ok(Made::Elsewhere),
        DueTaken::GivenUp => return Ok(Made::GivenUp),
    }
    let space = app.spaces.find(space_id).await?;
    let key = app.space_keys.content(space_id).await?;
    let trace_key = app.space_keys.trace(space_id).await?;
    let (Some(space), Some(key), Some(trace_key)) = (space, key, trace_key) else {
        app.exports.drop_export(&export).await?;
        return Ok(Made::Gone);
    };
    let mut details = export.open(&key)?;
    let standing = SpaceStanding::of(&space.state, space.suspension);
    if details.heir.is_some() && standing != SpaceStanding::Deceased {
        // The death was taken back: nothing is left to anyone.
        app.exports.drop_export(&export).await?;
        return Ok(Made::Gone);
    }
    let holder = space.whole_holder(&key)?;
    let party = party_of(&details)?;
    let care_since = details.heir.as_ref().map(|(_, since)| *since);
    let making = Making { app, export_id, space, key, trace_key, holder, party, care_since };
    let Progress { plan, mut next, written } = begun(&making, &details, context).await?;
    let mut writer = Writer::new(&making, written, now);
    while let Some(step) = plan.steps.get(next) {
        write(&making, &plan, *step, &mut writer).await?;
        next += 1;
        let is_late = context.clock.now() >= context.stop_at;
        if writer.is_full() || is_late {
            writer.close_piece().await?;
            let progress = Progress { plan: plan.clone(), next, written: writer.written.clone() };
            details.progress = Some(keep(&making, &progress, context).await?);
            let random = app.random.as_ref();
            if !app.exports.keep(&mut export, &details, &making.key, random).await? {
                return Ok(Made::Elsewhere);
            }
            if is_late {
                return Ok(Made::Begun);
            }
        }
    }
    writer.end().await?;
    writer.close_piece().await?;
    details.pieces = writer.written.pieces.clone();
    details.progress = None;
    finish(&making, &export, &details, context).await
}

/// What was planned and written before; a new plan where nothing was.
async fn begun(
    making: &Making<'_>,
    details: &ExportDetails,
    context: &JobContext,
) -> Result<Progress, JobError> {
    let Some(piece) = &details.progress else {
        let plan = plan(making, context.clock.now()).await?;
        return Ok(Progress { plan, next: 0, written: Written::default() });
    };
    let kept = piece.content(making.space_id(), making.export_id);
    let bytes = kept.read(&making.app.pieces, &making.key, (0, piece.size)).await?;
    let lost = JobError::Work("how far an archive had come is lost");
    serde_json::from_slice(&bytes.ok_or(lost)?)
        .map_err(|_| JobError::Work("how far an archive had come could not be read"))
}

/// Keeps how far it has come.
async fn keep(
    making: &Making<'_>,
    progress: &Progress,
    context: &JobContext,
) -> Result<Piece, JobError> {
    let bytes = serde_json::to_vec(progress)
        .map_err(|_| JobError::Work("how far an archive has come could not be written"))?;
    let random = making.app.random.as_ref();
    let number = Piece::of_progress();
    let named = (making.space_id(), making.export_id, number);
    let object = Vault::piece_name(named, context.clock.now(), random);
    let mut piece = Piece { number, object, content_key: Vec::new(), size: bytes.len() as u64 };
    let place = piece.content(making.space_id(), making.export_id).place;
    let unsealed = |_| JobError::Work("how far an archive has come was not sealed");
    let (sealed, key) = seal_content(place, &bytes, random).map_err(unsealed)?;
    let content_key = key.seal(&making.key, place, random).map_err(unsealed)?;
    making.app.pieces.put(&piece.object, sealed).await?;
    piece.content_key = content_key;
    Ok(piece)
}

/// Writes one thing.
async fn write(
    making: &Making<'_>,
    plan: &Plan,
    step: Step,
    writer: &mut Writer<'_>,
) -> Result<(), JobError> {
    let at = plan.made_at;
    match step {
        Step::Version(index) => {
            let Some(version) = plan.versions.get(index) else { return Ok(()) };
            let content = data::content_of(making, version);
            let kept = &version.kept;
            writer.content(&kept.path, &content, &kept.sha256, kept.added_at).await
        }
        Step::Conversation(index) => data::conversation(making, plan, index, writer).await,
        Step::Log(index) => {
            let Some(log) = plan.log.get(index) else { return Ok(()) };
            data::log(making, (plan, log), writer).await
        }
        Step::LogHelp => {
            writer.file(espace_archive::LOG_HELP, data::LOG_HELP_TEXT.as_bytes(), at).await
        }
        Step::Bundle => {
            let bytes = data::bundle(making, plan).await?;
            writer.file(espace_archive::BUNDLE, &bytes, at).await
        }
        Step::Whole => {
            let bytes = data::whole(making, plan, &writer.written.files).await?;
            writer.file(espace_archive::WHOLE, &bytes, at).await
        }
        Step::Page => {
            let html = data::page(making, plan);
            writer.file(espace_archive::PAGE, html.as_bytes(), at).await
        }
        Step::Manifest => {
            let manifest = data::manifest(making, plan, &writer.written.files)?;
            let seal = data::seal(making, &manifest).await?;
            writer.file(MANIFEST, &manifest, at).await?;
            writer.file(SEAL, seal.as_bytes(), at).await
        }
    }
}

/// Ends it, with word to its holder.
async fn finish(
    making: &Making<'_>,
    export: &SealedExport,
    details: &ExportDetails,
    context: &JobContext,
) -> Result<Made, JobError> {
    let app = making.app;
    let (told, traits) = match &details.heir {
        None => {
            let told = app.contacts.told(making.space_id(), &making.key).await?;
            (told, making.holder.traits.clone())
        }
        // An heir is written to, not the dead.
        Some((heir, _)) => {
            let gone = JobError::Work("an heir without a space");
            let key = app.space_keys.content(heir).await?.ok_or(gone)?;
            let gone = JobError::Work("an heir without a space");
            let space = app.spaces.find(heir).await?.ok_or(gone)?;
            (app.contacts.told(heir, &key).await?, space.holder(&key)?)
        }
    };
    let first_name = traits.first_name().to_owned();
    let addressee = format!("{first_name} {}", traits.last_name());
    let notice = Notice::ExportReady { first_name };
    let envelope = |to| Envelope { to, addressee: addressee.clone(), notice: notice.clone() };
    let word: Vec<_> = told.into_iter().map(envelope).collect();
    let (now, random) = (context.clock.now(), app.random.as_ref());
    let kept = (details, &making.key);
    let done = app.exports.finish(export, kept, (&app.outbox, &word), now, random).await?;
    Ok(if done { Made::Ready } else { Made::Elsewhere })
}

/// For whom it is made.
fn party_of(details: &ExportDetails) -> Result<Party, JobError> {
    match details.party.as_str() {
        name if name == PartyKind::Holder.name() => Ok(Party::Holder),
        name if name == PartyKind::Representative.name() => Ok(Party::Representative),
        name if name == PartyKind::Heir.name() => Ok(Party::Heir),
        _ => Err(JobError::Work("an archive for nobody")),
    }
}
