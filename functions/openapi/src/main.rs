//! The published description of the API, as a Lambda function.
//!
//! Must not know: any route, any rule.

use std::sync::Arc;

use espace_crypto::SystemRandom;
use espace_http::{Pipeline, StartError, start, with_pipeline};
use espace_storage::CallCounts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let pipeline = Pipeline { calls: CallCounts::default(), random: Arc::new(SystemRandom) };
    start(with_pipeline(openapi::router(), pipeline)).await
}
