//! What a person chose that lets nobody in: whom they keep out, which document one professional
//! sees or not, what is allowed in emergencies.
//!
//! Must not know: how the archive is read.

use espace_domain::decision::Chain;
use espace_storage::{Choice, Consents, Versioned};
use serde_json::Value;

use crate::archive::{Refusal, Unread};
use crate::take_in::TakingIn;

/// What the trace of it says.
const ELEMENT: &str = "choices";

/// Takes one in, where the person has not chosen otherwise.
pub(crate) async fn take_in(taking: &TakingIn<'_>, choice: Value) -> Result<(), Unread> {
    let choice: Choice =
        serde_json::from_value(choice).map_err(|_| Unread::Refused(Refusal::Damaged))?;
    let (app, space_id) = (taking.app, taking.space_id);
    let entry = match &choice {
        Choice::Block(block) => taking.names.block(space_id, &block.rpps),
        Choice::Rule(rule) => taking.names.rule(space_id, &rule.document_id, &rule.rpps),
        Choice::Emergencies(_) => Consents::choices_entry().to_owned(),
        _ => return Ok(()),
    };
    let choice = Versioned { value: choice, version: None };
    let (key, random) = (&taking.key, app.random.as_ref());
    let changes = [app.consents.put(space_id, &entry, &choice, key, random)?];
    // Refused where it is there: what the person chose since stands.
    taking.record(Some((ELEMENT, Chain::Ordinary)), &changes, true).await?;
    Ok(())
}
