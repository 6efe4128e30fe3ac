//! The first pass: newlines counted, chunks cut, one message each.
//!
//! Must not know: what a line says.

use espace_jobs::{JobContext, JobError, JobOutcome};

use crate::App;
use crate::message::{Chunk, IntakeMessage, Plan};

/// Lines of a chunk: some seconds of work.
const CHUNK_LINES: u64 = 250;
/// Messages sent together.
const MESSAGES_TOGETHER: usize = 10;
/// Bytes after which the planner hands over to itself: minutes of reading.
const BYTES_PER_EVENT: u64 = 4 * 1024 * 1024 * 1024;

/// Plans from `plan` to the end of the file, or to a continuation. Done again
/// from the same place it cuts the same chunks.
pub(crate) async fn plan(
    app: &App,
    plan: Plan,
    context: &JobContext,
    outcome: &mut JobOutcome,
) -> Result<(), JobError> {
    let campaign_id = plan.campaign_id.clone();
    if !app.campaigns.start(&campaign_id).await? {
        // Over: the file was put again after the campaign ended, and must not lie
        // there.
        app.files.delete(&campaign_id).await?;
        return Ok(());
    }
    let mut planner = Planner::new(plan);
    let begun_at = planner.next.offset;
    let mut messages = Vec::new();
    let Some(mut stream) = app.files.read(&campaign_id, begun_at, None).await? else {
        app.campaigns.fail(&campaign_id).await?;
        outcome.add("filesMissing", 1);
        return Ok(());
    };
    while let Some(bytes) = stream.next().await? {
        messages.extend(planner.push(&bytes).into_iter().map(IntakeMessage::Chunk));
        if messages.len() >= MESSAGES_TOGETHER {
            outcome.add("chunks", u64::try_from(messages.len()).unwrap_or(0));
            app.queue.send_all(&messages).await?;
            messages.clear();
        }
        let read = planner.next.offset - begun_at;
        if read >= BYTES_PER_EVENT || context.clock.now() >= context.stop_at {
            // The plan goes on at a chunk's border.
            messages.push(IntakeMessage::Plan(planner.next.clone()));
            app.queue.send_all(&messages).await?;
            app.campaigns
                .plan(&campaign_id, planner.next.chunks, planner.next.lines, false)
                .await?;
            return Ok(());
        }
    }
    messages.extend(planner.finish().map(IntakeMessage::Chunk));
    outcome.add("chunks", u64::try_from(messages.len()).unwrap_or(0));
    app.queue.send_all(&messages).await?;
    app.campaigns.plan(&campaign_id, planner.next.chunks, planner.next.lines, true).await?;
    // An empty file, or chunks that were done before the plan was noted.
    if app.campaigns.complete(&campaign_id).await? {
        app.files.delete(&campaign_id).await?;
    }
    Ok(())
}

/// Cuts chunks.
struct Planner {
    /// Where the next chunk begins.
    next: Plan,
    /// The byte being read.
    position: u64,
    /// Newlines since the chunk's beginning.
    newlines: u64,
    /// Whether the last byte read ended a line.
    ended: bool,
}

impl Planner {
    fn new(plan: Plan) -> Self {
        Self { position: plan.offset, next: plan, newlines: 0, ended: true }
    }

    /// Takes the next bytes; gives the chunks they complete.
    fn push(&mut self, bytes: &[u8]) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        for byte in bytes {
            self.position += 1;
            self.ended = *byte == b'\n';
            if *byte == b'\n' {
                self.newlines += 1;
                if self.newlines == CHUNK_LINES {
                    chunks.push(self.cut(CHUNK_LINES));
                }
            }
        }
        chunks
    }

    /// Ends the file; gives the last chunk, if anything is left.
    fn finish(&mut self) -> Option<Chunk> {
        let left = self.position > self.next.offset;
        left.then(|| self.cut(self.newlines + u64::from(!self.ended)))
    }

    fn cut(&mut self, lines: u64) -> Chunk {
        let chunk = Chunk {
            campaign_id: self.next.campaign_id.clone(),
            number: self.next.chunks,
            from: self.next.offset,
            to: self.position,
            first_line: self.next.lines + 1,
        };
        self.next.offset = self.position;
        self.next.chunks += 1;
        self.next.lines += lines;
        self.newlines = 0;
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use espace_domain::CampaignId;

    fn planner() -> Planner {
        let campaign_id = CampaignId::from_bytes([1; 16]);
        Planner::new(Plan { campaign_id, offset: 0, chunks: 0, lines: 0 })
    }

    #[test]
    fn chunks_are_whole_lines_and_the_same_however_the_bytes_come() {
        let file: Vec<u8> = (0..617).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let mut whole = planner();
        let mut chunks = whole.push(&file);
        chunks.extend(whole.finish());
        let firsts: Vec<_> = chunks.iter().map(|chunk| chunk.first_line).collect();
        assert_eq!(firsts, [1, 251, 501]);
        assert_eq!(chunks.last().map(|chunk| chunk.to), u64::try_from(file.len()).ok());
        assert_eq!(whole.next.lines, 617);

        let mut pieces = planner();
        let mut again: Vec<_> = file.chunks(7).flat_map(|piece| pieces.push(piece)).collect();
        again.extend(pieces.finish());
        assert_eq!(again, chunks);

        // Taken up at a border, the plan goes on as if it had not stopped.
        let second = &chunks[1];
        let mut resumed = Planner::new(Plan {
            campaign_id: CampaignId::from_bytes([1; 16]),
            offset: second.from,
            chunks: second.number,
            lines: second.first_line - 1,
        });
        let from = usize::try_from(second.from).unwrap();
        let mut rest = resumed.push(&file[from..]);
        rest.extend(resumed.finish());
        assert_eq!(rest, chunks[1..]);
    }

    #[test]
    fn a_last_line_without_newline_is_a_line() {
        let mut planner = planner();
        assert_eq!(planner.push(b"one\ntwo"), Vec::new());
        assert!(planner.finish().is_some());
        assert_eq!(planner.next.lines, 2);
    }
}
