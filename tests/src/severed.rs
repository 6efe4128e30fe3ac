//! A door to the cloud that shuts at a given call, before or after it was made: a process
//! behind it is then killed there, at every step in turn. Must not know: the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use local_cloud::runtime_api::Process;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// Largest call that passes.
const CALL_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The door.
#[derive(Debug)]
pub struct Door {
    /// Where it stands.
    pub endpoint: String,
    state: Arc<Shut>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shut {
    cloud: String,
    client: reqwest::Client,
    calls: AtomicU32,
    at: u32,
    /// Whether the last call is still made, its answer lost.
    after: bool,
    reached: Notify,
}

/// What became of a process behind a door.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// It was killed where the door shut.
    Killed,
    /// It had finished before.
    Answered(Value),
}

impl Door {
    /// Opens a door to `cloud` for `at` calls; the next finds it shut, and where `after`
    /// is said, only on its way back.
    pub async fn open(cloud: &str, at: u32, after: bool) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(Shut {
            cloud: cloud.trim_end_matches('/').to_owned(),
            client: reqwest::Client::new(),
            calls: AtomicU32::new(0),
            at,
            after,
            reached: Notify::new(),
        });
        let router = Router::new().fallback(pass).with_state(state.clone());
        let server = tokio::spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { endpoint, state, server })
    }

    /// Runs one event in a process behind the door, to its end or to its death.
    pub async fn run(self, mut process: Process, event: Value) -> Result<Ended> {
        let ended = tokio::select! {
            answer = process.invoke(event) => Ended::Answered(answer?),
            () = self.state.reached.notified() => Ended::Killed,
        };
        process.stop().await?;
        self.server.abort();
        Ok(ended)
    }
}

/// Passes a call on, unless the door is shut.
async fn pass(State(door): State<Arc<Shut>>, request: Request) -> Response {
    let is_last = door.calls.fetch_add(1, Ordering::SeqCst) >= door.at;
    if is_last && !door.after {
        return shut(&door).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, CALL_BYTES_MAX).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut call = door.client.request(parts.method, format!("{}{path}", door.cloud)).body(body);
    for (name, value) in &parts.headers {
        if name != "content-length" && name != "transfer-encoding" {
            call = call.header(name, value);
        }
    }
    let Ok(answer) = call.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    if is_last {
        return shut(&door).await;
    }
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "content-length" && name != "transfer-encoding" && name != "connection" {
            response = response.header(name, value);
        }
    }
    let body = answer.bytes().await.unwrap_or_default();
    response.body(Body::from(body)).unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}

/// Says that the door is reached, and never answers.
async fn shut(door: &Shut) -> Response {
    door.reached.notify_one();
    std::future::pending::<()>().await;
    StatusCode::GONE.into_response()
}
