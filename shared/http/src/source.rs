//! Where a request comes from. Must not know what is limited by it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::request::RequestContext;

/// The source address as the gateway saw it: never a header, which anyone can
/// set. Empty where there is no gateway (in-process tests).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(pub String);

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV1(context)) => {
                context.identity.source_ip.clone().unwrap_or_default()
            }
            _ => String::new(),
        }))
    }
}
