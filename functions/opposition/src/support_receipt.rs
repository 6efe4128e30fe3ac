//! `POST /v1/support/receipts`: the proof is sent again to a caller who lost theirs.
//!
//! Must not know: how the proof is set on a page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use espace_domain::{Channel, Reference};
use espace_http::{
    FieldError, JsonBody, Problem, ProblemBody, ProblemKind, Support, read_birth_date, read_nir,
};
use espace_notifications::Notice;
use espace_storage::{Envelope, SupportAct, SupportActKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::oppose::ReceiptChannel;
use crate::receipt_again::find;
use crate::register::{address, proof_of};

/// Proofs of one refusal that are sent again in an hour.
const RECEIPTS_PER_HOUR_MAX: u32 = 2;
/// The answer, whoever exists.
const DETAIL: &str = "Si ces informations vont ensemble, la preuve part vers l’adresse connue de \
    la personne. Un refus définitif n’en garde aucune : elle la retrouve alors sur le site, avec sa \
    référence et sa carte.";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CallerLostReceipt {
    /// The reference of the refusal, as the caller says it.
    reference: String,
    /// The person's number, 13 characters.
    nir: String,
    /// The person's birth date.
    birth_date: String,
    /// `email` or `letter`.
    #[schema(value_type = String)]
    receipt: ReceiptChannel,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptOnItsWay {
    /// What to tell the caller.
    detail: &'static str,
}

/// Sends the proof again: in full, to an address on file, never to one the caller tells; once a
/// refusal is final no address is kept, and nothing goes. The
/// answer is the same whether reference, number and birth date belong together.
#[utoipa::path(
    post, path = "/v1/support/receipts", operation_id = "sendReceiptByPhone", tag = "support",
    request_body = CallerLostReceipt,
    responses(
        (status = 202, body = ReceiptOnItsWay),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["support"]))),
)]
pub(crate) async fn support_receipt(
    State(app): State<App>,
    support: Support,
    body: JsonBody<CallerLostReceipt>,
) -> Result<(StatusCode, Json<ReceiptOnItsWay>), Problem> {
    let now = app.clock.now();
    let input = body.value;
    let mut errors = Vec::new();
    let reference = Reference::parse(&input.reference)
        .map_err(|_| {
            let detail = "La référence a 12 lettres et chiffres.";
            errors.push(FieldError::new("/reference", "reference-shape", detail));
        })
        .ok();
    let nir = read_nir(&input.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let born =
        read_birth_date(&input.birth_date, "/birthDate").map_err(|error| errors.push(error)).ok();
    let (Some(reference), Some(nir), Some(born)) = (reference, nir, born) else {
        return Err(Problem::invalid(errors));
    };
    if !app.settings.phone_line_is_open(now) {
        return Err(ProblemKind::PhoneLineClosed.into());
    }
    let limit = app.settings.acts_per_agent;
    if let Some(wait_s) = app.throttles.count("agent-receipt", &support.agent, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let random = app.random.as_ref();
    let registry = &app.stores.registry;
    let index = registry.index(&nir).await?;
    let kind = SupportActKind::ReceiptAsked;
    let act = SupportAct::new(&support.agent, kind, index.as_str(), now, random);
    app.stores.acts.note(&act).await?;
    let accepted = (StatusCode::ACCEPTED, Json(ReceiptOnItsWay { detail: DETAIL }));
    let receipt = find(&app, &reference).await?.filter(|receipt| receipt.person() == index);
    let (Some(receipt), Some(entry)) = (receipt, registry.find_by_index(&index).await?) else {
        return Ok(accepted);
    };
    let record = registry.open_unheld_record(&entry).await?;
    let record =
        record.filter(|record| record.traits.birth_date == born && record.deceased_on.is_none());
    let channel = Some(Channel::from(input.receipt));
    if let Some(record) = &record
        && let Some(to) = address(record, channel)
    {
        let id = receipt.opposition_id.as_str();
        let limit = RECEIPTS_PER_HOUR_MAX;
        if app.throttles.count("receipt-again", id, limit, now).await?.is_some() {
            return Ok(accepted);
        }
        let kind = SupportActKind::ReceiptSent;
        app.stores.acts.note(&SupportAct::new(&support.agent, kind, id, now, random)).await?;
        let details = app.stores.oppositions.open_details(&receipt).await?;
        let notice = Notice::OppositionProof(proof_of(&receipt, &details));
        let message = Envelope { to: to.clone(), addressee: record.full_name(), notice };
        app.stores.outbox.put(&message, now, random).await?;
    }
    Ok(accepted)
}
