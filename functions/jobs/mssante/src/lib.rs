//! The bridge to secure mail (`MSSanté`, `domain.md` B9): what professionals send to a
//! person's address becomes messages, what the person answers goes to their mailboxes.
//!
//! A mail that comes lies in a bucket until it is a message or is set aside with a reason: it
//! is never lost, and never twice a message. One that goes out was written down in the
//! transaction that follows its message up (ADR 15).
//!
//! Must not know: AWS, nor what a message says.

mod app;
mod deliver;
mod files;
mod gateway;
mod message;
mod receive;
mod send;

pub use app::App;

use espace_domain::MailId;
use espace_jobs::{JobContext, JobError, JobEvent, JobOutcome, Scheduled};
use espace_storage::MAIL_SHARDS;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

/// Mails sent at once.
const CONCURRENCY: usize = 4;
/// Mails looked at in one shard by one sweep.
const SWEEP_PAGE: i32 = 100;
/// Seconds after which a mail that still lies there was not heard of.
const UNHEARD_S: i64 = 15 * 60;

/// Works on one event.
pub async fn handle(
    app: &App,
    event: JobEvent,
    context: JobContext,
) -> Result<JobOutcome, JobError> {
    let mut outcome = JobOutcome::default();
    match event {
        JobEvent::Messages(messages) => {
            for told in messages {
                for object in message::read(&told.body).ok_or(JobError::UnknownMessage)? {
                    match Box::pin(receive::receive(app, &object, &context)).await {
                        Ok(received) => outcome.add(received.name(), 1),
                        Err(error) => outcome.fail(&told, &error),
                    }
                }
            }
        }
        JobEvent::Written(keys) => {
            let ids = keys.iter().filter_map(read_key).collect();
            send_all(app, ids, &context, &mut outcome).await;
        }
        JobEvent::Scheduled(scheduled) => sweep(app, &scheduled, &context, &mut outcome).await?,
    }
    Ok(outcome)
}

/// Takes up what failed or was missed, both ways.
async fn sweep(
    app: &App,
    scheduled: &Scheduled,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let as_of = app.settings.as_of(scheduled, context.clock.now())?;
    // Another shard first each minute: when time runs out, the same ones are not left every
    // time.
    let minute = as_of.as_second() / 60;
    let first = u8::try_from(minute.rem_euclid(i64::from(MAIL_SHARDS))).unwrap_or(0);
    for shard in (0..MAIL_SHARDS).map(|n| (n + first) % MAIL_SHARDS) {
        if context.clock.now() >= context.stop_at {
            return Ok(());
        }
        let due = app.mails.due(shard, as_of, SWEEP_PAGE).await?;
        send_all(app, due, context, outcome).await;
    }
    let before = Timestamp::from_second(as_of.as_second() - UNHEARD_S).unwrap_or(as_of);
    for object in app.objects.before(before).await? {
        if context.clock.now() >= context.stop_at {
            return Ok(());
        }
        match Box::pin(receive::receive(app, &object, context)).await {
            Ok(received) => outcome.add(received.name(), 1),
            Err(error) => {
                outcome.add("failed", 1);
                outcome.error.get_or_insert_with(|| error.to_string());
            }
        }
    }
    Ok(())
}

/// Sends mails, each failing alone: what fails is due again later.
async fn send_all(app: &App, ids: Vec<MailId>, context: &JobContext, outcome: &mut JobOutcome) {
    let mut work = stream::iter(ids)
        .map(|id| async move { Box::pin(send::send(app, &id, context)).await })
        .buffer_unordered(CONCURRENCY);
    while let Some(sent) = work.next().await {
        match sent {
            Ok(sent) => outcome.add(sent.name(), 1),
            Err(error) => {
                outcome.add("failed", 1);
                outcome.error.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

/// The name in a stream record's keys.
fn read_key(keys: &Value) -> Option<MailId> {
    let text = keys.get("mailId")?.get("S")?.as_str()?;
    MailId::parse(text).ok()
}
