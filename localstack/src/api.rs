//! Speaking to a system as its people do: through the API and the mail. Must
//! not know how the system was started.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::mail::{Message, code_in};
use crate::system::System;

/// How long a message may take to arrive, in tenths of a second.
const MAIL_TENTHS: u32 = 900;

/// A client of one system.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    system: System,
}

/// An answer, its body read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A person of a demo or a test, as the campaign file names them.
#[derive(Debug, Clone)]
pub struct Person(pub Value);

impl Api {
    /// A client of `system`.
    pub fn new(system: System) -> Self {
        Self { http: reqwest::Client::new(), system }
    }

    /// Where the system is.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Sends a request; `token` and `body` where there are any.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.system.api));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request.send().await?).await
    }

    /// Sends a prepared request to a path.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.system.api))
    }

    /// `GET`.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Result<Answer> {
        self.send(Method::GET, path, token, None).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Answer> {
        self.send(Method::POST, path, token, Some(body)).await
    }

    /// Everything sent so far.
    pub async fn mail(&self) -> Result<Vec<Message>> {
        Ok(self.http.get(&self.system.mail).send().await?.error_for_status()?.json().await?)
    }

    /// The last message to an address whose text `wanted` accepts, waiting for
    /// it to come.
    pub async fn wait_for_mail(
        &self,
        to: &str,
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<Message> {
        for _ in 0..MAIL_TENTHS {
            let found = self.mail().await?.into_iter().rev().find(|m| m.to == to && wanted(m));
            if let Some(message) = found {
                return Ok(message);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("no such message to that address after {} s", MAIL_TENTHS / 10)
    }

    /// The code in the last message to an address that carries one of `length`.
    pub async fn wait_for_code(&self, to: &str, length: usize) -> Result<String> {
        let carries = |m: &Message| code_in(&m.body).is_some_and(|code| code.len() == length);
        let message = self.wait_for_mail(to, carries).await?;
        code_in(&message.body).context("a code")
    }

    /// The code in the first message to an address beyond the `before` it had.
    pub async fn wait_for_new_code(&self, address: &str, before: usize) -> Result<String> {
        for _ in 0..MAIL_TENTHS * 2 {
            let mail = self.mail().await?;
            let mine = mail.into_iter().filter(|m| m.to == address);
            if let Some(code) = mine.skip(before).find_map(|m| code_in(&m.body)) {
                return Ok(code);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("no code came to that address after {} s", MAIL_TENTHS / 10)
    }

    /// A token of ours for someone a stand-in provider vouches for.
    pub async fn exchange(&self, provider: &str, claims: &Value) -> Result<String> {
        let url = format!("{}/providers/{provider}/token", self.system.api);
        let issued: Value =
            self.http.post(url).json(claims).send().await?.error_for_status()?.json().await?;
        let foreign = issued["token"].as_str().context("a provider's token")?;
        let answer = self.exchange_token(foreign).await?;
        Ok(answer.ok()?["access_token"].as_str().context("an access token")?.to_owned())
    }

    /// Exchanges a foreign token.
    pub async fn exchange_token(&self, foreign: &str) -> Result<Answer> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("subject_token", foreign),
        ];
        let body: Vec<_> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self
            .request(Method::POST, "/v1/sessions/exchange")
            .header("content-type", "application/x-www-form-urlencoded")
            // The values are urn's and a JWT: nothing of them needs escaping.
            .body(body.join("&"));
        Answer::of(request.send().await?).await
    }

    /// A token for the insurer.
    pub async fn insurer(&self) -> Result<String> {
        self.exchange("insurer", &json!({"sub": "insurer"})).await
    }

    /// A token for an agent of the phone line.
    pub async fn support(&self, agent: &str) -> Result<String> {
        self.exchange("support", &json!({"sub": agent, "agent": agent})).await
    }

    /// A token for a professional, alone in their structure.
    pub async fn professional(
        &self,
        rpps: &str,
        profession: &str,
        specialty: Option<&str>,
    ) -> Result<String> {
        let own: String = rpps.chars().skip(4).collect();
        self.professional_at(rpps, profession, specialty, &format!("1C{own}")).await
    }

    /// A token for a professional of a structure.
    pub async fn professional_at(
        &self,
        rpps: &str,
        profession: &str,
        specialty: Option<&str>,
        structure: &str,
    ) -> Result<String> {
        let claims = json!({
            "sub": format!("f:{rpps}"),
            "SubjectNameID": format!("8{rpps}"),
            "given_name": "Camille",
            "family_name": "Soignant",
            "SubjectRefPro": {"exercices": [{
                "codeProfession": profession,
                "codeSavoirFaire": specialty,
                "structure": structure,
            }]},
        });
        self.exchange("professional", &claims).await
    }

    /// Feeds a campaign file; gives the campaign.
    pub async fn feed(
        &self,
        insurer: &str,
        name: &str,
        sent_at: &str,
        file: Vec<u8>,
    ) -> Result<String> {
        let new = json!({"name": name, "sentAt": sent_at});
        let created = self.post("/v1/campaigns", Some(insurer), &new).await?.ok()?;
        let upload = &created["upload"];
        let url = upload["url"].as_str().context("an address for the file")?;
        let mut request = self.http.put(url).body(file);
        for (name, value) in upload["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        request.send().await?.error_for_status().context("the file was not taken")?;
        Ok(created["campaignId"].as_str().context("a campaign")?.to_owned())
    }

    /// How far a campaign is.
    pub async fn campaign(&self, insurer: &str, campaign: &str) -> Result<Value> {
        self.get(&format!("/v1/campaigns/{campaign}"), Some(insurer)).await?.ok()
    }

    /// Waits until a campaign is completed and its messages are sent.
    pub async fn wait_for_campaign(
        &self,
        insurer: &str,
        campaign: &str,
        wait_s: u32,
        progress: impl Fn(&Value),
    ) -> Result<Value> {
        for _ in 0..wait_s * 5 {
            let status = self.campaign(insurer, campaign).await?;
            progress(&status);
            let mailed: u64 = ["email", "sms", "letter"]
                .iter()
                .filter_map(|channel| status["mailed"][channel].as_u64())
                .sum();
            if status["state"] == "completed" && Some(mailed) >= status["invited"].as_u64() {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        bail!("the campaign is not completed and mailed after {wait_s} s")
    }

    /// Logs a holder in with the code sent to `address`.
    pub async fn log_in(&self, login: &str, password: &str, address: &str) -> Result<String> {
        let before = self.mail().await?.iter().filter(|m| m.to == address).count();
        let credentials = json!({"login": login, "password": password});
        let begun = self.post("/v1/sessions", None, &credentials).await?.ok()?;
        let challenge = begun["challengeId"].as_str().context("a challenge")?;
        let otp = self.wait_for_new_code(address, before).await?;
        let path = format!("/v1/sessions/{challenge}/otp");
        let opened = self.post(&path, None, &json!({"otp": otp})).await?.ok()?;
        Ok(opened["accessToken"].as_str().context("an access token")?.to_owned())
    }
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn of(response: reqwest::Response) -> Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await?.to_vec() })
    }

    /// The body as JSON (`null` when it is empty).
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body of a success; an error that names the problem otherwise.
    pub fn ok(&self) -> Result<Value> {
        if self.status.is_success() {
            return Ok(self.json());
        }
        bail!("{}: {}", self.status, String::from_utf8_lossy(&self.body))
    }

    /// The last part of the problem's type.
    pub fn problem(&self) -> String {
        let body = self.json();
        let kind = body["type"].as_str().unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default().to_owned()
    }
}

impl Person {
    /// A text field.
    pub fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// The proof of identity that the person would give with `code`.
    pub fn proof(&self, code: &str) -> Value {
        json!({"code": code, "nir": self.text("nir"), "card": self.0["card"]})
    }
}
