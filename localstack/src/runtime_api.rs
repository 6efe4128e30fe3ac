//! The Lambda Runtime API on the loopback: runs a function's binary outside any
//! cloud's Lambda, to kill it at any moment or to time its start. Must not know
//! the function.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use espace_domain::{Clock, SystemClock};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

/// How long an invocation may take.
const INVOCATION: Duration = Duration::from_mins(15);

/// Largest answer of a function.
const ANSWER_BYTES_MAX: usize = 6 * 1_024 * 1_024;

/// A function's binary under our Runtime API.
#[derive(Debug)]
pub struct Process {
    child: Child,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Result<Value, String>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Runtime {
    events: Arc<Mutex<mpsc::Receiver<Value>>>,
    answers: mpsc::Sender<Result<Value, String>>,
}

impl Process {
    /// Starts a binary with an environment.
    pub async fn start(binary: &Path, environment: &HashMap<String, String>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (events, next) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let runtime = Runtime { events: Arc::new(Mutex::new(next)), answers: answered };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next_event))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            // As large an answer as Lambda takes.
            .layer(DefaultBodyLimit::max(ANSWER_BYTES_MAX))
            .with_state(runtime);
        let server = tokio::spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        let child = Command::new(binary)
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "under-test")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} did not start", binary.display()))?;
        Ok(Self { child, events, answers, server })
    }

    /// Runs one event to its answer.
    pub async fn invoke(&mut self, event: Value) -> Result<Value> {
        self.events.send(event).await.ok().context("the process is gone")?;
        let answer = tokio::time::timeout(INVOCATION, self.answers.recv()).await?;
        match answer {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => bail!("the function failed: {error}"),
            None => bail!("the process is gone"),
        }
    }

    /// Runs one event, killing the process (SIGKILL) after `life`; `true` when
    /// the answer came first.
    pub async fn invoke_and_kill(mut self, event: Value, life: Duration) -> Result<bool> {
        self.events.send(event).await.ok().context("the process is gone")?;
        let finished = tokio::time::timeout(life, self.answers.recv()).await.is_ok();
        self.child.kill().await?;
        self.server.abort();
        Ok(finished)
    }

    /// Resident memory, kilobytes.
    pub fn resident_kb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches("kB").trim().parse().ok()
    }

    /// Ends the process.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        self.server.abort();
        Ok(())
    }
}

async fn next_event(State(runtime): State<Runtime>) -> Response {
    let Some(event) = runtime.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let life = i64::try_from(INVOCATION.as_millis()).unwrap_or(i64::MAX);
    let deadline = SystemClock.now().as_millisecond() + life;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "00000000-0000-0000-0000-000000000000".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local".to_owned()),
    ] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    (headers, event.to_string()).into_response()
}

async fn response(State(runtime): State<Runtime>, body: Bytes) -> StatusCode {
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let _taken = runtime.answers.send(Ok(value)).await;
    StatusCode::ACCEPTED
}

async fn error(State(runtime): State<Runtime>, body: Bytes) -> StatusCode {
    let text = String::from_utf8_lossy(&body).into_owned();
    let _taken = runtime.answers.send(Err(text)).await;
    StatusCode::ACCEPTED
}
