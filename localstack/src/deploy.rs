//! Deploying `infra/`: zips to the code bucket, the template to `CloudFormation`,
//! and a check of what the emulator says but does not do. Must not know the
//! product.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_config::SdkConfig;
use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled,
    ObjectLockRetentionMode, ObjectLockRule, VersioningConfiguration,
};

use crate::functions::Package;
use crate::template;

/// Years an anchor is locked: as `infra/30-buckets.yaml` says.
const ANCHOR_YEARS: i32 = 11;
/// The bucket of zips and templates.
pub const CODE_BUCKET: &str = "espace-code";
/// How long a deployment may take, in tenths of a second.
const DEPLOY_TENTHS: u32 = 600;

/// A deployed stack.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Its outputs.
    pub outputs: HashMap<String, String>,
    /// The parameters it was deployed with.
    pub parameters: HashMap<String, String>,
}

/// Uploads the zips; gives the folder they lie in.
pub async fn upload(config: &SdkConfig, version: &str, packages: Vec<Package>) -> Result<String> {
    let s3 = aws_sdk_s3::Client::new(config);
    if s3.head_bucket().bucket(CODE_BUCKET).send().await.is_err() {
        let region = aws_sdk_s3::types::BucketLocationConstraint::EuWest3;
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint(region)
            .build();
        s3.create_bucket()
            .bucket(CODE_BUCKET)
            .create_bucket_configuration(place)
            .send()
            .await
            .context("the code bucket could not be made")?;
    }
    let prefix = format!("code/{version}");
    for (name, zip) in packages {
        s3.put_object()
            .bucket(CODE_BUCKET)
            .key(format!("{prefix}/{name}.zip"))
            .body(ByteStream::from(zip))
            .send()
            .await
            .with_context(|| format!("{name}.zip could not be uploaded"))?;
    }
    Ok(prefix)
}

/// Creates or updates a stack and waits for it.
pub async fn deploy(config: &SdkConfig, name: &str, parameters: &[(&str, &str)]) -> Result<Stack> {
    let body = template::whole()?;
    let s3 = aws_sdk_s3::Client::new(config);
    let key = format!("templates/{name}.yaml");
    s3.put_object()
        .bucket(CODE_BUCKET)
        .key(&key)
        .body(ByteStream::from(body.into_bytes()))
        .send()
        .await
        .context("the template could not be uploaded")?;
    let endpoint = config.endpoint_url().unwrap_or("https://s3.eu-west-3.amazonaws.com");
    let url = format!("{endpoint}/{CODE_BUCKET}/{key}");
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(key, value)| {
            Parameter::builder().parameter_key(*key).parameter_value(*value).build()
        })
        .collect();
    let cloudformation = aws_sdk_cloudformation::Client::new(config);
    let exists = cloudformation.describe_stacks().stack_name(name).send().await.is_ok();
    let capabilities = [Capability::CapabilityIam, Capability::CapabilityAutoExpand];
    if exists {
        cloudformation
            .update_stack()
            .stack_name(name)
            .template_url(url)
            .set_parameters(Some(parameters))
            .set_capabilities(Some(capabilities.to_vec()))
            .send()
            .await
            .context("the stack could not be updated")?;
    } else {
        cloudformation
            .create_stack()
            .stack_name(name)
            .template_url(url)
            .set_parameters(Some(parameters))
            .set_capabilities(Some(capabilities.to_vec()))
            .send()
            .await
            .context("the stack could not be created")?;
    }
    let stack = wait(&cloudformation, name).await?;
    check_functions(config, &stack).await?;
    lock_anchors(&s3, &stack).await?;
    Ok(stack)
}

/// The emulator's stacks drop versions and locks of buckets; its S3 has them.
/// What the template says of the anchors is said again here.
async fn lock_anchors(s3: &aws_sdk_s3::Client, stack: &Stack) -> Result<()> {
    let bucket = stack.output("AnchorBucket")?;
    let versions =
        VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning()
        .bucket(bucket)
        .versioning_configuration(versions)
        .send()
        .await
        .context("the anchors keep no versions")?;
    let retention = DefaultRetention::builder()
        .mode(ObjectLockRetentionMode::Compliance)
        .years(ANCHOR_YEARS)
        .build();
    let lock = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(ObjectLockRule::builder().default_retention(retention).build())
        .build();
    s3.put_object_lock_configuration()
        .bucket(bucket)
        .object_lock_configuration(lock)
        .send()
        .await
        .context("the anchors are not locked")?;
    Ok(())
}

/// Waits until a stack stands, or tells why it does not.
async fn wait(client: &aws_sdk_cloudformation::Client, name: &str) -> Result<Stack> {
    for _ in 0..DEPLOY_TENTHS {
        let described = client.describe_stacks().stack_name(name).send().await?;
        let stack = described.stacks().first().context("the stack has vanished")?;
        match stack.stack_status() {
            Some(StackStatus::CreateComplete | StackStatus::UpdateComplete) => {
                let outputs = stack
                    .outputs()
                    .iter()
                    .filter_map(|o| {
                        Some((o.output_key()?.to_owned(), o.output_value()?.to_owned()))
                    })
                    .collect();
                let parameters = stack
                    .parameters()
                    .iter()
                    .filter_map(|p| {
                        Some((p.parameter_key()?.to_owned(), p.parameter_value()?.to_owned()))
                    })
                    .collect();
                return Ok(Stack { name: name.to_owned(), outputs, parameters });
            }
            Some(StackStatus::CreateInProgress | StackStatus::UpdateInProgress) | None => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Some(_) => bail!("the stack failed: {}", first_failure(client, name).await),
        }
    }
    bail!("the stack {name} is not there after {} s", DEPLOY_TENTHS / 10)
}

/// The first resource that failed, and why.
async fn first_failure(client: &aws_sdk_cloudformation::Client, name: &str) -> String {
    let Ok(events) = client.describe_stack_events().stack_name(name).send().await else {
        return "no reason given".to_owned();
    };
    events
        .stack_events()
        .iter()
        .rev()
        .find(|event| event.resource_status().is_some_and(|s| s.as_str().ends_with("FAILED")))
        .map_or_else(
            || "no reason given".to_owned(),
            |event| {
                let resource = event.logical_resource_id().unwrap_or_default();
                format!("{resource}: {}", event.resource_status_reason().unwrap_or_default())
            },
        )
}

/// A function whose zip is missing is "complete" all the same for the emulator,
/// and answers every call with a mock.
async fn check_functions(config: &SdkConfig, stack: &Stack) -> Result<()> {
    let lambda = aws_sdk_lambda::Client::new(config);
    for (output, function) in &stack.outputs {
        if !output.ends_with("Function") {
            continue;
        }
        let found = lambda
            .get_function_configuration()
            .function_name(function)
            .send()
            .await
            .with_context(|| format!("{output} was not created"))?;
        ensure!(found.code_size() > 0, "{output} has no code: its zip is missing");
    }
    Ok(())
}

impl Stack {
    /// An output that must be there.
    pub fn output(&self, name: &str) -> Result<&str> {
        self.outputs.get(name).map(String::as_str).with_context(|| format!("no output {name}"))
    }

    /// The stack of that name, as it stands.
    pub async fn find(config: &SdkConfig, name: &str) -> Result<Self> {
        wait(&aws_sdk_cloudformation::Client::new(config), name).await
    }

    /// The environment of one of its functions, as the template set it.
    pub async fn environment(
        &self,
        config: &SdkConfig,
        function: &str,
    ) -> Result<HashMap<String, String>> {
        let found = aws_sdk_lambda::Client::new(config)
            .get_function_configuration()
            .function_name(self.output(function)?)
            .send()
            .await?;
        Ok(found.environment().and_then(|e| e.variables()).cloned().unwrap_or_default())
    }
}
