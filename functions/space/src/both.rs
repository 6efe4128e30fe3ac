//! A child's space takes the word of both representatives: what one has said, and what the
//! other makes of it.
//!
//! Must not know: how a space is closed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use espace_access::{Done, Opened, Visit};
use espace_domain::decision::{Action, Party};
use espace_domain::{Agreement, ClosureAsked};
use espace_http::{Bearer, Problem, ProblemBody, ProblemKind};
use espace_notifications::Notice;
use espace_storage::{Change, Choice, Consents, LinkKind, Versioned};

use crate::App;
use crate::word::word;

/// What the trace of a word says that the other has not said yet.
pub(crate) const ASKED_ELEMENT: &str = "asked";
/// What it says of one that is taken back.
const WITHDRAWN_ELEMENT: &str = "withdrawn";

/// What comes of a representative's word, with what it writes.
pub(crate) enum Heard {
    /// It is closed now, or erased.
    Complete {
        /// Whether it is erased.
        erase: bool,
        /// The word of the other goes.
        changes: Vec<Change>,
    },
    /// The other is asked.
    Pending {
        /// What is written of it.
        changes: Vec<Change>,
    },
}

/// Hears a representative.
pub(crate) async fn hear(
    app: &App,
    visit: &Visit,
    opened: &Opened,
    erase: bool,
) -> Result<Heard, Problem> {
    let own = opened.own.as_ref().ok_or(ProblemKind::Forbidden)?;
    let links = app.representations.of_person(&visit.space_id).await?;
    let theirs = links.into_iter().filter(|link| link.kind == LinkKind::Representative);
    let representatives: Vec<_> = theirs.map(|link| link.representative).collect();
    let before = app.consents.closure(&visit.space_id, &opened.content_key).await?;
    let named = opened.named_representatives;
    let said = ClosureAsked { by: own.space.space_id.clone(), at: visit.now, erase };
    let agreed = said.agree(before.as_ref().map(|found| &found.value), &representatives, named);
    let entry = Consents::closure_entry();
    if let Agreement::Complete { erase } = agreed {
        let changes = match before {
            // As it was read: what was taken back meanwhile is not agreed to.
            Some(found) => vec![app.consents.remove_seen(&visit.space_id, entry, found.version)?],
            None => Vec::new(),
        };
        return Ok(Heard::Complete { erase, changes });
    }
    let version = before.and_then(|found| found.version);
    let first_name = opened.holder.first_name().to_owned();
    let notice = Notice::ClosureAsked { first_name, until: said.until() };
    let mut changes = word(app, visit, opened, &notice).await?;
    let choice = Versioned { value: Choice::Closure(said), version };
    let (key, random) = (&opened.content_key, app.random.as_ref());
    changes.push(app.consents.put(&visit.space_id, entry, &choice, key, random)?);
    Ok(Heard::Pending { changes })
}

/// Takes back what a representative asked, or refuses what the other did: the child's space
/// stays as it is, and everyone is told.
#[utoipa::path(
    delete, path = "/v1/spaces/{spaceId}/closure", operation_id = "withdrawClosure", tag = "space",
    params(("spaceId" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])), extensions(("x-actors" = json!(["citizen"]))),
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    bearer: Bearer,
    Path(space_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (visit, permit) = app.guard.enter(&bearer, &space_id, Action::CloseSpace).await?;
    let opened = visit.opened(&permit)?;
    if visit.party != Party::Representative {
        return Err(ProblemKind::Forbidden.into());
    }
    let found = app.consents.closure(&visit.space_id, &opened.content_key).await?;
    let found = found.filter(|found| visit.now < found.value.until());
    let found = found.ok_or(ProblemKind::NotFound)?;
    let first_name = opened.holder.first_name().to_owned();
    let mut changes = word(&app, &visit, opened, &Notice::ClosureWithdrawn { first_name }).await?;
    let entry = Consents::closure_entry();
    changes.push(app.consents.remove_seen(&visit.space_id, entry, found.version)?);
    let elements = [WITHDRAWN_ELEMENT];
    // What the other says at this moment was decided on it.
    let done =
        Done { elements: &elements, changes: &changes, raises_epoch: true, ..Done::default() };
    app.guard.record(&visit, &permit, done).await?;
    Ok(StatusCode::NO_CONTENT)
}
