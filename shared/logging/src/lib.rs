//! One structured line for each request or job event, on standard output, where
//! Lambda picks it up. `docs/logging.md` describes every field.
//!
//! For: the HTTP pipeline and the jobs, who are the only ones to write lines.
//! Must not know: what is logged beyond these fields. There is no free text but
//! an error's own `Display`, and error types here carry no stored or sent value.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// How much attention a line wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Info,
    /// A caller was refused or slowed down.
    Warn,
    /// A fault of ours or of the cloud.
    Error,
}

/// A line. Absent fields did not apply.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line<'a> {
    /// How much attention it wants.
    pub level: Level,
    /// The gateway's request id, or the job event's.
    pub request_id: &'a str,
    /// `METHOD /route/template` of a request, or the job's name: never a path.
    pub operation: &'a str,
    /// The HTTP status answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What kind of caller it was; absent: nobody proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<&'a str>,
    /// The problem answered, by its slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'a str>,
    /// Milliseconds from the first byte to the answer.
    pub duration_ms: u64,
    /// Whether this is the first event of the process.
    pub cold_start: bool,
    /// Items worked on, by what became of them (jobs).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<&'static str, u64>,
    /// Backend calls made, by `service:Operation`.
    pub backend_calls: BTreeMap<String, u32>,
    /// What went wrong: the `Display` of an error of this workspace, which carries
    /// no value. Foreign causes are left out: a mail service quotes addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Whether no line was written yet in this process.
static COLD: AtomicBool = AtomicBool::new(true);

impl<'a> Line<'a> {
    /// A line with nothing but what every line has.
    pub fn new(level: Level, request_id: &'a str, operation: &'a str, duration_ms: u64) -> Self {
        Self {
            level,
            request_id,
            operation,
            status: None,
            caller: None,
            problem: None,
            duration_ms,
            cold_start: COLD.swap(false, Ordering::Relaxed),
            counts: BTreeMap::new(),
            backend_calls: BTreeMap::new(),
            error: None,
        }
    }

    /// Writes the line. A log that cannot be written must not fail the work it
    /// tells of.
    pub fn write(&self) {
        let Ok(mut line) = serde_json::to_vec(self) else {
            return;
        };
        line.push(b'\n');
        let mut out = std::io::stdout().lock();
        let _written = out.write_all(&line).and_then(|()| out.flush());
    }
}
