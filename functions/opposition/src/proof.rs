//! The proof of a refusal as a PDF. Must not know who asks for it.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use espace_http::Problem;
use espace_notifications::SERVICE;
use espace_pdf::{Proof, prove};
use espace_storage::Opposition;

use crate::App;
use crate::register::proof_of;

/// The proof of a receipt. The same receipt gives the same bytes, whenever.
pub(crate) async fn proof_pdf(app: &App, receipt: &Opposition) -> Result<Response, Problem> {
    let details = app.stores.oppositions.open_details(receipt).await?;
    let text = proof_of(receipt, &details).text(&app.settings.site);
    let paragraphs = text.paragraphs();
    let proof = Proof {
        sender: SERVICE.to_owned(),
        dated: text.dated,
        title: text.title.to_owned(),
        paragraphs,
        qr: text.check.map(|check| (check.qr, check.qr_alternative)),
    };
    let pdf = prove(&proof).map_err(|error| Problem::internal(error.to_string()))?;
    let mut response = pdf.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let name = HeaderValue::from_static("attachment; filename=\"preuve-de-refus.pdf\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
