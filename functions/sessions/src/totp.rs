//! `/v1/factors/totp`: an authenticator application.
//!
//! Must not know: how its codes are computed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_crypto::TotpSecret;
use espace_http::{Citizen, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{AttemptKind, TotpFactor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::begin::note;
use crate::factors::{FactorsStepUp, own_account, save, step_up};

#[derive(Serialize, ToSchema)]
pub(crate) struct TotpEnrolment {
    /// The secret in base 32, to be typed.
    secret: String,
    /// The same for a QR code (`otpauth://`).
    uri: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    /// The six digits the application shows.
    otp: String,
}

/// Begins to enrol an authenticator application; it counts once its first code has
/// come back.
#[utoipa::path(
    post, path = "/v1/factors/totp", operation_id = "enrolTotp", tag = "factors",
    request_body = FactorsStepUp,
    responses(
        (status = 201, body = TotpEnrolment),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn enrol_totp(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<FactorsStepUp>,
) -> Result<(StatusCode, Json<TotpEnrolment>), Problem> {
    step_up(&app, &citizen, &body.value).await?;
    let random = app.random.as_ref();
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    let secret = TotpSecret::generate(random);
    // One that counts already goes on counting until the new one has shown a code.
    secrets.pending_totp = Some(TotpFactor::new(&secret));
    if !app.accounts.replace_secrets(&account, &secrets, random).await? {
        return Err(ProblemKind::Unavailable.into());
    }
    let text = secret.expose().to_owned();
    let uri =
        format!("otpauth://totp/Espace%20sant%C3%A9?secret={text}&issuer=Espace%20sant%C3%A9");
    Ok((StatusCode::CREATED, Json(TotpEnrolment { secret: text, uri })))
}

/// The application's first code: it counts from now on.
#[utoipa::path(
    post, path = "/v1/factors/totp/confirmation", operation_id = "confirmTotp", tag = "factors",
    request_body = TotpCode,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn confirm_totp(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<TotpCode>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let limit = app.limits.codes_per_person;
    let who = citizen.claims.sub.as_str();
    if let Some(wait_s) = app.throttles.count("totp", who, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    let mut totp = secrets.pending_totp.take().ok_or(ProblemKind::NotFound)?;
    let Some(step) = totp.secret().verify(&body.value.otp, now, totp.used_step) else {
        note(&app, &account.login, AttemptKind::WrongStepUp, now).await?;
        return Err(ProblemKind::OtpWrong.into());
    };
    totp.used_step = step;
    secrets.totp = Some(totp);
    save(&app, &account, &secrets).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the authenticator application.
#[utoipa::path(
    delete, path = "/v1/factors/totp", operation_id = "removeTotp", tag = "factors",
    request_body = FactorsStepUp,
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn remove_totp(
    State(app): State<App>,
    citizen: Citizen,
    body: JsonBody<FactorsStepUp>,
) -> Result<StatusCode, Problem> {
    step_up(&app, &citizen, &body.value).await?;
    let (account, mut secrets) = own_account(&app, &citizen).await?;
    secrets.totp.take().ok_or(ProblemKind::NotFound)?;
    save(&app, &account, &secrets).await?;
    Ok(StatusCode::NO_CONTENT)
}
