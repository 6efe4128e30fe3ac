//! One shard: every person in it whose space is due.
//!
//! Must not know: how the shards were made.

use espace_crypto::BlindIndex;
use espace_domain::Registration;
use espace_jobs::{JobContext, JobError, JobOutcome, QueueMessage};
use espace_notifications::Notice;
use espace_storage::Envelope;
use espace_storage::transitions::{Opened, Settled, open_automatically, settle_opposed};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::App;
use crate::dispatch::ShardMessage;

/// Persons asked for at once.
const PAGE: i32 = 100;
/// Persons worked on at once: each waits mostly for the cloud.
const CONCURRENCY: usize = 8;
/// Tries of a person whom another act changes at the same time.
const RACES_MAX: u32 = 3;

/// What became of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Opened,
    /// A refusal became final, or an older shared record closed.
    Settled,
    /// Activated, refused, deceased: nothing to open.
    Skipped,
}

/// Works on the messages one after the other; each fails alone.
pub(crate) async fn open_shards(
    app: &App,
    messages: Vec<QueueMessage>,
    context: &JobContext,
) -> JobOutcome {
    let mut outcome = JobOutcome::default();
    for message in messages {
        let shard = serde_json::from_value::<ShardMessage>(message.body.clone());
        let done = match shard {
            Ok(shard) => open_shard(app, &shard, context, &mut outcome).await,
            Err(_) => Err(JobError::UnknownMessage),
        };
        if let Err(error) = done {
            outcome.fail(&message, &error);
        }
    }
    outcome
}

/// Opens what is due in a shard, page after page to its end; hands the rest to a
/// new message when time runs out. Who cannot be opened stops nobody: they are
/// counted, and the message fails once the others are done.
async fn open_shard(
    app: &App,
    shard: &ShardMessage,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let mut failure = None;
    let mut after = None;
    loop {
        let (due, next) = app.stores.registry.due(shard.shard, shard.as_of, after, PAGE).await?;
        let done: Vec<Result<Outcome, JobError>> = stream::iter(due)
            .map(|index| open_one(app, index, shard.as_of, context))
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let mut opened = 0;
        for one in done {
            match one {
                Ok(Outcome::Opened) => opened += 1,
                Ok(Outcome::Settled) => outcome.add("settled", 1),
                Ok(Outcome::Skipped) => outcome.add("skipped", 1),
                Err(error) => {
                    outcome.add("failed", 1);
                    failure.get_or_insert(error);
                }
            }
        }
        outcome.add("opened", opened);
        app.runs.progress(&shard.run_id, opened).await?;
        after = next;
        if after.is_none() {
            break;
        }
        if context.clock.now() >= context.stop_at {
            app.queue.send(shard).await?;
            return Ok(());
        }
    }
    if let Some(error) = failure {
        return Err(error);
    }
    app.runs.finish_shard(&shard.run_id, u32::from(shard.shard)).await?;
    Ok(())
}

/// Opens one person's space and tells them.
async fn open_one(
    app: &App,
    index: BlindIndex,
    as_of: Timestamp,
    context: &JobContext,
) -> Result<Outcome, JobError> {
    for _ in 0..RACES_MAX {
        let registry = &app.stores.registry;
        let Some(entry) = registry.find_by_index(&index).await? else {
            return Ok(Outcome::Skipped);
        };
        if let Registration::Opposed { .. } | Registration::Erased { .. } = entry.registration {
            match settle_opposed(registry, &entry, as_of).await? {
                Settled::Final | Settled::Reduced | Settled::DmpClosed => {
                    return Ok(Outcome::Settled);
                }
                Settled::Nothing => return Ok(Outcome::Skipped),
                Settled::Raced => continue,
            }
        }
        let Some(record) = registry.open_unheld_record(&entry).await? else {
            return Ok(Outcome::Skipped);
        };
        if record.deceased_on.is_some() {
            return Ok(Outcome::Skipped);
        }
        let first_name = record.traits.first_name();
        // Someone fed again without any address: their space opens all the same.
        let envelope = record.contacts.first().map(|to| Envelope {
            to: to.clone(),
            addressee: format!("{first_name} {}", record.traits.last_name()),
            notice: Notice::SpaceOpened { first_name: first_name.to_owned() },
        });
        let random = app.random.as_ref();
        let now = context.clock.now();
        match open_automatically(
            &app.stores,
            &entry,
            &record,
            envelope.as_ref(),
            as_of,
            random,
            now,
        )
        .await?
        {
            Opened::Yes(_) => return Ok(Outcome::Opened),
            Opened::No(_) => return Ok(Outcome::Skipped),
            Opened::Raced => {}
        }
    }
    Err(JobError::Work("a person kept changing while their space was opened"))
}
