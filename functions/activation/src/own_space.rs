//! Acts of a holder on their own space that change nothing others rest on: decided where
//! everything is, on where the space stands.
//!
//! Must not know: what the act is for.

use espace_access::problem_of;
use espace_domain::decision::{Action, Decision, Party, Situation, SpaceStanding, decide};
use espace_http::{Citizen, Problem};

use crate::App;

/// Lets a holder act on the space that a path names.
pub(crate) async fn permit(
    app: &App,
    citizen: &Citizen,
    named: &str,
    action: Action,
) -> Result<(), Problem> {
    let party = citizen.party_to(named);
    // A stranger is refused without a look at what is there.
    let space = match party {
        Party::Holder => app.stores.spaces.find(&citizen.space_id).await?,
        _ => None,
    };
    let standing = space
        .map_or(SpaceStanding::Absent, |space| SpaceStanding::of(&space.state, space.suspension));
    match decide(party, action, &Situation::of_space(standing)) {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(reason) => Err(problem_of(party, reason).into()),
    }
}
