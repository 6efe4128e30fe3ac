//! A queue of work. Must not know the work.

use serde::Serialize;

use crate::{Aws, Environment, StorageError};

/// Messages that SQS takes in one call.
const BATCH_MAX: usize = 10;

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// Uses the queue whose URL stands under `variable`.
    pub fn new(aws: &Aws, environment: &mut Environment, variable: &'static str) -> Self {
        Self { sqs: aws.sqs(), url: environment.required(variable) }
    }

    /// Sends one message.
    pub async fn send(&self, message: &impl Serialize) -> Result<(), StorageError> {
        self.sqs
            .send_message()
            .queue_url(&self.url)
            .message_body(body(message)?)
            .send()
            .await
            .map(|_| ())
            .map_err(|e| StorageError::call("sqs:SendMessage", e))
    }

    /// Sends many messages; an error when any was not taken.
    pub async fn send_all<M: Serialize>(&self, messages: &[M]) -> Result<(), StorageError> {
        for chunk in messages.chunks(BATCH_MAX) {
            let mut call = self.sqs.send_message_batch().queue_url(&self.url);
            for (number, message) in chunk.iter().enumerate() {
                let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .message_body(body(message)?)
                    .build()
                    .map_err(|_| StorageError::Corrupt { what: "queue message" })?;
                call = call.entries(entry);
            }
            let sent =
                call.send().await.map_err(|e| StorageError::call("sqs:SendMessageBatch", e))?;
            if !sent.failed().is_empty() {
                return Err(StorageError::Call {
                    operation: "sqs:SendMessageBatch",
                    code: "some messages were refused".to_owned(),
                    source: None,
                });
            }
        }
        Ok(())
    }
}

fn body(message: &impl Serialize) -> Result<String, StorageError> {
    serde_json::to_string(message).map_err(|_| StorageError::Corrupt { what: "queue message" })
}
