//! `POST /v1/spaces/{spaceId}/blocks`: a professional is kept out, and cannot tell.
//!
//! Must not know: what the blocked are told.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::Done;
use espace_domain::decision::{Action, Party};
use espace_domain::{Actor, Block, BlockId, Tie};
use espace_http::{Bearer, FieldError, JsonBody, Problem, ProblemBody, ProblemKind};
use espace_storage::{Choice, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::give::{put, read_rpps};
use crate::withdraw::leave_teams;

/// Most professionals whom one holder keeps out.
const BLOCKS_MAX: usize = 500;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewBlock {
    /// Eleven digits.
    rpps: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Blocked {
    #[schema(value_type = String)]
    block_id: BlockId,
}

/// Blocks a professional: from then on the space is to them as if it were not there.
/// What consent there was is gone; after unblocking it must be given again. The holder's
/// administrator doctor may do it for them.
#[utoipa::path(
    post, path = "/v1/spaces/{spaceId}/blocks", operation_id = "blockProfessional",
    tag = "consent", params(("spaceId" = String, Path)), request_body = NewBlock,
    responses(
        (status = 201, body = Blocked),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
    extensions(("x-actors" = json!(["citizen", "professional"]))),
)]
pub(crate) async fn block(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
    body: Result<JsonBody<NewBlock>, Problem>,
) -> Result<(StatusCode, Json<Blocked>), Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::BlockProfessional).await?;
    let rpps = read_rpps(&body?.value.rpps)?;
    if let (Party::Professional(_), Actor::Professional { rpps: own, .. }) =
        (visit.party, &visit.claims.actor)
        && *own == rpps
    {
        let detail = "Un médecin administrateur ne se bloque pas lui-même.";
        return Err(Problem::invalid(vec![FieldError::new("/rpps", "own-number", detail)]));
    }
    let opened = visit.opened(&permit)?;
    let known = app.consents.list(&visit.space_id, &opened.content_key).await?;
    let whom = format!("professional:{rpps}");
    let mut blocks = 0;
    let mut known_tie = Versioned { value: Tie::new(&rpps), version: None };
    for (_, found) in &known {
        match &found.value {
            Choice::Block(block) if block.rpps == rpps => {
                let block_id = block.block_id.clone();
                let elements = [block_id.as_str(), &whom];
                let done = Done { elements: &elements, ..Done::default() };
                app.guard.record(&visit, &permit, done).await?;
                return Ok((StatusCode::CREATED, Json(Blocked { block_id })));
            }
            Choice::Block(_) => blocks += 1,
            Choice::Tie(tie) if tie.rpps == rpps => {
                known_tie = Versioned { value: tie.clone(), version: found.version };
            }
            _ => {}
        }
    }
    // Written also where there was none: a first access at the same moment is overtaken.
    let Versioned { value: mut tie, version } = known_tie;
    let name = tie.name.clone();
    let mut changes = leave_teams(&app, (&visit, &permit), &known, &rpps)?;
    tie.withdraw();
    let entry = visit.names.tie(&visit.space_id, &rpps);
    let choice = Versioned { value: Choice::Tie(tie), version };
    changes.push(put(&app, (&visit, &permit), &entry, &choice)?);
    if blocks >= BLOCKS_MAX {
        return Err(ProblemKind::TooManyProfessionals.into());
    }
    let block_id = BlockId::generate(app.random.as_ref());
    let block = Block { block_id: block_id.clone(), rpps, name, since: visit.now };
    let entry = visit.names.block(&visit.space_id, &block.rpps);
    let choice = Versioned { value: Choice::Block(block), version: None };
    changes.push(put(&app, (&visit, &permit), &entry, &choice)?);
    let elements = [block_id.as_str(), &whom];
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok((StatusCode::CREATED, Json(Blocked { block_id })))
}
