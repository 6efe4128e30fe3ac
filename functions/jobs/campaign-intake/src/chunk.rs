//! The second pass: the lines of one chunk, each registered or refused.
//!
//! Must not know: how the file was cut.

use std::collections::{HashMap, HashSet};

use espace_domain::{InsuredPerson, Nir, Rejection, find_cycles, paris_date, parse_line};
use espace_jobs::{JobContext, JobError, JobOutcome};
use espace_storage::{Campaign, ChunkCounts, RejectedLine};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;

use crate::App;
use crate::lines::{LineReader, RawLine};
use crate::message::Chunk;
use crate::register::{LineOutcome, register};

/// Lines worked on at once: each waits mostly for the cloud.
const CONCURRENCY: usize = 16;

/// A line and what its reading came to.
type Read = (u64, Result<InsuredPerson, Rejection>);

/// Works on a chunk. Done again after a kill, each line finds what it came to
/// before, and the counts are added once.
pub(crate) async fn work(
    app: &App,
    chunk: &Chunk,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let campaign_id = &chunk.campaign_id;
    if app.campaigns.chunk_is_done(campaign_id, chunk.number).await? {
        return finish(app, chunk).await;
    }
    let campaign = app
        .campaigns
        .find(campaign_id)
        .await?
        .ok_or(JobError::Work("a chunk of an unknown campaign"))?;
    let today = paris_date(context.clock.now());
    let lines = judge_together(read(app, chunk, today).await?);
    let outcomes: Vec<(u64, LineOutcome)> = stream::iter(lines)
        // Boxed: the futures of three nested stores are too deep to lay out inline.
        .map(|(line, person)| Box::pin(one(app, &campaign, line, person, context)))
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    let mut counts = ChunkCounts::default();
    for (line, came_to) in outcomes {
        match came_to {
            LineOutcome::Invited => counts.invited += 1,
            LineOutcome::Updated => counts.updated += 1,
            LineOutcome::Rejected(reason) => {
                counts.rejected += 1;
                app.campaigns.reject(campaign_id, RejectedLine { line, reason }).await?;
            }
        }
    }
    app.campaigns.finish_chunk(campaign_id, chunk.number, counts).await?;
    outcome.add("invited", counts.invited);
    outcome.add("updated", counts.updated);
    outcome.add("rejected", counts.rejected);
    finish(app, chunk).await
}

/// Ends the campaign, and the file with it, if this was the last chunk.
async fn finish(app: &App, chunk: &Chunk) -> Result<(), JobError> {
    if app.campaigns.complete(&chunk.campaign_id).await? {
        app.files.delete(&chunk.campaign_id).await?;
    }
    Ok(())
}

/// Reads the chunk's lines.
async fn read(app: &App, chunk: &Chunk, today: Date) -> Result<Vec<Read>, JobError> {
    let mut reader = LineReader::default();
    let mut lines: Vec<Read> = Vec::new();
    let mut number = chunk.first_line;
    let mut take = |raw: RawLine, lines: &mut Vec<Read>| {
        let person = match raw {
            RawLine::TooLong => Err(Rejection::LineTooLong),
            RawLine::Bytes(bytes) => parse_line(&bytes, today),
        };
        lines.push((number, person));
        number += 1;
    };
    let mut stream = app
        .files
        .read(&chunk.campaign_id, chunk.from, Some(chunk.to))
        .await?
        .ok_or(JobError::Work("the campaign's file is gone"))?;
    while let Some(bytes) = stream.next().await? {
        for raw in reader.push(&bytes) {
            take(raw, &mut lines);
        }
    }
    if let Some(raw) = reader.finish() {
        take(raw, &mut lines);
    }
    Ok(lines)
}

/// What only shows when lines are seen together: the same person twice,
/// representatives in a circle.
fn judge_together(mut lines: Vec<Read>) -> Vec<Read> {
    let mut representatives: HashMap<Nir, Vec<Nir>> = HashMap::new();
    for person in lines.iter().filter_map(|(_, person)| person.as_ref().ok()) {
        // The first line of a person speaks for them; a repeated one is refused.
        representatives.entry(person.nir.clone()).or_insert_with(|| person.representatives.clone());
    }
    let in_cycle = find_cycles(&representatives);
    let mut seen = HashSet::new();
    for (_, person) in &mut lines {
        let fault = match person {
            Ok(person) if !seen.insert(person.nir.clone()) => Some(Rejection::Duplicate),
            Ok(person) if in_cycle.contains(&person.nir) => Some(Rejection::RepresentativeCycle),
            _ => None,
        };
        if let Some(fault) = fault {
            *person = Err(fault);
        }
    }
    lines
}

/// One line.
async fn one(
    app: &App,
    campaign: &Campaign,
    line: u64,
    person: Result<InsuredPerson, Rejection>,
    context: &JobContext,
) -> Result<(u64, LineOutcome), JobError> {
    Ok(match person {
        Err(reason) => (line, LineOutcome::Rejected(reason)),
        Ok(person) => (line, register(app, campaign, line, &person, context).await?),
    })
}
