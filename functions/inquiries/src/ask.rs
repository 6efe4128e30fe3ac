//! `POST /v1/support/inquiries`: an agent asks for what one professional read.
//!
//! Must not know: how it is found.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{Inquiry, InquiryId, paris_date};
use espace_http::{FieldError, JsonBody, Problem, ProblemBody, ProblemKind, Support};
use espace_storage::{SupportAct, SupportActKind};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::view::InquiryView;

/// Digits of an RPPS number.
const RPPS_DIGITS: usize = 11;
/// Characters of a legal basis, and of a reference.
const LEGAL_BASIS_CHARS: std::ops::RangeInclusive<usize> = 5..=1_000;
const REFERENCE_CHARS: std::ops::RangeInclusive<usize> = 1..=200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewInquiry {
    /// Eleven digits.
    rpps: String,
    /// The first day.
    #[schema(value_type = String)]
    from: Date,
    /// The last day.
    #[schema(value_type = String)]
    to: Date,
    /// The law or decision that allows it.
    legal_basis: String,
    /// The file it belongs to.
    reference: String,
}

/// Asks for every trace of one professional between two days. Nothing is produced until
/// another agent approves it.
#[utoipa::path(
    post, path = "/v1/support/inquiries", operation_id = "askInquiry", tag = "support",
    request_body = NewInquiry,
    responses(
        (status = 201, body = InquiryView),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    support: Support,
    body: Result<JsonBody<NewInquiry>, Problem>,
) -> Result<(StatusCode, Json<InquiryView>), Problem> {
    let input = body?.value;
    let now = app.clock.now();
    let inquiry = Inquiry {
        rpps: input.rpps.chars().filter(|c| !c.is_whitespace()).collect(),
        from: input.from,
        to: input.to,
        legal_basis: input.legal_basis.trim().to_owned(),
        reference: input.reference.trim().to_owned(),
        asked_by: support.agent.clone(),
        asked_at: now,
        approved: None,
    };
    check(&inquiry)?;
    if inquiry.to > paris_date(now) {
        let detail = "La période finit dans le futur.";
        return Err(Problem::invalid(vec![FieldError::new("/to", "future-date", detail)]));
    }
    let random = app.random.as_ref();
    let id = InquiryId::generate(random);
    // What an agent did is written before it has an effect.
    let kind = SupportActKind::InquiryAsked;
    app.acts.note(&SupportAct::new(&support.agent, kind, id.as_str(), now, random)).await?;
    app.inquiries.put(&id, &inquiry, random).await?;
    let stored = app.inquiries.find(&id).await?.ok_or(ProblemKind::NotFound)?;
    Ok((StatusCode::CREATED, Json(InquiryView::of(&stored))))
}

fn check(inquiry: &Inquiry) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let is_rpps = inquiry.rpps.len() == RPPS_DIGITS
        && inquiry.rpps.bytes().all(|digit| digit.is_ascii_digit());
    if !is_rpps {
        errors.push(FieldError::new("/rpps", "invalid-rpps", "Le numéro RPPS a onze chiffres."));
    }
    if inquiry.months().is_empty() {
        let detail = "La période finit avant de commencer, ou dépasse dix ans.";
        errors.push(FieldError::new("/to", "invalid-period", detail));
    }
    if !LEGAL_BASIS_CHARS.contains(&inquiry.legal_basis.chars().count()) {
        let detail = "Dites le fondement légal, en 5 à 1 000 caractères.";
        errors.push(FieldError::new("/legalBasis", "invalid-length", detail));
    }
    if !REFERENCE_CHARS.contains(&inquiry.reference.chars().count()) {
        let detail = "Dites la référence du dossier, en 200 caractères au plus.";
        errors.push(FieldError::new("/reference", "invalid-length", detail));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}
