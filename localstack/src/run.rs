//! Starting a whole system: cloud, functions, front, mailbox, people; and
//! stopping it. Must not know the product.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::api::Api;
use crate::backend::{Backend, Kind, free_port, fresh_directory, owner};
use crate::deploy::{Stack, deploy, upload};
use crate::front::{RunningFront, start, start_mail};
use crate::functions::package;
use crate::mail::Mailbox;
use crate::mssante::Operator;
use crate::providers::{AUDIENCE, Providers};
use crate::push_service::PushService;
use crate::say;
use crate::site::Site;
use crate::system::{System, project};

/// The port of the front, where it is free.
const FRONT_PORT: u16 = 8_080;
/// The port of the mailbox, where it is free.
const MAIL_PORT: u16 = 8_025;
/// The port of the operator of secure mail, where it is free.
const SMTP_PORT: u16 = 2_525;
/// The name of the stack.
pub const STACK: &str = "espace";

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which cloud.
    pub kind: Kind,
    /// The folder of its logs and of `system.json`, under `target/local`.
    pub name: String,
    /// The folder of the built functions.
    pub binaries: PathBuf,
    /// Whether to feed the people of the demo.
    pub seed: bool,
}

/// A system that runs until it is stopped.
#[derive(Debug)]
pub struct RunningSystem {
    backend: Backend,
    front: RunningFront,
    mail: tokio::task::JoinHandle<()>,
    smtp: tokio::task::JoinHandle<()>,
    file: PathBuf,
    /// Where it is.
    pub system: System,
}

/// The parameters of a local stack: limits per source so high that many people
/// can come from one address, no delay between codes.
pub fn parameters<'a>(
    prefix: &'a str,
    origin: &'a str,
    passkey_origin: &'a str,
    providers: &'a [String; 3],
    mailing_house: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let [professional, support, insurer] = providers;
    vec![
        ("Stage", "local"),
        ("CodeBucket", crate::deploy::CODE_BUCKET),
        ("CodePrefix", prefix),
        ("Architecture", architecture),
        ("Issuer", origin),
        ("PasskeyOrigin", passkey_origin),
        ("MailingHouseKey", mailing_house),
        ("ProviderAudience", AUDIENCE),
        ("ProfessionalIssuer", professional),
        ("ProfessionalAlgorithm", "ES256"),
        ("SupportIssuer", support),
        ("InsurerIssuer", insurer),
        ("AllowFutureEvents", "true"),
        ("IdentityTriesPerSource", "1000000"),
        ("TestIdentities", "true"),
        ("SearchesPerProfessional", "1000000"),
        ("SearchesPerStructure", "1000000"),
        ("AccessesPerProfessional", "1000000"),
        ("AccessesPerStructure", "1000000"),
        ("EmergenciesPerProfessional", "1000000"),
        ("EmergenciesPerStructure", "1000000"),
        ("InvitationsPerHolder", "1000000"),
        ("MessagesPerSender", "1000000"),
        ("PushServices", "http://127.0.0.1"),
        ("LoginsPerSource", "1000000"),
        ("LoginsPerAccountAndSource", "1000000"),
        ("LoginsPerPerson", "1000000"),
        ("SecondFactorsPerWeek", "1000000"),
        ("CodesPerSource", "1000000"),
        ("CodesPerPerson", "1000000"),
        ("ActsPerAgent", "1000000"),
        ("PhoneAlwaysOpen", "true"),
        ("CodeDelaySeconds", "0"),
        ("PrintDelaySeconds", "1"),
    ]
}

impl RunningSystem {
    /// Starts everything and writes `system.json` once it is ready.
    pub async fn start(options: &Options) -> Result<Self> {
        let directory = fresh_directory(&options.name)?;
        say("starting the cloud");
        let backend = Backend::start(options.kind, &directory).await?;
        match Self::start_on(&backend, options, &directory).await {
            Ok((front, [mail, smtp], system, file)) => {
                Ok(Self { backend, front, mail, smtp, file, system })
            }
            Err(error) => {
                backend.stop().await?;
                let log = directory.join("ministack.log");
                Err(error.context(format!("the cloud's log: {}", log.display())))
            }
        }
    }

    async fn start_on(
        backend: &Backend,
        options: &Options,
        directory: &Path,
    ) -> Result<(RunningFront, [tokio::task::JoinHandle<()>; 2], System, PathBuf)> {
        let config = owner(&backend.endpoint).await;
        let listener = TcpListener::bind(("127.0.0.1", free_port(FRONT_PORT)?)).await?;
        let mail_listener = TcpListener::bind(("127.0.0.1", free_port(MAIL_PORT)?)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let providers = Providers::new(&origin)?;
        let issuers =
            ["professional", "support", "insurer"].map(|provider| providers.issuer(provider));
        let pushes = PushService::new(&origin);
        let operator = Operator::default();
        let site = Site::new(project().join("web/dist"), &backend.endpoint);
        let front = start(listener, providers, pushes.clone(), operator.clone(), site);
        let smtp_listener = TcpListener::bind(("127.0.0.1", free_port(SMTP_PORT)?)).await?;
        let smtp = format!("smtp://{}", smtp_listener.local_addr()?);
        let smtp_task = operator.clone().serve(smtp_listener);

        say("packaging the functions");
        let (version, packages) = package(&options.binaries, directory)?;
        say("deploying infra/");
        let prefix = upload(&config, &version, packages).await?;
        let identity = age::x25519::Identity::generate();
        let recipient = identity.to_public().to_string();
        // Browsers make no passkey for an address in digits.
        let passkey_origin = origin.replace("127.0.0.1", "localhost");
        let mut parameters = parameters(&prefix, &origin, &passkey_origin, &issuers, &recipient);
        parameters.push(("MailGateway", &smtp));
        let stack = deploy(&config, STACK, &parameters).await?;
        front.point_at(&backend.endpoint, stack.output("ApiId")?);
        let mailbox = Mailbox::new(
            &config,
            stack.output("PrintBucket")?,
            identity,
            (pushes, operator.clone()),
        );
        operator.deliver_to(&config, stack.output("MailBucket")?);
        let system = System {
            api: origin.clone(),
            web: origin,
            mail: format!("http://{}/", mail_listener.local_addr()?),
            smtp: Some(smtp.clone()),
            aws: backend.endpoint.clone(),
            stack: stack.name.clone(),
        };
        let mail = start_mail(mail_listener, mailbox);
        wait_for_api(&system).await?;
        if options.seed {
            say("feeding the people of the demo");
            crate::seed::seed(&Api::new(system.clone())).await?;
        }
        let file = if options.name == "run" {
            crate::system::local_directory().join("system.json")
        } else {
            directory.join("system.json")
        };
        system.write(&file)?;
        Ok((front, [mail, smtp_task], system, file))
    }

    /// Starts everything, then waits for Ctrl-C or a termination signal and stops
    /// it. Stopped while starting, what was started ends too.
    pub async fn run(options: &Options, ready: impl FnOnce(&System) -> Result<()>) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut stopped = std::pin::pin!(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
        });
        let running = tokio::select! {
            running = Self::start(options) => running?,
            // Dropped half-way, the backend's process is killed with it.
            () = &mut stopped => return Ok(()),
        };
        ready(&running.system)?;
        stopped.await;
        say("stopping");
        running.stop().await
    }

    /// Stops everything.
    pub async fn stop(self) -> Result<()> {
        // Gone already is as good as removed.
        let _removed = std::fs::remove_file(&self.file);
        self.front.stop();
        self.mail.abort();
        self.smtp.abort();
        self.backend.stop().await
    }
}

/// The first call creates the signing keys and proves that the API answers.
async fn wait_for_api(system: &System) -> Result<()> {
    let answer = Api::new(system.clone()).get("/.well-known/openid-configuration", None).await?;
    answer.ok().context("the API does not answer")?;
    Ok(())
}

/// The owner's configuration and the stack of a running system.
pub async fn reach(system: &System) -> Result<(SdkConfig, Stack)> {
    let config = owner(&system.aws).await;
    let stack = Stack::find(&config, &system.stack).await?;
    Ok((config, stack))
}
