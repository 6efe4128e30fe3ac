//! `POST /v1/sessions/authorization` and `…/completion`: a professional's or an agent's way to
//! their own provider and back (`OpenID` Connect Core 1.0 section 3.1, with PKCE, RFC 7636).
//! Nothing is stored: the browser keeps one secret in a cookie that no script reads, and state,
//! nonce and verifier are made of it.
//!
//! Must not know: how a foreign token is verified; the exchange that follows does that.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use espace_crypto::OpaqueToken;
use espace_domain::MatrixGroup;
use espace_http::{JsonBody, Problem, ProblemBody, ProblemKind, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::code_flow::{Redemption, challenge_of, practices_of, scope_of};
use crate::providers::{ForeignTokenRefused, Kind};
use crate::refresh_token::cookie_of;

/// The cookie that keeps the secret, and where it is sent.
const COOKIE: &str = "authorization";
const COOKIE_PATH: &str = "/v1/sessions/authorization";
/// Seconds that someone may take at their provider.
const AUTHORIZATION_S: i64 = 600;
/// Logins at a provider from one source in an hour: a whole hospital may have one address.
const AUTHORIZATIONS_PER_SOURCE_MAX: u32 = 2_000;
/// Longest code that is passed on.
const CODE_CHARS_MAX: usize = 2_048;

/// Whose provider one goes to.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LoginProvider {
    /// Pro Santé Connect.
    Professional,
    /// The phone line's own.
    Support,
}

impl LoginProvider {
    fn kind(self) -> Kind {
        match self {
            Self::Professional => Kind::Professional,
            Self::Support => Kind::Support,
        }
    }

    /// Where the provider sends the browser back to, under the origin of the pages.
    fn return_path(self) -> &'static str {
        match self {
            Self::Professional => "/professionnel/retour",
            Self::Support => "/assistance/retour",
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewAuthorization {
    provider: LoginProvider,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationBegun {
    /// Where the browser goes.
    url: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AuthorizationCompletion {
    provider: LoginProvider,
    /// What the provider sent back.
    code: String,
    state: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationCompleted {
    /// The provider's token, to be exchanged once at `/v1/sessions/exchange`.
    subject_token: String,
    /// In which ways a professional practises: one is chosen at the exchange, by its place.
    practices: Vec<PracticeView>,
}

/// One way of practising.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PracticeView {
    profession: String,
    /// The profession in French.
    profession_name: Option<&'static str>,
    structure: Option<String>,
}

/// What of the secret is told to whom.
struct Secret(OpaqueToken);

impl Secret {
    /// A part of it, for one provider alone: what another saw is nothing here.
    fn part(&self, name: &str, provider: LoginProvider) -> String {
        OpaqueToken::name_of(&[name, provider.return_path(), self.0.expose()])
    }
}

/// Begins a login at one's own provider.
#[utoipa::path(
    post, path = "/v1/sessions/authorization", operation_id = "beginAuthorization",
    tag = "sessions", request_body = NewAuthorization,
    responses(
        (status = 200, body = AuthorizationBegun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn authorize(
    State(app): State<App>,
    Source(source): Source,
    body: Result<JsonBody<NewAuthorization>, Problem>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<AuthorizationBegun>), Problem> {
    let provider = body?.value.provider;
    slow_down(&app, "authorization", &source).await?;
    let secret = Secret(OpaqueToken::generate(app.random.as_ref()));
    let endpoint = app.providers.authorization_endpoint(provider.kind()).await;
    let endpoint = endpoint.ok_or(ProblemKind::Unavailable)?;
    let mut query = vec![
        ("response_type", "code".to_owned()),
        ("client_id", app.providers.client_id().to_owned()),
        ("redirect_uri", redirect_uri(&app, provider)),
        ("scope", scope_of(provider.kind()).to_owned()),
        ("state", secret.part("state", provider)),
        ("nonce", secret.part("nonce", provider)),
        ("code_challenge", challenge_of(&secret.part("verifier", provider))),
        ("code_challenge_method", "S256".to_owned()),
    ];
    if let LoginProvider::Professional = provider {
        // The level Pro Santé Connect knows its holders at (`domain.md` B11).
        query.push(("acr_values", "eidas1".to_owned()));
    }
    let url = reqwest::Url::parse_with_params(&endpoint, &query)
        .map_err(|_| ProblemKind::Unavailable)?
        .to_string();
    let cookie = cookie_of(COOKIE, COOKIE_PATH, secret.0.expose(), AUTHORIZATION_S)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(AuthorizationBegun { url })))
}

/// Fetches what the provider vouches for, with the code that it sent back; the token is then
/// exchanged at `/v1/sessions/exchange`.
#[utoipa::path(
    post, path = "/v1/sessions/authorization/completion", operation_id = "completeAuthorization",
    tag = "sessions", request_body = AuthorizationCompletion,
    responses(
        (status = 200, body = AuthorizationCompleted),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn complete(
    State(app): State<App>,
    Source(source): Source,
    headers: HeaderMap,
    body: Result<JsonBody<AuthorizationCompletion>, Problem>,
) -> Result<([(HeaderName, HeaderValue); 2], Json<AuthorizationCompleted>), Problem> {
    let asked = body?.value;
    slow_down(&app, "authorization-completion", &source).await?;
    let secret = crate::refresh_token::cookie_in(&headers, COOKIE)
        .and_then(OpaqueToken::parse)
        .map(Secret)
        .ok_or(ProblemKind::Unauthenticated)?;
    // Another's answer slipped into this browser is not gone on with (RFC 6749 section 10.12).
    if secret.part("state", asked.provider) != asked.state || asked.code.len() > CODE_CHARS_MAX {
        return Err(ProblemKind::Unauthenticated.into());
    }
    let redemption = Redemption {
        code: &asked.code,
        verifier: &secret.part("verifier", asked.provider),
        nonce: &secret.part("nonce", asked.provider),
        redirect_uri: &redirect_uri(&app, asked.provider),
    };
    let redeemed = app.providers.redeem(asked.provider.kind(), &redemption, &app.signer).await?;
    let subject_token = redeemed.map_err(|refused| match refused {
        ForeignTokenRefused::Invalid => ProblemKind::Unauthenticated,
        ForeignTokenRefused::ProviderUnreachable => ProblemKind::Unavailable,
    })?;
    let practices = practices_of(&subject_token).into_iter().map(|practice| PracticeView {
        profession_name: MatrixGroup::profession_display(&practice.code_profession),
        profession: practice.code_profession,
        structure: practice.structure,
    });
    let completed = AuthorizationCompleted { practices: practices.collect(), subject_token };
    let headers = [
        (header::SET_COOKIE, cookie_of(COOKIE, COOKIE_PATH, "", 0)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Json(completed)))
}

/// Slows down whoever has us ask a provider again and again.
async fn slow_down(app: &App, act: &'static str, source: &str) -> Result<(), Problem> {
    let limit = AUTHORIZATIONS_PER_SOURCE_MAX;
    let wait = app.throttles.count(act, source, limit, app.clock.now()).await?;
    wait.map_or(Ok(()), |wait_s| Err(Problem::slow_down(wait_s)))
}

fn redirect_uri(app: &App, provider: LoginProvider) -> String {
    format!("{}{}", app.relying_party.origin, provider.return_path())
}
