//! One configuration, built once in `main`, before the first event; a client
//! for each service a function uses and no other. Must not know the tables.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::ConfigBag;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::Environment;

/// The roots of every AWS endpoint's certificate (Amazon Trust Services, until
/// 2037 at the earliest). Five instead of the system's hundred and more: read in a
/// twentieth of the time, and no other authority can vouch for AWS (ADR 8).
const AMAZON_ROOTS: &[u8] = include_bytes!("../data/amazon_trust_services.pem");

/// The connection to the cloud.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    calls: CallCounts,
    clients: Arc<Clients>,
}

/// One client a service, made when a store first asks for it: its connections
/// are shared by every table.
#[derive(Debug, Default)]
struct Clients {
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    ses: OnceLock<aws_sdk_sesv2::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
}

/// Gives the client of a service, with the counter of calls in it.
macro_rules! client {
    ($name:ident, $sdk:ident) => {
        pub(crate) fn $name(&self) -> $sdk::Client {
            let make = || {
                let config = $sdk::config::Builder::from(&self.config).interceptor(self.counter());
                $sdk::Client::from_conf(config.build())
            };
            self.clients.$name.get_or_init(make).clone()
        }
    };
}

/// Backend calls made so far, by `service:Operation`. They are the bill: the
/// pipeline logs them and tests hold them.
#[derive(Debug, Clone, Default)]
pub struct CallCounts(Arc<Mutex<BTreeMap<String, u32>>>);

impl Aws {
    /// Takes region and credentials where Lambda puts them, in the environment,
    /// and looks nowhere else: profiles and metadata services are for machines of
    /// other kinds, and looking costs milliseconds of every cold start (ADR 8).
    /// `AWS_ENDPOINT_URL` points at a local cloud.
    pub fn connect(environment: &Environment) -> Self {
        let credentials = EnvironmentVariableCredentialsProvider::new();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .region(environment.optional("AWS_REGION").map(Region::new));
        config.set_endpoint_url(environment.optional("AWS_ENDPOINT_URL"));
        let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        // Building cannot fail today; the system's own roots serve if it ever does.
        if let Ok(context) = TlsContext::builder().with_trust_store(roots).build() {
            let client = aws_smithy_http_client::Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .tls_context(context);
            config.set_http_client(Some(client.build_https()));
        }
        Self::from_config(config.build())
    }

    /// Uses a configuration made elsewhere (tests, tools).
    pub fn from_config(config: SdkConfig) -> Self {
        Self { config, calls: CallCounts::default(), clients: Arc::default() }
    }

    /// The counter of calls made through this connection.
    pub fn calls(&self) -> &CallCounts {
        &self.calls
    }

    /// The interceptor that counts.
    fn counter(&self) -> SharedInterceptor {
        SharedInterceptor::new(self.calls.clone())
    }

    client!(dynamodb, aws_sdk_dynamodb);
    client!(kms, aws_sdk_kms);
    client!(lambda, aws_sdk_lambda);
    client!(s3, aws_sdk_s3);
    client!(sqs, aws_sdk_sqs);
    client!(ses, aws_sdk_sesv2);
    client!(sns, aws_sdk_sns);
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
