//! What surrounds every route: the request's id, problem documents, headers,
//! one log line. Must not know any route.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use espace_domain::Random;
use espace_logging::{Level, Line};
use espace_storage::CallCounts;
use http::{HeaderName, HeaderValue, header};
use lambda_http::request::RequestContext;

use crate::{Problem, ProblemKind, caller::CallerSlot};

/// The header that carries the request's id back.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// By what the firewall before the API knows that a request came through the edge (ADR 23).
const EDGE_SECRET: HeaderName = HeaderName::from_static("x-edge");
/// Bytes of an id drawn where no gateway gave one (in-process tests).
const REQUEST_ID_BYTES: usize = 12;

/// What the pipeline needs.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The counter of backend calls, logged with each request.
    pub calls: CallCounts,
    /// For ids where no gateway gives one.
    pub random: std::sync::Arc<dyn Random>,
}

/// Puts the pipeline around a function's routes.
pub fn with_pipeline(routes: Router, pipeline: Pipeline) -> Router {
    routes
        .fallback(|| async { Problem::from(ProblemKind::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::from(ProblemKind::MethodNotAllowed) })
        .layer(from_fn_with_state(pipeline, handle))
}

/// Runs one request.
async fn handle(State(pipeline): State<Pipeline>, mut request: Request, next: Next) -> Response {
    let started = now();
    let request_id = request_id(&request, &pipeline);
    let operation = operation(&request);
    // A warm function serves one request at a time: what is counted until the
    // answer is this request's.
    let _before = pipeline.calls.take();
    // What the firewall has looked at is nobody's to see any more.
    request.headers_mut().remove(EDGE_SECRET);
    let caller = CallerSlot::default();
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;

    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        response = problem.write(&request_id);
    } else if response.status().is_client_error() || response.status().is_server_error() {
        // An extractor of the framework's own: its text is not ours to send.
        let kind = match response.status().as_u16() {
            405 => ProblemKind::MethodNotAllowed,
            413 => ProblemKind::BodyTooLarge,
            415 => ProblemKind::UnsupportedMediaType,
            500.. => ProblemKind::Internal,
            _ => ProblemKind::InvalidParameter,
        };
        response = Problem::from(kind).write(&request_id);
    }
    finish_headers(&mut response, &request_id);

    let status = response.status();
    let level = match status.as_u16() {
        500.. => Level::Error,
        400..500 => Level::Warn,
        _ => Level::Info,
    };
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut line = Line::new(level, &request_id, &operation, duration_ms);
    line.status = Some(status.as_u16());
    line.caller = caller.0.get().copied();
    line.problem = problem.as_ref().map(|problem| problem.kind().slug());
    line.error = problem.as_ref().and_then(|problem| problem.cause().map(str::to_owned));
    line.backend_calls = pipeline.calls.take();
    line.write();
    response
}

/// The monotonic clock measures; it never tells the time.
#[expect(clippy::disallowed_methods, reason = "a duration for the log, not an instant")]
fn now() -> Instant {
    Instant::now()
}

/// The gateway's id of the request, else one drawn here.
fn request_id(request: &Request, pipeline: &Pipeline) -> String {
    if let Some(RequestContext::ApiGatewayV1(context)) =
        request.extensions().get::<RequestContext>()
        && let Some(id) = &context.request_id
    {
        return id.clone();
    }
    let mut bytes = [0; REQUEST_ID_BYTES];
    pipeline.random.fill(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// `METHOD /route/template`: the path itself may hold identifiers.
fn operation(request: &Request) -> String {
    let route = request.extensions().get::<MatchedPath>().map_or("(no route)", MatchedPath::as_str);
    format!("{} {route}", request.method())
}

/// Headers that every answer carries: nothing here is for a shared cache, a
/// frame, or a browser's guess at the type.
fn finish_headers(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=63072000; includeSubDomains"),
    );
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
}
