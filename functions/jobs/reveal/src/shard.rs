//! One shard: the marks of every day that has come.
//!
//! Must not know: what a mark asks for.

use espace_domain::paris_date;
use espace_jobs::{JobContext, JobError, JobOutcome, QueueMessage};
use futures_util::{StreamExt, stream};
use jiff::ToSpan;

use crate::App;
use crate::dispatch::ShardMessage;
use crate::mark::work_on;

/// Days looked back for what an earlier run left: an empty day costs one read.
const DAYS_BACK: i64 = 90;
/// Days asked for at once.
const CONCURRENCY: usize = 8;
/// Marks asked for at once.
const PAGE: i32 = 100;

/// Works on the messages one after the other; each fails alone.
pub(crate) async fn work(
    app: &App,
    messages: Vec<QueueMessage>,
    context: &JobContext,
) -> JobOutcome {
    let mut outcome = JobOutcome::default();
    for message in messages {
        let shard = serde_json::from_value::<ShardMessage>(message.body.clone());
        let done = match shard {
            Ok(shard) => walk(app, &shard, context, &mut outcome).await,
            Err(_) => Err(JobError::UnknownMessage),
        };
        if let Err(error) = done {
            outcome.fail(&message, &error);
        }
    }
    outcome
}

/// Walks the days of a shard to their end; hands the rest to a new message when time runs
/// out. One that cannot be worked on stops no other, and fails the message at the end.
async fn walk(
    app: &App,
    shard: &ShardMessage,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let today = paris_date(shard.as_of);
    let mut failure = None;
    // First pages at once: most days are empty.
    let mut days = stream::iter(0..DAYS_BACK)
        .map(|back| {
            let day = today.saturating_sub(back.days());
            let marks = app.reveals.of_day(day, shard.shard, None, PAGE);
            async move { marks.await.map(|page| (day, page)) }
        })
        .buffered(CONCURRENCY);
    while let Some(first) = days.next().await {
        let (day, mut page) = first?;
        loop {
            let (marks, next) = page;
            for mark in marks {
                match Box::pin(work_on(app, &mark, today, context)).await {
                    Ok(done) => outcome.add(done.name(), 1),
                    Err(error) => {
                        outcome.add("failed", 1);
                        failure.get_or_insert(error);
                    }
                }
            }
            let Some(after) = next else {
                break;
            };
            if context.clock.now() >= context.stop_at {
                app.queue.send(shard).await?;
                return Ok(());
            }
            page = app.reveals.of_day(day, shard.shard, Some(after), PAGE).await?;
        }
    }
    if let Some(error) = failure {
        return Err(error);
    }
    app.runs.finish_shard(&shard.run_id, u32::from(shard.shard)).await?;
    Ok(())
}
