//! The one origin of the local system, as `CloudFront` is on AWS: the API under
//! its paths, the mailbox and the stand-in providers beside it. Must not know
//! the API's routes.

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::mail::Mailbox;
use crate::mssante::Operator;
use crate::providers::Providers;
use crate::push_service::PushService;
use crate::site::Site;

/// Largest body passed on: above API Gateway's own 10 MB, so that the functions'
/// limits are what answers.
const BODY_BYTES_MAX: usize = 100 * 1024 * 1024;
/// Where the API is told whose request it is, as by the edge on AWS (`infra/56-edge.yaml`).
const VIEWER_ADDRESS: HeaderName = HeaderName::from_static("x-viewer-address");
/// Before the paths of the API.
pub(crate) const API: [&str; 2] = ["/v1/", "/.well-known/"];
/// Headers of one connection, not of the message.
const HOP_HEADERS: [HeaderName; 5] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::HOST,
    header::CONTENT_LENGTH,
    HeaderName::from_static("x-forwarded-for"),
];

/// What the front passes requests to.
#[derive(Clone, Debug)]
struct Front {
    http: reqwest::Client,
    /// The address of the API's stage; empty until it is deployed.
    stage: Arc<RwLock<String>>,
    /// The web client.
    site: Site,
}

/// A running front.
#[derive(Debug)]
pub struct RunningFront {
    stage: Arc<RwLock<String>>,
    task: tokio::task::JoinHandle<()>,
}

/// Serves the providers and the push service at once; the API and the mailbox once they are there.
pub fn start(
    listener: TcpListener,
    providers: Providers,
    pushes: PushService,
    operator: Operator,
    site: Site,
) -> RunningFront {
    let stage = Arc::new(RwLock::new(String::new()));
    let front = Front { http: reqwest::Client::new(), stage: stage.clone(), site };
    let router = Router::new()
        .fallback(pass)
        .with_state(front)
        .merge(providers.routes())
        .merge(pushes.router())
        .merge(operator.router())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    let task = tokio::spawn(async move {
        // Ends with the process; a failure shows as refused connections.
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let _ended = axum::serve(listener, service).await;
    });
    RunningFront { stage, task }
}

/// Serves a mailbox on its own listener.
pub fn start_mail(listener: TcpListener, mailbox: Mailbox) -> tokio::task::JoinHandle<()> {
    let router = Router::new()
        .route("/", get(mail))
        .route("/lisible", get(readable_mail))
        .with_state(mailbox);
    tokio::spawn(async move {
        let _ended = axum::serve(listener, router).await;
    })
}

impl RunningFront {
    /// Passes requests on to a stage from now on.
    pub fn point_at(&self, endpoint: &str, api_id: &str) {
        let mut stage = self.stage.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *stage = format!("{endpoint}/restapis/{api_id}/live/_user_request_");
    }

    /// Stops serving.
    pub fn stop(self) {
        self.task.abort();
    }
}

async fn mail(State(mailbox): State<Mailbox>) -> Response {
    match mailbox.messages().await {
        Ok(messages) => axum::Json(messages).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

/// The same for human eyes, newest first.
async fn readable_mail(State(mailbox): State<Mailbox>) -> Response {
    let messages = match mailbox.messages().await {
        Ok(messages) => messages,
        Err(error) => return (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    };
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut page = String::from(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><title>Courrier</title>\
         <style>body{font:17px/1.5 sans-serif;max-width:44rem;margin:2rem auto}\
         pre{white-space:pre-wrap;font:inherit}article{border-top:1px solid}</style>\
         <h1>Tout ce qui a été envoyé</h1>",
    );
    for message in messages.iter().rev() {
        let article = format!(
            "<article><h2>{} — {}</h2><p>{} · {}</p><pre>{}</pre></article>",
            escape(&message.channel),
            escape(&message.subject),
            escape(&message.to),
            message.at,
            escape(&message.body),
        );
        page.push_str(&article);
    }
    Html(page).into_response()
}

/// Passes a request on to the API, where it is for the API.
async fn pass(
    State(front): State<Front>,
    ConnectInfo(viewer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    if !API.iter().any(|prefix| path.starts_with(prefix)) {
        return front.site.serve(&path, &request.headers().clone()).await;
    }
    match try_pass(&front, viewer, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn try_pass(front: &Front, viewer: SocketAddr, request: Request) -> Result<Response> {
    let stage = front.stage.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let headers = passed_on(&parts.headers, viewer)?;
    let answer = front
        .http
        .request(parts.method, format!("{stage}{path}"))
        .headers(headers)
        .body(body)
        .send()
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = without_hops(answer.headers());
    *response.body_mut() = Body::from(answer.bytes().await?);
    Ok(response)
}

/// The headers of a request as the API is given them.
fn passed_on(headers: &HeaderMap, viewer: SocketAddr) -> Result<HeaderMap> {
    let mut headers = without_hops(headers);
    headers.insert(VIEWER_ADDRESS, HeaderValue::from_str(&viewer.ip().to_string())?);
    // The emulator decodes a binary answer only for someone who accepts it.
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Ok(headers)
}

fn without_hops(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in HOP_HEADERS {
        kept.remove(name);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_says_themselves_where_they_are() {
        let said = HeaderMap::from_iter([(VIEWER_ADDRESS, HeaderValue::from_static("192.0.2.1"))]);
        let passed = passed_on(&said, SocketAddr::from(([127, 0, 0, 1], 4_000))).unwrap();
        let all: Vec<_> = passed.get_all(VIEWER_ADDRESS).iter().collect();
        assert_eq!(all, ["127.0.0.1"]);
    }
}
