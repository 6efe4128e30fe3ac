//! Starting a function. Must not know which.

use espace_storage::MissingVariables;

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template left something out.
    #[error(transparent)]
    Environment(#[from] MissingVariables),
    /// The runtime stopped.
    #[error("the Lambda runtime stopped: {0}")]
    Runtime(lambda_http::Error),
}

/// Serves a function's router until Lambda ends the process.
pub async fn start(router: axum::Router) -> Result<(), StartError> {
    lambda_http::run(router).await.map_err(StartError::Runtime)
}
