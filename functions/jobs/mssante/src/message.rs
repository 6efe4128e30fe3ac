//! The messages of this job: S3's word that a mail has come.
//!
//! Must not know: what is done with it.

use espace_storage::MailObjects;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

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

/// The mails that a message tells of; its test message is no work. `None` for anything else.
pub(crate) fn read(body: &Value) -> Option<Vec<String>> {
    if body.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Some(Vec::new());
    }
    let arrival: Arrival = serde_json::from_value(body.clone()).ok()?;
    let keys = arrival.records.into_iter().map(|record| decoded(&record.s3.object.key));
    Some(keys.filter(|key| MailObjects::is_incoming(key)).collect())
}

/// A name as the bucket has it: in an event it is encoded as in a form.
fn decoded(key: &str) -> String {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_has_come_is_read_from_the_word_of_s3() {
        let came = json!({"Records": [{"s3": {"object": {"key": "incoming/a.eml", "size": 3}}}]});
        assert_eq!(read(&came), Some(vec!["incoming/a.eml".to_owned()]));
        let odd = json!({"Records": [{"s3": {"object": {"key": "incoming/a+b%3D.eml"}}}]});
        assert_eq!(read(&odd), Some(vec!["incoming/a b=.eml".to_owned()]));
        assert_eq!(read(&json!({"Event": "s3:TestEvent"})), Some(Vec::new()));
        assert_eq!(read(&json!({"hello": 1})), None);
    }
}
