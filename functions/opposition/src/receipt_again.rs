//! `POST /v1/opposition/receipt`: the proof, years later.
//!
//! Must not know: how the proof is set on a page.

use axum::extract::State;
use axum::response::Response;
use espace_domain::Reference;
use espace_http::{
    CardInput, FieldError, JsonBody, Problem, ProblemBody, ProblemKind, RepresentativeInput,
    ShownIdentity, Source, read_nir,
};
use espace_storage::Opposition;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::proof::proof_pdf;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiptAgain {
    /// The reference on the proof.
    reference: String,
    /// The person's number, 13 characters.
    nir: String,
    /// The card the person had when they refused.
    #[serde(default)]
    card: Option<CardInput>,
    /// Who acted, or may act, for the person.
    #[serde(default)]
    representative: Option<RepresentativeInput>,
}

/// The proof as PDF, where reference, number and card belong together.
#[utoipa::path(
    post, path = "/v1/opposition/receipt", operation_id = "readReceiptAgain",
    tag = "opposition", request_body = ReceiptAgain,
    responses(
        (status = 200, content_type = "application/pdf"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-actors" = json!(["anyone"]))),
)]
pub(crate) async fn receipt_again(
    State(app): State<App>,
    Source(source): Source,
    body: JsonBody<ReceiptAgain>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let input = &body.value;
    let mut errors = Vec::new();
    let reference = Reference::parse(&input.reference)
        .map_err(|_| {
            let detail = "La référence a 12 lettres et chiffres.";
            errors.push(FieldError::new("/reference", "reference-shape", detail));
        })
        .ok();
    let nir = read_nir(&input.nir, "/nir").map_err(|error| errors.push(error)).ok();
    let shown = ShownIdentity::read(input.card.as_ref(), None, input.representative.as_ref())
        .map_err(|error| errors.push(error))
        .ok();
    let (Some(reference), Some(nir), Some(shown)) = (reference, nir, shown) else {
        return Err(Problem::invalid(errors));
    };
    let limit = app.settings.checks_per_source;
    if let Some(wait_s) = app.throttles.count("receipt", &source, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    let registry = &app.stores.registry;
    let person = registry.index(&nir).await?;
    let receipt = find(&app, &reference).await?;
    let mut admitted = false;
    if let Some(receipt) = &receipt {
        let (bearer, cards) = match &shown {
            ShownIdentity::Card(cards) => (person.clone(), cards.as_slice()),
            ShownIdentity::Representative { nir, cards } => {
                (registry.index(nir).await?, cards.as_slice())
            }
            ShownIdentity::Nothing => (person.clone(), &[][..]),
        };
        for card in cards {
            admitted |= receipt.admits_card(&registry.card_tag(&bearer, card).await?);
        }
        admitted &= receipt.person() == person;
    }
    match receipt.filter(|_| admitted) {
        Some(receipt) => proof_pdf(&app, &receipt).await,
        None => Err(ProblemKind::ReceiptNotRecognised.into()),
    }
}

/// The receipt of a reference, where its refusal still stands.
pub(crate) async fn find(app: &App, reference: &Reference) -> Result<Option<Opposition>, Problem> {
    let Some(certificate) = app.stores.certificates.find(reference).await? else {
        return Ok(None);
    };
    let id = espace_domain::OppositionId::parse(&certificate.certifies);
    match id {
        Ok(id) => Ok(app.stores.oppositions.find(&id).await?),
        Err(_) => Ok(None),
    }
}
