//! Whether a clinical document is the space's holder's. Must not know which format said
//! whose it is.

use espace_content::PatientClaim;
use espace_domain::{Traits, comparable_name};

use crate::Fault;

/// What is known of the holder.
#[derive(Debug, Clone, Copy)]
pub struct PatientFacts<'a> {
    /// Names and birth date.
    pub holder: &'a Traits,
    /// The first 13 characters of the NIR; spaces opened before they were kept have none.
    pub matricule: Option<&'a str>,
    /// Whether test identities count (never in production).
    pub takes_test_identities: bool,
}

/// Refuses the document of another person. The first 13 characters of a matricule say who
/// a person is; a wrong key of it is the writer's mistake. Without any, birth date and a
/// family name must both be the holder's.
pub fn require_holders(claim: &PatientClaim, facts: PatientFacts<'_>) -> Result<(), Fault> {
    let PatientFacts { holder, matricule, takes_test_identities } = facts;
    let is_theirs = |named: &String| matricule == Some(named.as_str());
    let by_matricule = if takes_test_identities {
        claim.matricules.iter().chain(&claim.test_matricules).any(is_theirs)
    } else {
        claim.matricules.iter().any(is_theirs)
    };
    let has_matricule = matricule.is_some() && !claim.matricules.is_empty()
        || (takes_test_identities && !claim.test_matricules.is_empty());
    let family = [Some(holder.birth_name.as_str()), holder.used_name.as_deref()];
    let names: Vec<String> = family.into_iter().flatten().map(comparable_name).collect();
    let by_traits = claim.birth_date == Some(holder.birth_date)
        && claim
            .family_names
            .iter()
            .map(|name| comparable_name(name))
            .any(|name| !name.is_empty() && names.contains(&name));
    if by_matricule || (!has_matricule && by_traits) { Ok(()) } else { Err(Fault::AnotherPatient) }
}
