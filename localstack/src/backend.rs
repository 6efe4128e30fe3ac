//! The cloud itself: `MiniStack` as a child process, or `LocalStack` through Docker
//! Compose. Must not know what is deployed to it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use tokio::process::{Child, Command};

use crate::system::{local_directory, project, target_directory};

/// The region of every stack: data stay in France.
pub const REGION: &str = "eu-west-3";
/// How long a backend may take to be ready, seconds.
const READY_S: u32 = 60;
/// How long it may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(15);

/// Which cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The embedded default.
    Ministack,
    /// Through Docker Compose.
    Localstack,
}

/// A running cloud; stopped when dropped.
#[derive(Debug)]
pub struct Backend {
    kind: Kind,
    child: Option<Child>,
    /// Its endpoint.
    pub endpoint: String,
}

/// A port of the loopback that nobody listens on, `usual` if it is free.
pub fn free_port(usual: u16) -> Result<u16> {
    if TcpListener::bind(("127.0.0.1", usual)).is_ok() {
        return Ok(usual);
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// The Python of the project's virtual environment (`cargo xtask` makes it).
pub fn python() -> PathBuf {
    target_directory().join("tools/venv/bin/python")
}

impl Backend {
    /// Starts a cloud in `directory`, and waits until it answers.
    pub async fn start(kind: Kind, directory: &Path) -> Result<Self> {
        match kind {
            Kind::Ministack => Self::start_ministack(directory).await,
            Kind::Localstack => Self::start_localstack().await,
        }
    }

    async fn start_ministack(directory: &Path) -> Result<Self> {
        let port = free_port(4566)?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let temporary = directory.join("tmp");
        fs::create_dir_all(&temporary)?;
        let log_path = directory.join("ministack.log");
        let log = File::create(&log_path)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        // A clean environment: functions inherit all of it.
        let child = Command::new(python())
            .arg(project().join("localstack/launcher.py"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", directory)
            .env("TMPDIR", &temporary)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("PERSIST_STATE", "0")
            .env("SFTP_ENABLED", "0")
            .env("IOT_MTLS_ENABLED", "0")
            .env("AUTH", "true")
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("MINISTACK_REGION", REGION)
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("MiniStack did not start: is the virtual environment there?")?;
        let mut backend = Self { kind: Kind::Ministack, child: Some(child), endpoint };
        backend.wait_until_ready(&log_path).await?;
        Ok(backend)
    }

    async fn start_localstack() -> Result<Self> {
        let port = free_port(4566)?;
        let status = Command::new("docker")
            .args(["compose", "--file"])
            .arg(project().join("localstack/compose.yaml"))
            .args(["up", "--detach", "--wait"])
            .env("LOCALSTACK_PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await;
        match status {
            Ok(status) if status.success() => {}
            _ => bail!(
                "LocalStack needs a running Docker engine, and none answers: use the default \
                 backend, or start Docker"
            ),
        }
        let endpoint = format!("http://127.0.0.1:{port}");
        Ok(Self { kind: Kind::Localstack, child: None, endpoint })
    }

    async fn wait_until_ready(&mut self, log: &Path) -> Result<()> {
        let http = reqwest::Client::new();
        let url = format!("{}/_ministack/health", self.endpoint);
        for _ in 0..READY_S * 10 {
            if http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                bail!("MiniStack ended at once ({status}); its log: {}", log.display());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("MiniStack is not ready after {READY_S} s; its log: {}", log.display())
    }

    /// Stops the cloud.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            if let Some(pid) = child.id() {
                // The whole group: the functions are its children.
                let _asked = Command::new("kill")
                    .args(["-TERM", "--", &format!("-{pid}")])
                    .stderr(Stdio::null())
                    .status()
                    .await;
            }
            if tokio::time::timeout(STOP, child.wait()).await.is_err() {
                child.kill().await?;
            }
        }
        if self.kind == Kind::Localstack {
            Command::new("docker")
                .args(["compose", "--file"])
                .arg(project().join("localstack/compose.yaml"))
                .arg("down")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .await?;
        }
        Ok(())
    }
}

/// The configuration by which tools reach a cloud as its owner.
pub async fn owner(endpoint: &str) -> SdkConfig {
    let credentials =
        aws_sdk_s3::config::Credentials::new("test", "test", None, None, "local-cloud");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials)
        .load()
        .await
}

/// A fresh folder for one system.
pub fn fresh_directory(name: &str) -> Result<PathBuf> {
    let directory = local_directory().join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).context("the last run's folder cannot be removed")?;
    }
    fs::create_dir_all(&directory)?;
    Ok(directory)
}
