//! What can go wrong below a store. Must not know how a caller is answered.

use std::error::Error;

/// A failure of the cloud or of what it holds. `Display` carries no stored
/// value, and is all that is logged: the source behind it may quote what was sent.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The call was refused for want of capacity, after the SDK's own retries.
    #[error("throttled during {operation}")]
    Throttled {
        /// The SDK operation.
        operation: &'static str,
    },
    /// The call failed: network, permission, a missing table.
    #[error("{operation} failed: {code}")]
    Call {
        /// The SDK operation.
        operation: &'static str,
        /// The service's error code, or what the transport met.
        code: String,
        /// The cause.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// What was read is not what this program wrote.
    #[error("corrupt item: {what}")]
    Corrupt {
        /// Which attribute or shape, never its value.
        what: &'static str,
    },
    /// A conditional write lost too many races in a row.
    #[error("too much contention on {what}")]
    Contended {
        /// Which act.
        what: &'static str,
    },
}

/// The codes by which the services say "slow down".
const THROTTLING_CODES: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyRequestsException",
    "LimitExceededException",
];

impl StorageError {
    /// Whether waiting may help.
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Contended { .. })
    }

    /// Turns a failed SDK call into ours.
    pub(crate) fn call<E, R>(
        operation: &'static str,
        error: aws_sdk_dynamodb::error::SdkError<E, R>,
    ) -> Self
    where
        E: aws_sdk_dynamodb::error::ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let code = error.as_service_error().and_then(|e| e.code()).map(str::to_owned);
        match code {
            Some(code) if THROTTLING_CODES.contains(&code.as_str()) => {
                Self::Throttled { operation }
            }
            Some(code) => Self::Call { operation, code, source: Some(Box::new(error)) },
            None => {
                // Only the kind: a transport's text may quote what was sent.
                let code = match &error {
                    aws_sdk_dynamodb::error::SdkError::TimeoutError(_) => "timeout",
                    aws_sdk_dynamodb::error::SdkError::DispatchFailure(_) => "not reached",
                    aws_sdk_dynamodb::error::SdkError::ResponseError(_) => "unreadable answer",
                    _ => "unknown error",
                };
                Self::Call { operation, code: code.to_owned(), source: Some(Box::new(error)) }
            }
        }
    }
}
