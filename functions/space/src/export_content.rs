//! `GET /v1/spaces/{spaceId}/exports/{exportId}/content`: the archive itself.
//!
//! Must not know: what is in it.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use espace_access::Done;
use espace_http::{Asked, Bearer, Download, Problem, ProblemBody, ProblemKind};
use espace_storage::{ExportState, Piece};

use crate::App;
use crate::read_export::find;

/// The name it is saved under.
const TITLE: &str = "Mes données de santé";

/// Reads an archive, whole or a range of it: above 4 MiB a range must be asked for, and of a
/// longer one the first 4 MiB are given. For the session that gave a second factor for it.
#[utoipa::path(
    get, path = "/v1/spaces/{spaceId}/exports/{exportId}/content",
    operation_id = "readExportContent", tag = "space",
    params(("spaceId" = String, Path), ("exportId" = String, Path)),
    responses(
        (status = 200, content_type = "application/zip"),
        (status = 206, content_type = "application/zip"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn read(
    State(app): State<App>,
    bearer: Bearer,
    Path((space_id, export_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (visit, permit, export, details) = find(&app, &bearer, (&space_id, &export_id)).await?;
    if export.state != ExportState::Ready {
        return Err(ProblemKind::ExportNotReady.into());
    }
    if !details.is_unlocked(&visit.claims.sid, visit.now) {
        return Err(ProblemKind::StepUpRequired.into());
    }
    app.guard.record(&visit, &permit, Done { elements: &[&export_id], ..Done::default() }).await?;
    let tag = format!("\"{}\"", export.export_id);
    let download = Download {
        tag: &tag,
        size: details.size(),
        content_type: "application/zip",
        title: TITLE,
        extension: "zip",
    };
    let wanted = match download.asked(&headers)? {
        Asked::Known(answer) => return Ok(answer),
        Asked::Piece(wanted) => wanted,
    };
    let key = &visit.opened(&permit)?.content_key;
    let mut bytes = Vec::new();
    for (piece, range) in covered(&details.pieces, (wanted.start, wanted.end)) {
        let content = piece.content(&visit.space_id, &export.export_id);
        let read = content.read(&app.pieces, key, range).await?;
        // Gone at this moment: the week is over.
        bytes.extend(read.ok_or(ProblemKind::NotFound)?);
    }
    download.answer(wanted, bytes)
}

/// Which bytes of which pieces a range covers.
fn covered(pieces: &[Piece], (start, end): (u64, u64)) -> Vec<(&Piece, (u64, u64))> {
    let mut covered = Vec::new();
    let mut before = 0;
    for piece in pieces {
        let after = before + piece.size;
        let (from, to) = (start.max(before), end.min(after));
        if from < to {
            covered.push((piece, (from - before, to - before)));
        }
        before = after;
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_covers_the_pieces_it_touches() {
        let piece =
            |number, size| Piece { number, object: String::new(), content_key: Vec::new(), size };
        let pieces = [piece(1, 10), piece(2, 5), piece(3, 7)];
        let of = |range| -> Vec<_> {
            covered(&pieces, range)
                .into_iter()
                .map(|(piece, range)| (piece.number, range))
                .collect()
        };
        assert_eq!(of((0, 22)), [(1, (0, 10)), (2, (0, 5)), (3, (0, 7))]);
        assert_eq!(of((9, 11)), [(1, (9, 10)), (2, (0, 1))]);
        assert_eq!(of((10, 15)), [(2, (0, 5))]);
        assert_eq!(of((21, 22)), [(3, (6, 7))]);
    }
}
