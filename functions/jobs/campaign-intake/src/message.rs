//! The messages of this job: a file's arrival, the plan's continuation, a chunk.
//!
//! Must not know: how the work is done.

use espace_domain::CampaignId;
use espace_storage::CampaignFiles;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Work to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum IntakeMessage {
    /// Cut the file into chunks, from a given place on.
    Plan(Plan),
    /// Register the persons of a chunk.
    Chunk(Chunk),
}

/// Where the planner stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub(crate) campaign_id: CampaignId,
    /// The byte at which the next chunk begins.
    pub(crate) offset: u64,
    /// The chunks before it.
    pub(crate) chunks: u64,
    /// The lines before it.
    pub(crate) lines: u64,
}

/// A piece of the file: whole lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chunk {
    pub(crate) campaign_id: CampaignId,
    /// Its number, from 0.
    pub(crate) number: u64,
    /// Its first byte.
    pub(crate) from: u64,
    /// The byte after its last.
    pub(crate) to: u64,
    /// The number of its first line, from 1.
    pub(crate) first_line: u64,
}

/// S3's word that an object has come.
#[derive(Deserialize)]
struct Arrival {
    #[serde(rename = "Records")]
    records: Vec<ArrivalRecord>,
}

#[derive(Deserialize)]
struct ArrivalRecord {
    s3: ArrivedObject,
}

#[derive(Deserialize)]
struct ArrivedObject {
    object: ObjectKey,
}

#[derive(Deserialize)]
struct ObjectKey {
    key: String,
}

impl IntakeMessage {
    /// Reads a body: one of ours, or S3's. S3's test message is no work. `None`
    /// for anything else.
    pub(crate) fn read(body: &Value) -> Option<Vec<Self>> {
        if let Ok(message) = serde_json::from_value(body.clone()) {
            return Some(vec![message]);
        }
        if body.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
            return Some(Vec::new());
        }
        let arrival: Arrival = serde_json::from_value(body.clone()).ok()?;
        let begin = |record: ArrivalRecord| {
            let campaign_id = CampaignFiles::campaign_of(&record.s3.object.key)?;
            Some(Self::Plan(Plan { campaign_id, offset: 0, chunks: 0, lines: 0 }))
        };
        Some(arrival.records.into_iter().filter_map(begin).collect())
    }
}
