//! Whether a clinical document is the space's holder's.
//!
//! Must not know: which format said whose it is.

use espace_access::Opened;
use espace_content::PatientClaim;
use espace_domain::comparable_name;
use espace_http::{Problem, ProblemKind};

/// Refuses the document of another person. The first 13 characters of a matricule say who
/// a person is; a wrong key of it is the writer's mistake. Without any, birth date and a
/// family name must both be the holder's.
pub(crate) fn require_holders(
    claim: &PatientClaim,
    opened: &Opened,
    takes_test_identities: bool,
) -> Result<(), Problem> {
    let is_theirs = |named: &String| opened.matricule.as_ref() == Some(named);
    let by_matricule = if takes_test_identities {
        claim.matricules.iter().chain(&claim.test_matricules).any(is_theirs)
    } else {
        claim.matricules.iter().any(is_theirs)
    };
    // Spaces opened before matricules were kept have none: traits tell.
    let has_matricule = opened.matricule.is_some() && !claim.matricules.is_empty()
        || (takes_test_identities && !claim.test_matricules.is_empty());
    let holder = &opened.holder;
    let family = [Some(holder.birth_name.as_str()), holder.used_name.as_deref()];
    let names: Vec<String> = family.into_iter().flatten().map(comparable_name).collect();
    let by_traits = claim.birth_date == Some(holder.birth_date)
        && claim
            .family_names
            .iter()
            .map(|name| comparable_name(name))
            .any(|name| !name.is_empty() && names.contains(&name));
    if by_matricule || (!has_matricule && by_traits) {
        Ok(())
    } else {
        Err(ProblemKind::AnotherPatient.into())
    }
}
