//! The port to the trust space, with two adapters: SMTP, as the local stand-in speaks it, and
//! the operator's gateway, which takes a whole mail by HTTPS on a private address that knows
//! its callers by their network.
//!
//! Must not know: what a mail says, nor why it is sent.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use espace_jobs::JobError;
use espace_mail::MailAddress;
use lettre::address::Envelope;
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

/// How long either may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// The media type of a mail.
const MAIL: &str = "message/rfc822";

/// The way out.
#[derive(Debug, Clone)]
pub(crate) enum Gateway {
    /// To a mail server.
    Smtp {
        /// Its name.
        host: String,
        /// Its port.
        port: u16,
    },
    /// To the operator's gateway.
    Operator {
        /// Where it takes mails.
        url: String,
        // Made when the first mail goes: reading the system's roots takes milliseconds.
        http: Arc<OnceLock<reqwest::Client>>,
    },
}

impl Gateway {
    /// The gateway at `smtp://host:port`, or at the URL of the operator's.
    pub(crate) fn new(at: &str) -> Self {
        let server = at.strip_prefix("smtp://").and_then(|rest| rest.split_once(':'));
        match server.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?))) {
            Some((host, port)) => Self::Smtp { host, port },
            None => Self::Operator { url: at.to_owned(), http: Arc::default() },
        }
    }

    /// Sends a mail that we wrote; what came from outside is never sent on.
    pub(crate) async fn send(
        &self,
        from: &MailAddress,
        to: &MailAddress,
        mail: Vec<u8>,
    ) -> Result<(), JobError> {
        match self {
            Self::Smtp { host, port } => smtp((host, *port), from, to, &mail).await,
            Self::Operator { url, http } => operator(url, client(http)?, (from, to), mail).await,
        }
    }
}

async fn smtp(
    (host, port): (&str, u16),
    from: &MailAddress,
    to: &MailAddress,
    mail: &[u8],
) -> Result<(), JobError> {
    let address = |text: &MailAddress| {
        text.as_str().parse::<Address>().map_err(|_| JobError::Work("not an address of a mail"))
    };
    let envelope = Envelope::new(Some(address(from)?), vec![address(to)?]);
    let envelope = envelope.map_err(|_| JobError::Work("a mail to nobody"))?;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port)
        .timeout(Some(ANSWER_TIMEOUT))
        .hello_name(ClientId::Domain("espace-sante.invalid".to_owned()))
        .build::<Tokio1Executor>();
    let sent = transport.send_raw(&envelope, mail).await;
    sent.map(|_| ()).map_err(|_| JobError::Work("the mail server did not take a mail"))
}

async fn operator(
    url: &str,
    http: &reqwest::Client,
    (from, to): (&MailAddress, &MailAddress),
    mail: Vec<u8>,
) -> Result<(), JobError> {
    let sent = http
        .post(url)
        .header("content-type", MAIL)
        // The envelope, apart from what the mail says of itself (RFC 5321).
        .header("x-envelope-from", from.as_str())
        .header("x-envelope-to", to.as_str())
        .body(mail)
        .send()
        .await
        .map_err(|_| JobError::Work("the operator's gateway did not answer"))?;
    if sent.status().is_success() {
        return Ok(());
    }
    Err(JobError::Work("the operator's gateway did not take a mail"))
}

fn client(http: &OnceLock<reqwest::Client>) -> Result<&reqwest::Client, JobError> {
    if let Some(client) = http.get() {
        return Ok(client);
    }
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_TIMEOUT);
    let client = builder.build().map_err(|_| JobError::Work("no client for the gateway"))?;
    Ok(http.get_or_init(|| client))
}
