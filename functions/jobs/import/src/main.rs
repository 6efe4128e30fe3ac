//! Takes archives in again. As a Lambda function.
//!
//! Must not know: any route, any rule.

use std::sync::Arc;

use espace_crypto::SystemRandom;
use espace_domain::SystemClock;
use espace_jobs::{JobError, start};
use espace_storage::{Aws, Environment};
use import::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), JobError> {
    let environment = Environment::of_process();
    let aws = Aws::connect(&environment);
    let app = App::new(&aws, environment, Arc::new(SystemClock), Arc::new(SystemRandom))?;
    let app = &app;
    let settings = app.settings.clone();
    start(settings, aws.calls().clone(), |event, context| import::handle(app, event, context)).await
}
