//! The malware scanner: a port. On AWS a function of the operator's (an antivirus in a
//! container, say), asked by name for every content, small or large; without one, contents
//! are judged by their form and the test signature alone (`espace-deposit`). Must not know
//! what a verdict leads to.

use aws_sdk_lambda::primitives::Blob;
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::json;

use crate::{Aws, Environment, InboxName, InboxObject, StorageError};

/// What a scanner found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing.
    Clean,
    /// Malware.
    Infected,
}

/// The scanner.
#[derive(Debug, Clone)]
pub struct Scanner {
    service: Option<(aws_sdk_lambda::Client, String)>,
    /// The bucket of large contents, as the scanner is told it.
    inbox: String,
}

/// What the scanner answers.
#[derive(Deserialize)]
struct Answer {
    verdict: Verdict,
}

impl Scanner {
    /// Asks the function of `ESPACE_SCANNER_FUNCTION`, where one is named; large contents
    /// lie in the bucket of `ESPACE_INBOX_BUCKET`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        let named = environment.optional("ESPACE_SCANNER_FUNCTION");
        let named = named.filter(|name| !name.is_empty());
        Self {
            service: named.map(|name| (aws.lambda(), name)),
            inbox: environment.required("ESPACE_INBOX_BUCKET"),
        }
    }

    /// The verdict on a content in memory: 4 MiB at most, which an invocation carries.
    pub async fn scan(&self, content: &[u8]) -> Result<Verdict, StorageError> {
        let Some(service) = &self.service else {
            return Ok(Verdict::Clean);
        };
        ask(service, &json!({"content": BASE64.encode(content)})).await
    }

    /// The verdict on an object of a bucket, which the scanner reads there.
    pub async fn scan_object(&self, bucket: &str, key: &str) -> Result<Verdict, StorageError> {
        let Some(service) = &self.service else {
            return Ok(Verdict::Clean);
        };
        ask(service, &json!({"bucket": bucket, "key": key})).await
    }

    /// The verdict on a content in the inbox, which the scanner reads there.
    pub async fn scan_inbox(&self, name: &InboxName) -> Result<Verdict, StorageError> {
        self.scan_object(&self.inbox, &name.key()).await
    }
}

/// Asks once. A scanner that fails or says nothing that is understood has not said "clean":
/// the deposit fails, and is tried again.
async fn ask(
    (lambda, function): &(aws_sdk_lambda::Client, String),
    question: &serde_json::Value,
) -> Result<Verdict, StorageError> {
    let unheard = |code: &str| StorageError::Call {
        operation: "lambda:Invoke",
        code: code.to_owned(),
        source: None,
    };
    let answer = lambda
        .invoke()
        .function_name(function)
        .payload(Blob::new(question.to_string()))
        .send()
        .await
        .map_err(|e| StorageError::call("lambda:Invoke", e))?;
    if answer.function_error().is_some() {
        return Err(unheard("the scanner failed"));
    }
    let said = answer.payload().map(Blob::as_ref).unwrap_or_default();
    let said: Answer =
        serde_json::from_slice(said).map_err(|_| unheard("the scanner's answer is not one"))?;
    Ok(said.verdict)
}
