//! `POST /v1/certificates/verify`: does a reference exist?
//!
//! Must not know: whom it concerns.

use axum::Json;
use axum::extract::State;
use espace_domain::Reference;
use espace_http::{JsonBody, Problem, ProblemBody, Source};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateReference {
    /// The reference printed on the proof.
    reference: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verified {
    exists: bool,
    /// `opposition`, `erasure`.
    kind: Option<&'static str>,
    registered_at: Option<Timestamp>,
    /// Of an erasure that was carried out: from when on nobody could read anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    inaccessible_since: Option<Timestamp>,
    /// Of an erasure that was carried out: from when on nothing can be brought back.
    #[serde(skip_serializing_if = "Option::is_none")]
    unrecoverable_from: Option<Timestamp>,
}

/// Says whether a certificate exists, of which kind, since when; of an erasure that was
/// carried out, its two dates; nothing else, and no name.
#[utoipa::path(
    post, path = "/v1/certificates/verify", operation_id = "verifyCertificate",
    tag = "opposition", request_body = CertificateReference,
    responses(
        (status = 200, body = Verified),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    Source(source): Source,
    body: JsonBody<CertificateReference>,
) -> Result<Json<Verified>, Problem> {
    let now = app.clock.now();
    let limit = app.settings.checks_per_source;
    if let Some(wait_s) = app.throttles.count("verify", &source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let nothing = Verified {
        exists: false,
        kind: None,
        registered_at: None,
        inaccessible_since: None,
        unrecoverable_from: None,
    };
    // What is not a reference is one that does not exist.
    let Ok(reference) = Reference::parse(&body.value.reference) else {
        return Ok(Json(nothing));
    };
    let found = app.stores.certificates.find(&reference).await?;
    Ok(Json(found.map_or(nothing, |certificate| Verified {
        exists: true,
        kind: Some(certificate.kind.as_str()),
        registered_at: Some(certificate.registered_at),
        inaccessible_since: certificate.inaccessible_since,
        unrecoverable_from: certificate.unrecoverable_from,
    })))
}
