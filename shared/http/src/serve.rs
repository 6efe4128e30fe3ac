//! Starting a function, and sending contents as they are. Must not know which function.

use std::future::Future;
use std::pin::Pin;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use espace_storage::MissingVariables;
use http::StatusCode;
use tower::ServiceExt;

/// Most bytes of a content in one answer: what Lambda sends, in base64, with its envelope.
const CONTENT_BYTES_MAX: usize = 4 * 1024 * 1024 + 1_024;

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template left something out.
    #[error(transparent)]
    Environment(#[from] MissingVariables),
    /// The runtime stopped.
    #[error("the Lambda runtime stopped: {0}")]
    Runtime(lambda_http::Error),
}

/// An answer whose bytes are sent as they are. The runtime makes text of what its media
/// type says is text: a byte order mark is lost, a character cut by a range is replaced.
#[derive(Debug, Clone, Copy)]
pub struct Exact;

impl Exact {
    /// An answer of these very bytes.
    pub fn answer(status: StatusCode, bytes: Vec<u8>) -> Response {
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = status;
        response.extensions_mut().insert(Self);
        response
    }
}

/// An answer on its way to the runtime.
struct Sent(Response);

impl lambda_http::IntoResponse for Sent {
    fn into_response(
        self,
    ) -> Pin<Box<dyn Future<Output = http::Response<lambda_http::Body>> + Send>> {
        Box::pin(async move {
            if self.0.extensions().get::<Exact>().is_none() {
                return lambda_http::IntoResponse::into_response(self.0).await;
            }
            let (mut parts, body) = self.0.into_parts();
            // Longer is a fault of ours: nothing half is sent.
            let bytes = to_bytes(body, CONTENT_BYTES_MAX).await.unwrap_or_else(|_| {
                parts.status = StatusCode::INTERNAL_SERVER_ERROR;
                axum::body::Bytes::new()
            });
            http::Response::from_parts(parts, lambda_http::Body::Binary(bytes.into()))
        })
    }
}

/// Serves a function's router until Lambda ends the process.
pub async fn start(router: axum::Router) -> Result<(), StartError> {
    let sent = ServiceExt::<lambda_http::Request>::map_response(router, Sent);
    lambda_http::run(sent).await.map_err(StartError::Runtime)
}
