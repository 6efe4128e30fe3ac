//! The events a job takes: a schedule's, a queue's, a table stream's. Must not
//! know what is in a message.

use espace_domain::RunId;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEvent {
    /// The schedule fired (an `EventBridge` rule).
    Scheduled(Scheduled),
    /// Messages of a queue (SQS).
    Messages(Vec<QueueMessage>),
    /// Keys of items just written (a `DynamoDB` stream).
    Written(Vec<Value>),
}

/// The schedule's event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Scheduled {
    /// The event's id: names the run.
    pub id: String,
    /// As of when to work.
    pub time: Timestamp,
    /// What an operator asks beyond the schedule.
    #[serde(default)]
    pub detail: Value,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueMessage {
    /// Its id, to report it as failed.
    pub id: String,
    /// Its body.
    pub body: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    dynamodb: Option<StreamRecord>,
}

#[derive(Deserialize)]
struct StreamRecord {
    #[serde(rename = "Keys")]
    keys: Value,
}

impl Scheduled {
    /// The run's name from the event's (a UUID): its 128 bits. Delivered twice, it is one
    /// run.
    pub fn run_id(&self) -> RunId {
        let mut bytes = [0; 16];
        let digits: Vec<u8> = self
            .id
            .chars()
            .filter_map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().fold(0, |sum, digit| (sum << 4) | digit);
        }
        RunId::from_bytes(bytes)
    }
}

impl JobEvent {
    /// Reads an event; `None` for one of no known kind.
    pub fn read(event: Value) -> Option<Self> {
        if event.get("time").is_some() {
            return serde_json::from_value(event).ok().map(Self::Scheduled);
        }
        let records: Vec<Record> = serde_json::from_value(event.get("Records")?.clone()).ok()?;
        if records.iter().all(|record| record.dynamodb.is_some()) {
            let keys = records.into_iter().filter_map(|record| record.dynamodb).map(|r| r.keys);
            return Some(Self::Written(keys.collect()));
        }
        let message = |record: Record| {
            Some(QueueMessage {
                id: record.message_id?,
                // A body that is not JSON is a message nobody can work on: it
                // fails, and ends in the dead-letter queue.
                body: serde_json::from_str(&record.body?).unwrap_or(Value::Null),
            })
        };
        Some(Self::Messages(records.into_iter().filter_map(message).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_run_is_named_by_its_event() {
        let run = |id: &str| {
            let time = Timestamp::default();
            Scheduled { id: id.into(), time, detail: Value::Null }.run_id()
        };
        let one = run("b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c11");
        assert_eq!(one, run("b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c11"));
        assert_ne!(one, run("b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c12"));
    }

    #[test]
    fn each_kind_of_event_is_told_apart() {
        let scheduled = json!({"id": "x", "time": "2027-01-01T00:00:00Z", "source": "aws.events"});
        assert!(matches!(JobEvent::read(scheduled), Some(JobEvent::Scheduled(_))));
        let queue = json!({"Records": [{"messageId": "m", "body": "{\"a\": 1}"}]});
        let message = QueueMessage { id: "m".into(), body: json!({"a": 1}) };
        assert_eq!(JobEvent::read(queue), Some(JobEvent::Messages(vec![message])));
        let stream =
            json!({"Records": [{"eventID": "e", "dynamodb": {"Keys": {"k": {"S": "v"}}}}]});
        assert_eq!(JobEvent::read(stream), Some(JobEvent::Written(vec![json!({"k": {"S": "v"}})])));
        assert_eq!(JobEvent::read(json!({"hello": 1})), None);
    }
}
