//! A word to a browser, by its push service (RFC 8030): without any content, so that nothing
//! is told to the service, and the screen says only that there is something new.
//!
//! Must not know: what is new.

use std::sync::OnceLock;
use std::time::Duration;

use espace_domain::{PushEndpoint, PushServices};
use espace_jobs::JobError;
use espace_storage::{PushNotice, PushSubscriptions};
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH};

/// Seconds a push service keeps the word for a browser that is off: a day.
const TTL_S: &str = "86400";
/// How long a push service may take to answer.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Tells browsers.
#[derive(Debug, Clone)]
pub(crate) struct Pusher {
    pub(crate) subscriptions: PushSubscriptions,
    pub(crate) services: PushServices,
    /// Whom a push service reaches, as a `mailto:` address.
    pub(crate) contact: String,
    // Made when the first browser is told: reading the system's roots takes milliseconds.
    pub(crate) http: OnceLock<reqwest::Client>,
}

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// The push service has it.
    Told,
    /// The browser is no more: it is forgotten.
    Gone,
}

impl Pusher {
    /// Tells a browser. One that is no more, or at a service that is no longer known, is
    /// forgotten.
    pub(crate) async fn tell(
        &self,
        notice: &PushNotice,
        now: Timestamp,
    ) -> Result<Pushed, JobError> {
        let forget = || self.subscriptions.remove(&notice.push_owner, &notice.push_id);
        let Ok(endpoint) = PushEndpoint::parse(notice.endpoint.expose(), &self.services) else {
            forget().await?;
            return Ok(Pushed::Gone);
        };
        let key = self.subscriptions.key().await?;
        let authorization = key
            .authorization(endpoint.origin(), &self.contact, now)
            .map_err(|_| JobError::Work("a token for a push service failed"))?;
        let sent = self
            .http()?
            .post(endpoint.expose())
            .header("ttl", TTL_S)
            .header("urgency", "normal")
            // One word waits at most: a later one takes its place.
            .header("topic", "nouveau")
            .header(CONTENT_LENGTH, "0")
            .header(AUTHORIZATION, authorization)
            .send()
            .await
            .map_err(|_| JobError::Work("a push service did not answer"))?;
        match sent.status() {
            status if status.is_success() => Ok(Pushed::Told),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                forget().await?;
                Ok(Pushed::Gone)
            }
            _ => Err(JobError::Work("a push service refused")),
        }
    }

    fn http(&self) -> Result<&reqwest::Client, JobError> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ASK_TIMEOUT);
        let client = builder.build().map_err(|_| JobError::Work("no client for push services"))?;
        Ok(self.http.get_or_init(|| client))
    }
}
