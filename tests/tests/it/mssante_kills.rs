//! The bridge killed at every step: a mail is one message, or lies where it lay; and its other
//! way out, the operator's gateway.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use journeys::severed::{Door, Ended};
use journeys::{Deployed, rpps};
use local_cloud::bench::owner_environment;
use local_cloud::mssante::PATIENT_DOMAIN;
use local_cloud::runtime_api::Process;
use local_cloud::system::target_directory;
use serde_json::{Value, json};

use crate::messages::{read, threads};
use crate::mssante::{DOMAIN, address_of, correspondent, plain, sent, with_files};
use crate::vault::pdf;

/// Steps after which the job is taken to be done, whatever it is.
const STEPS_MAX: u32 = 60;

/// A bucket of the test's own, of which no queue hears.
async fn bucket(s3: &aws_sdk_s3::Client, name: &str) -> Result<()> {
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint("eu-west-3".into())
        .build();
    s3.create_bucket().bucket(name).create_bucket_configuration(place).send().await?;
    Ok(())
}

/// The job in a process of its own, on a bucket of its own.
async fn process(
    deployed: &Deployed,
    endpoint: &str,
    changes: &HashMap<&str, &str>,
) -> Result<Process> {
    let function = "MssanteFunction";
    let mut environment = deployed.stack.environment(&deployed.config, function).await?;
    environment.extend(owner_environment(endpoint));
    for (name, value) in changes {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Process::start(&target_directory().join("debug/mssante"), &environment).await
}

/// S3's word, in a queue's message.
fn arrival(key: &str) -> Value {
    let body = json!({"Records": [{"s3": {"object": {"key": key}}}]});
    json!({"Records": [{"messageId": "m", "body": body.to_string()}]})
}

#[tokio::test]
async fn killed_at_every_step_each_mail_is_one_message() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = correspondent(&deployed).await?;
    let to = address_of(&patient);
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let name = format!("mail-{}", &patient.space_id[..8]);
    bucket(&s3, &name).await?;
    let changes = HashMap::from([("ESPACE_MAIL_BUCKET", name.as_str())]);
    let cloud = deployed.api.system().aws.clone();
    let mut killed = 0;
    let mut mails = 0;
    'steps: for step in 0..STEPS_MAX {
        for after in [false, true] {
            mails += 1;
            let key = format!("incoming/{mails}.eml");
            let files = [("resultats.pdf", pdf(&format!("mail {mails}")))];
            let raw = with_files(&doctor.address, &to, &files);
            let put = s3.put_object().bucket(&name).key(&key);
            let put = put.metadata("envelope-from", &doctor.address);
            put.body(raw.into()).send().await?;
            let door = Door::open(&cloud, step, after).await?;
            let severed = process(&deployed, &door.endpoint, &changes).await?;
            let ended = door.run(severed, arrival(&key)).await?;
            // The queue brings it again.
            let mut again = process(&deployed, &cloud, &changes).await?;
            let answer = again.invoke(arrival(&key)).await?;
            again.stop().await?;
            ensure!(answer["batchItemFailures"] == json!([]), "step {step}: {answer}");
            let left = s3.list_objects_v2().bucket(&name).send().await?;
            ensure!(left.contents().is_empty(), "step {step}: a mail was left");
            let path = format!("{}?limit=200", threads("me"));
            let list = deployed.api.get(&path, Some(&patient.token)).await?.ok()?;
            let items = list["items"].as_array().context("items")?;
            ensure!(items.len() == mails, "step {step}: {} for {mails} mails", items.len());
            // The file is there, whole.
            let id = items[0]["threadId"].as_str().context("an id")?;
            let thread = format!("{}/{id}", threads("me"));
            let whole = read(&deployed, &patient.token, &thread).await?;
            ensure!(whole["messagesCount"] == 1, "step {step}: {whole}");
            let file = format!("{thread}/messages/1/attachments/1/content");
            let content = deployed.api.get(&file, Some(&patient.token)).await?;
            ensure!(content.body == pdf(&format!("mail {mails}")), "step {step}");
            if let Ended::Answered(_) = ended {
                break 'steps;
            }
            killed += 1;
        }
    }
    assert!(killed >= 16, "killed {killed} times");
    Ok(())
}

#[tokio::test]
async fn the_operators_gateway_is_the_other_way_out() -> Result<()> {
    let deployed = Deployed::load().await?;
    let doctor = correspondent(&deployed).await?;
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let name = format!("mail-{}", rpps());
    bucket(&s3, &name).await?;
    let gateway = format!("{}/mssante", deployed.api.system().api);
    let changes = HashMap::from([
        ("ESPACE_MAIL_BUCKET", name.as_str()),
        ("ESPACE_MAIL_GATEWAY", gateway.as_str()),
    ]);
    let nobody = format!("1850578006084{:02}@{PATIENT_DOMAIN}", 97 - 1_850_578_006_084_u64 % 97);
    let raw = plain(&doctor.address, &nobody, &format!("{}@{DOMAIN}", rpps()), "Bonjour");
    s3.put_object()
        .bucket(&name)
        .key("incoming/a.eml")
        .metadata("envelope-from", &doctor.address)
        .body(raw.into_bytes().into())
        .send()
        .await?;
    let cloud = deployed.api.system().aws.clone();
    let mut job = process(&deployed, &cloud, &changes).await?;
    let answer = job.invoke(arrival("incoming/a.eml")).await?;
    job.stop().await?;
    assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    let told = sent(&deployed, &doctor.address, 1).await?;
    assert!(told[0].contains("Message non remis"), "{}", told[0]);
    Ok(())
}

#[tokio::test]
async fn a_mail_of_which_nobody_was_told_is_taken_in_all_the_same() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = correspondent(&deployed).await?;
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let name = format!("mail-{}", rpps());
    bucket(&s3, &name).await?;
    let changes = HashMap::from([("ESPACE_MAIL_BUCKET", name.as_str())]);
    let to = address_of(&patient);
    let raw = plain(&doctor.address, &to, &format!("{}@{DOMAIN}", rpps()), "Bonjour");
    let put = s3.put_object().bucket(&name).key("incoming/unheard.eml");
    let put = put.metadata("envelope-from", &doctor.address);
    put.body(raw.into_bytes().into()).send().await?;
    let cloud = deployed.api.system().aws.clone();
    let mut job = process(&deployed, &cloud, &changes).await?;
    let hour = jiff::SignedDuration::from_hours(1);
    let event = json!({
        "id": "b3b5f5a0-6b8e-4c8e-9d59-0a4f5d7f8c11",
        "time": format!("{:.0}", journeys::now().now().checked_add(hour)?),
    });
    let answer = job.invoke(event).await?;
    job.stop().await?;
    ensure!(answer["errorMessage"].is_null(), "{answer}");
    let list = deployed.api.get(&threads("me"), Some(&patient.token)).await?.ok()?;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    Ok(())
}
