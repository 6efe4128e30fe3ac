//! One configuration, built once in `main`, before the first event; a client
//! for each service a function uses and no other. Must not know the tables.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::ConfigBag;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The connection to the cloud.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    calls: CallCounts,
}

/// Backend calls made so far, by `service:Operation`. They are the bill: the
/// pipeline logs them and tests hold them.
#[derive(Debug, Clone, Default)]
pub struct CallCounts(Arc<Mutex<BTreeMap<String, u32>>>);

impl Aws {
    /// Reads region, credentials and endpoint as every AWS tool does
    /// (`AWS_ENDPOINT_URL` points at the local cloud).
    pub async fn connect() -> Self {
        Self::from_config(aws_config::load_defaults(BehaviorVersion::latest()).await)
    }

    /// Uses a configuration made elsewhere (tests, tools).
    pub fn from_config(config: SdkConfig) -> Self {
        Self { config, calls: CallCounts::default() }
    }

    /// The counter of calls made through this connection.
    pub fn calls(&self) -> &CallCounts {
        &self.calls
    }

    /// The interceptor that counts.
    fn counter(&self) -> SharedInterceptor {
        SharedInterceptor::new(self.calls.clone())
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config =
            aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(self.counter());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    pub(crate) fn kms(&self) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::config::Builder::from(&self.config).interceptor(self.counter());
        aws_sdk_kms::Client::from_conf(config.build())
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).interceptor(self.counter());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::from(&self.config).interceptor(self.counter());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    pub(crate) fn ses(&self) -> aws_sdk_sesv2::Client {
        let config = aws_sdk_sesv2::config::Builder::from(&self.config).interceptor(self.counter());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        let config = aws_sdk_sns::config::Builder::from(&self.config).interceptor(self.counter());
        aws_sdk_sns::Client::from_conf(config.build())
    }
}

impl CallCounts {
    /// Takes the counts and starts again from nothing.
    pub fn take(&self) -> BTreeMap<String, u32> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for CallCounts {
    fn name(&self) -> &'static str {
        "CallCounts"
    }

    // Once a call, before serialization: retries of the SDK's own are not
    // counted, and the operation's metadata is present (it is not yet in
    // `read_before_execution`).
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = bag.load::<Metadata>() {
            let name = format!("{}:{}", metadata.service().to_lowercase(), metadata.name());
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(name).or_default() += 1;
        }
        Ok(())
    }
}
