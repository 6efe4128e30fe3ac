//! The messages of this job: S3's word that a content has come, or its own.
//!
//! Must not know: what is done with it.

use espace_storage::{InboxName, InboxObject};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A content that has come, as this job tells itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IngestMessage {
    key: String,
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
    object: IngestMessage,
}

impl IngestMessage {
    /// The message that a content lies in the inbox.
    pub(crate) fn of(name: &InboxName) -> Self {
        Self { key: name.key() }
    }

    /// Reads a body: one of ours, or S3's, whose test message is no work. `None` for
    /// anything else.
    pub(crate) fn read(body: &Value) -> Option<Vec<InboxName>> {
        if let Ok(message) = serde_json::from_value::<Self>(body.clone()) {
            return Some(InboxName::parse(&message.key).into_iter().collect());
        }
        if body.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
            return Some(Vec::new());
        }
        let arrival: Arrival = serde_json::from_value(body.clone()).ok()?;
        // Our names need no encoding in an event.
        let names = arrival.records.iter().filter_map(|r| InboxName::parse(&r.s3.object.key));
        Some(names.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_has_come_is_read_from_either_message() {
        let key = format!("uploads/{}/{}/abc", "0".repeat(26), "0".repeat(26));
        let name = InboxName::parse(&key);
        assert!(name.is_some());
        let ours = IngestMessage::read(&json!({ "key": key }));
        let theirs = json!({"Records": [{"s3": {"object": {"key": key, "size": 3}}}]});
        assert_eq!(ours, name.clone().map(|name| vec![name]));
        assert_eq!(IngestMessage::read(&theirs), name.map(|name| vec![name]));
        assert_eq!(IngestMessage::read(&json!({"Event": "s3:TestEvent"})), Some(Vec::new()));
        assert_eq!(IngestMessage::read(&json!({"hello": 1})), None);
    }
}
