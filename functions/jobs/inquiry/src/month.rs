//! One month of an inquiry.
//!
//! Must not know: who asked.

use std::collections::BTreeMap;

use espace_domain::decision::Chain;
use espace_domain::{Inquiry, InquiryId, SpaceId, Trace};
use espace_jobs::JobError;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::App;

/// Traces asked for at once.
const PAGE: i32 = 500;
/// Spaces opened at once.
const CONCURRENCY: usize = 16;
/// Bytes after which another file of the same month is begun: what stays in memory.
const FILE_BYTES: usize = 8 * 1024 * 1024;

/// One month of one inquiry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MonthMessage {
    pub(crate) inquiry_id: InquiryId,
    /// Its first day.
    pub(crate) month: Date,
}

/// A line of the file: whose space, where in its chain, and what the trace says, as hashed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    space_id: &'a SpaceId,
    chain: Chain,
    sequence: u64,
    hash: String,
    trace: &'a RawValue,
}

/// Writes the file of a month; how many traces are in it.
pub(crate) async fn produce(app: &App, message: &MonthMessage) -> Result<u64, JobError> {
    let found = app.inquiries.find(&message.inquiry_id).await?;
    let approved = found.map(|found| found.inquiry).filter(|asked| asked.approved.is_some());
    let Some(inquiry) = approved else {
        return Err(JobError::Work("an inquiry that nobody approved"));
    };
    let at = message.month.to_zoned(TimeZone::UTC).map_err(|_| JobError::UnknownMessage)?;
    let name = app.relations.names().await?.inquiry(&inquiry.rpps, at.timestamp());
    let (mut lines, mut count, mut after) = (Vec::new(), 0_usize, None);
    let (id, month, mut files) = (&message.inquiry_id, message.month, 0_u32);
    loop {
        let (page, next) = app.traces.of_inquiry(&name, after, PAGE).await?;
        let mut by_space: BTreeMap<SpaceId, Vec<(Chain, u64)>> = BTreeMap::new();
        for (space, chain, sequence) in page {
            by_space.entry(space).or_default().push((chain, sequence));
        }
        let inquiry = &inquiry;
        let read = stream::iter(by_space)
            .map(|(space, wanted)| async move { of_space(app, inquiry, &space, &wanted).await })
            .buffered(CONCURRENCY);
        let read: Vec<(Vec<u8>, usize)> = read.try_collect().await?;
        for (written, traces) in read {
            lines.extend(written);
            count += traces;
        }
        after = next;
        if after.is_none() || lines.len() >= FILE_BYTES {
            files += 1;
            app.files.write(id, (month, files), std::mem::take(&mut lines)).await?;
        }
        if after.is_none() {
            break;
        }
    }
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    app.inquiries.month_done(id, (month, files), count).await?;
    Ok(count)
}

/// The lines of one space's traces, and how many there are.
async fn of_space(
    app: &App,
    inquiry: &Inquiry,
    space: &SpaceId,
    wanted: &[(Chain, u64)],
) -> Result<(Vec<u8>, usize), JobError> {
    // A space whose traces' key is gone was erased more than ten years ago.
    let Some(key) = app.space_keys.trace(space).await? else {
        return Ok((Vec::new(), 0));
    };
    let (mut lines, mut count) = (Vec::new(), 0);
    for (chain, sequence) in wanted {
        let Some(stored) = app.traces.find(space, (*chain, *sequence), &key).await? else {
            continue;
        };
        let unreadable = |_| JobError::Work("a trace could not be read");
        let trace: Trace = serde_json::from_str(&stored.content).map_err(unreadable)?;
        if !inquiry.covers(trace.at) {
            continue;
        }
        let raw: &RawValue = serde_json::from_str(&stored.content).map_err(unreadable)?;
        let line = Line {
            space_id: space,
            chain: *chain,
            sequence: *sequence,
            hash: stored.head.hash.to_hex(),
            trace: raw,
        };
        serde_json::to_writer(&mut lines, &line).map_err(unreadable)?;
        lines.push(b'\n');
        count += 1;
    }
    Ok((lines, count))
}
