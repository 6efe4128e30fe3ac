//! What an agent of the phone line does to a space that exists. As a Lambda function.
//!
//! Must not know: any route, any rule.

use std::sync::Arc;

use espace_crypto::SystemRandom;
use espace_domain::SystemClock;
use espace_http::{Pipeline, StartError, start, with_pipeline};
use espace_storage::{Aws, Environment};
use phone_line::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let environment = Environment::of_process();
    let aws = Aws::connect(&environment);
    let random = Arc::new(SystemRandom);
    let clock = Arc::new(SystemClock);
    let app = App::new(&aws, environment, clock, random.clone())?;
    let (routes, _) = phone_line::router(app);
    start(with_pipeline(routes, Pipeline { calls: aws.calls().clone(), random })).await
}
