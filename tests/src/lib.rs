//! What the tests share: the system under test, its people, its functions
//! in-process under a clock of the test's own.
//!
//! For: tests only. Must not know: any one test.

#![expect(clippy::indexing_slicing, reason = "a missing field of an answer reads as null")]

mod in_process;
pub mod severed;
pub mod tables;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use espace_crypto::SystemRandom;
use espace_domain::{Clock, FixedClock, Nir, SystemClock};
use espace_storage::transitions::{Settled, settle_opposed};
use espace_storage::{Aws, Environment, PersonEntry, Registry, Run, SystemKeys};
use jiff::Timestamp;
use jiff::civil::Date;
use local_cloud::api::{Answer, Api, Person};
use local_cloud::deploy::{Stack, deploy};
use local_cloud::jobs::{fire, order};
use local_cloud::mail::code_in;
use local_cloud::people::{PEOPLE_MAX, People};
use local_cloud::run::reach;
use local_cloud::system::System;
use serde_json::{Value, json};

pub use in_process::InProcess;

/// A password that no rule refuses.
pub const PASSWORD: &str = "Brise-marine-29";
/// How long a small campaign may take, seconds.
const CAMPAIGN_S: u32 = 120;

/// The system under test.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// As people use it.
    pub api: Api,
    /// As its owner reaches it.
    pub config: SdkConfig,
    /// The stack.
    pub stack: Stack,
}

/// A person who was sent a code.
#[derive(Debug, Clone)]
pub struct Invited {
    /// As fed.
    pub person: Person,
    /// The code.
    pub code: String,
}

/// A family that was sent its codes.
#[derive(Debug, Clone)]
pub struct Family {
    /// Two.
    pub parents: Vec<Invited>,
    /// Represented by both.
    pub children: Vec<Invited>,
}

/// Someone whose space is in their hands, logged in.
#[derive(Debug, Clone)]
pub struct Patient {
    /// As invited.
    pub invited: Invited,
    /// Their token.
    pub token: String,
    /// Their space.
    pub space_id: String,
}

/// Seeds of people: each test has its own, each run too.
static SEED: AtomicU64 = AtomicU64::new(0);

impl Deployed {
    /// The system that `cargo xtask test` started.
    pub async fn load() -> Result<Self> {
        let system = System::load()?;
        let (config, stack) = reach(&system).await?;
        Ok(Self { api: Api::new(system), config, stack })
    }

    /// A stack of the test's own on the same cloud, its queues left alone: the
    /// test is the only worker.
    pub async fn alone(&self, name: &str) -> Result<Self> {
        self.alone_with(name, &[]).await
    }

    /// The same with some parameters changed.
    pub async fn alone_with(&self, name: &str, changes: &[(&str, &str)]) -> Result<Self> {
        let mut parameters = self.stack.parameters.clone();
        for (name, value) in changes {
            parameters.insert((*name).to_owned(), (*value).to_owned());
        }
        parameters.insert("WorkersEnabled".to_owned(), "false".to_owned());
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let stack = deploy(&self.config, name, &parameters).await?;
        // The emulator does not take `Enabled` from the parameter.
        let lambda = aws_sdk_lambda::Client::new(&self.config);
        for (output, function) in &stack.outputs {
            if !output.ends_with("Function") {
                continue;
            }
            let sources =
                lambda.list_event_source_mappings().function_name(function).send().await?;
            for source in sources.event_source_mappings() {
                lambda
                    .update_event_source_mapping()
                    .uuid(source.uuid().unwrap_or_default())
                    .enabled(false)
                    .send()
                    .await?;
            }
        }
        Ok(Self { stack, ..self.clone() })
    }

    /// How many items a table of the stack holds.
    pub async fn count(&self, table: &str) -> Result<usize> {
        Ok(self.items(table).await?.len())
    }

    /// Every item of a table of the stack.
    pub async fn items(&self, table: &str) -> Result<Vec<HashMap<String, AttributeValue>>> {
        let mut pages = aws_sdk_dynamodb::Client::new(&self.config)
            .scan()
            .table_name(self.stack.output(table)?)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item?);
        }
        Ok(items)
    }

    /// The next people nobody has met.
    pub fn people() -> People {
        let nanosecond = SystemClock.now().as_nanosecond();
        let fresh = u64::try_from(nanosecond % 1_000_000_000_000_000).unwrap_or(0);
        let seed = fresh.wrapping_add(SEED.fetch_add(1, Ordering::Relaxed));
        // Far enough from the end for the largest test.
        People::new(seed)
            .starting_at(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (PEOPLE_MAX - 10_000))
    }

    /// Feeds lines as a campaign sent `days` ago and waits for its end.
    pub async fn feed(&self, lines: &[Value], days: i64) -> Result<(String, Value)> {
        let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
        self.feed_bytes(lines.join("\n").into_bytes(), days).await
    }

    /// Feeds a file as it is.
    pub async fn feed_bytes(&self, file: Vec<u8>, days: i64) -> Result<(String, Value)> {
        let insurer = self.api.insurer().await?;
        let sent_at = Timestamp::from_second(SystemClock.now().as_second() - days * 86_400)?;
        let campaign = self.api.feed(&insurer, "Essai", &format!("{sent_at:.0}"), file).await?;
        let status = self.api.wait_for_campaign(&insurer, &campaign, CAMPAIGN_S, |_| {}).await?;
        Ok((campaign, status))
    }

    /// The refused lines of a campaign.
    pub async fn rejections(&self, campaign: &str) -> Result<Vec<(u64, String)>> {
        let insurer = self.api.insurer().await?;
        let path = format!("/v1/campaigns/{campaign}/rejections");
        let answer = self.api.get(&path, Some(&insurer)).await?;
        ensure!(answer.status.is_success(), "rejections: {}", answer.status);
        let text = String::from_utf8(answer.body)?;
        text.lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line)?;
                let number = line["line"].as_u64().context("a line number")?;
                Ok((number, line["reason"].as_str().unwrap_or_default().to_owned()))
            })
            .collect()
    }

    /// Someone new with an e-mail address and a card, invited `days` ago.
    pub async fn invite(&self, days: i64) -> Result<Invited> {
        let mut people = self.invite_many(1, days).await?;
        people.pop().context("someone")
    }

    /// Several such people.
    pub async fn invite_many(&self, count: usize, days: i64) -> Result<Vec<Invited>> {
        self.invite_as(count, days, |_| {}).await
    }

    /// The same, with what else the insurer knows of them.
    async fn invite_as(
        &self,
        count: usize,
        days: i64,
        known: impl Fn(&mut Value),
    ) -> Result<Vec<Invited>> {
        let mut lines: Vec<Value> = Self::people()
            .filter(|person| person["representatives"] == json!([]) && !person["email"].is_null())
            .take(count)
            .collect();
        lines.iter_mut().for_each(known);
        self.feed(&lines, days).await?;
        let mail = self.api.mail().await?;
        lines
            .into_iter()
            .map(|line| {
                let person = Person(line);
                let code = mail
                    .iter()
                    .rev()
                    .filter(|message| message.to == person.text("email"))
                    .find_map(|message| code_in(&message.body))
                    .context("the invitation's code")?;
                Ok(Invited { person, code })
            })
            .collect()
    }

    /// A family: two parents with cards and addresses of their own, and children born
    /// on `births`, reached at an address of each child's own. All are fed, `days` ago.
    pub async fn family(&self, births: &[Date], days: i64) -> Result<Family> {
        let mut parents: Vec<Value> = Self::people()
            .filter(|person| {
                person["representatives"] == json!([])
                    && !person["email"].is_null()
                    && !person["card"].is_null()
                    && !person["postalAddress"].is_null()
            })
            .take(2 + births.len())
            .collect();
        let lines = parents.split_off(2);
        let children: Vec<Value> = lines
            .into_iter()
            .zip(births)
            .map(|(mut child, born)| {
                child["birthDate"] = json!(born.to_string());
                child["card"] = Value::Null;
                child["representatives"] = json!([parents[0]["nir"], parents[1]["nir"]]);
                child
            })
            .collect();
        let all: Vec<Value> = parents.iter().chain(&children).cloned().collect();
        self.feed(&all, days).await?;
        let mail = self.api.mail().await?;
        let invited = |line: Value| -> Result<Invited> {
            let person = Person(line);
            let to_them = mail.iter().rev().filter(|m| m.to == person.text("email"));
            let mut to_them = to_them;
            let code = to_them.find_map(|m| code_in(&m.body)).context("a code")?;
            Ok(Invited { person, code })
        };
        Ok(Family {
            parents: parents.into_iter().map(invited).collect::<Result<_>>()?,
            children: children.into_iter().map(invited).collect::<Result<_>>()?,
        })
    }

    /// Proves the identity of someone a representative acts for, by any code.
    pub async fn prove_for(&self, person: &Person, code: &str, by: &Person) -> Result<Answer> {
        let proof = json!({"code": code, "nir": person.text("nir"), "card": null,
            "representative": {"nir": by.text("nir"), "card": by.0["card"]}});
        self.api.post("/v1/activation/identity", None, &proof).await
    }

    /// Activates a space and logs its holder in.
    pub async fn activate_and_log_in(&self, invited: &Invited) -> Result<String> {
        let login = self.activate(invited).await?;
        self.api.log_in(&login, PASSWORD, invited.person.text("email")).await
    }

    /// Confirms an act with a fresh second factor; gives `challengeId` and `otp`.
    pub async fn step_up(&self, token: &str, purpose: &str, address: &str) -> Result<Value> {
        let before = self.api.mail().await?.iter().filter(|m| m.to == address).count();
        let asked = json!({"purpose": purpose});
        let path = "/v1/sessions/current/step-up";
        let begun = self.api.post(path, Some(token), &asked).await?.ok()?;
        let otp = self.api.wait_for_new_code(address, before).await?;
        Ok(json!({"challengeId": begun["challengeId"], "otp": otp}))
    }

    /// Proves an identity; gives the enrolment token.
    pub async fn prove(&self, invited: &Invited) -> Result<String> {
        let proof = invited.person.proof(&invited.code);
        let proven = self.api.post("/v1/activation/identity", None, &proof).await?.ok()?;
        Ok(proven["enrolmentToken"].as_str().context("a token")?.to_owned())
    }

    /// Someone whose space is active; gives their login.
    pub async fn activate(&self, invited: &Invited) -> Result<String> {
        let token = self.prove(invited).await?;
        let login = login_of(&invited.person);
        let account = json!({"login": login, "password": PASSWORD});
        self.api.post("/v1/activation", Some(&token), &account).await?.ok()?;
        Ok(login)
    }

    /// A citizen's access token, from an invitation to a login.
    pub async fn citizen(&self) -> Result<String> {
        let invited = self.invite(0).await?;
        let login = self.activate(&invited).await?;
        self.api.log_in(&login, PASSWORD, invited.person.text("email")).await
    }

    /// Someone whose space is in their hands.
    pub async fn patient(&self) -> Result<Patient> {
        self.patient_as(|_| {}).await
    }

    /// The same, with what else the insurer knows of them.
    pub async fn patient_as(&self, known: impl Fn(&mut Value)) -> Result<Patient> {
        let invited = self.invite_as(1, 0, known).await?.pop().context("someone")?;
        let token = self.activate_and_log_in(&invited).await?;
        let space = self.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
        let space_id = space["spaceId"].as_str().context("a space")?.to_owned();
        Ok(Patient { invited, token, space_id })
    }

    /// Someone who refused a space; their token and space are nobody's.
    pub async fn opposed(&self) -> Result<Patient> {
        let invited = self.invite(0).await?;
        let token = self.prove(&invited).await?;
        let body = json!({"confirmed": true});
        self.api.post("/v1/opposition", Some(&token), &body).await?.ok()?;
        Ok(Patient { invited, token, space_id: "0".repeat(26) })
    }

    /// Closes a space, as its holder would.
    pub async fn close(&self, patient: &Patient) -> Result<()> {
        let address = patient.invited.person.text("email");
        let mut body = self.step_up(&patient.token, "closure", address).await?;
        body["password"] = json!(PASSWORD);
        body["confirmation"] = json!("FERMER");
        patient.post(self, "/closure", &body).await?.ok()?;
        Ok(())
    }

    /// Fires a scheduled job as of now and waits for its run.
    pub async fn fire(&self, job: &str) -> Result<()> {
        fire(&self.config, &self.stack, job, SystemClock.now(), |_| {}).await.map(|_| ())
    }

    /// The same as of a time to come.
    pub async fn fire_as_of(&self, job: &str, as_of: Timestamp) -> Result<()> {
        fire(&self.config, &self.stack, job, as_of, |_| {}).await.map(|_| ())
    }

    /// Asks a job for what its schedule does not; gives the run, where one began.
    pub async fn order(&self, job: &str, detail: Value) -> Result<Option<Run>> {
        order(&self.config, &self.stack, job, SystemClock.now(), detail, |_| {}).await
    }

    /// A person as the registry holds them.
    pub async fn person(&self, nir: &str) -> Result<PersonEntry> {
        self.registry().await?.find(&Nir::parse(nir)?).await?.context("a person")
    }

    async fn registry(&self) -> Result<Registry> {
        let aws = Aws::from_config(self.config.clone());
        let mut environment = self.environment("ActivationFunction", &[]).await?;
        let keys = Arc::new(SystemKeys::new(&aws, &mut environment, now()));
        Ok(Registry::new(&aws, &mut environment, keys))
    }

    /// What time asks about someone who refused, as of some days from now: what
    /// `auto-creation` does, for this person alone. The job itself would open the
    /// spaces of every other test's people.
    pub async fn settle(&self, nir: &str, days: i64) -> Result<Settled> {
        let entry = self.person(nir).await?;
        let registry = self.registry().await?;
        Ok(settle_opposed(&registry, &entry, in_days(days).now()).await?)
    }

    /// The wrong tries counted against a person's code.
    pub async fn code_tries(&self, nir: &str) -> Result<u32> {
        Ok(self.person(nir).await?.code.context("a code")?.tries)
    }

    /// The environment of a deployed function, some of it changed.
    pub async fn environment(
        &self,
        function: &str,
        changes: &[(&str, &str)],
    ) -> Result<Environment> {
        let mut values = self.stack.environment(&self.config, function).await?;
        for (name, value) in changes {
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        Ok(Environment::from_values(values))
    }
}

impl Patient {
    /// `GET` in their space.
    pub async fn get(&self, deployed: &Deployed, path: &str) -> Result<Answer> {
        deployed.api.get(&format!("/v1/spaces/me{path}"), Some(&self.token)).await
    }

    /// `POST` in their space.
    pub async fn post(&self, deployed: &Deployed, path: &str, body: &Value) -> Result<Answer> {
        deployed.api.post(&format!("/v1/spaces/me{path}"), Some(&self.token), body).await
    }

    /// Six digits to show a professional.
    pub async fn presence_code(&self, deployed: &Deployed) -> Result<String> {
        let drawn = self.post(deployed, "/presence-codes", &json!({})).await?.ok()?;
        Ok(drawn["presenceCode"].as_str().context("a code")?.to_owned())
    }

    /// Whether their log is found intact.
    pub async fn verified(&self, deployed: &Deployed) -> Result<bool> {
        let verification = self.get(deployed, "/access-log/verification").await?.ok()?;
        verification["intact"].as_bool().context("an answer")
    }
}

/// The number of a professional of the test's own.
pub fn rpps() -> String {
    let mut bytes = [0; 8];
    espace_domain::Random::fill(&SystemRandom, &mut bytes);
    format!("1{:010}", u64::from_be_bytes(bytes) % 10_000_000_000)
}

/// A clock that stands some days from now.
pub fn in_days(days: i64) -> Arc<dyn Clock> {
    let now = SystemClock.now().as_second();
    Arc::new(FixedClock(Timestamp::from_second(now + days * 86_400).unwrap_or(Timestamp::MAX)))
}

/// The real clock.
pub fn now() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// A login of a person's own.
pub fn login_of(person: &Person) -> String {
    let address = person.text("email");
    let unique: String = address.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("qui-{unique}").chars().take(60).collect()
}
