//! Addresses of the trust space: strict, for what a hostile mail calls an address may be
//! anything. Must not know who stands behind one.

use espace_domain::Nir;

/// Longest address (RFC 5321).
pub const MAIL_ADDRESS_CHARS_MAX: usize = 254;
/// Characters of a matricule without its key.
const MATRICULE_CHARS: usize = 13;

/// An address, in lower case but for a person's matricule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailAddress(String);

/// A person, by the number in their address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// Their number.
    pub nir: Nir,
}

impl MailAddress {
    /// Reads an address: one `@`, nothing but what addresses of the trust space have.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, domain) = text.split_once('@')?;
        let is_local = |b: u8| b.is_ascii_alphanumeric() || b"._-+'".contains(&b);
        let is_domain = |b: u8| b.is_ascii_alphanumeric() || b".-".contains(&b);
        let is_good = text.len() <= MAIL_ADDRESS_CHARS_MAX
            && !local.is_empty()
            && local.len() <= 64
            && local.bytes().all(is_local)
            && domain.bytes().all(is_domain)
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty());
        is_good.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The address of a person: their matricule as it is written, Corsica's letter in
    /// capitals.
    pub fn of_patient(matricule: &str, domain: &str) -> Option<Self> {
        let parsed = Self::parse(&format!("{matricule}@{domain}"))?;
        Some(Self(format!("{}@{}", matricule.to_ascii_uppercase(), domain_of(&parsed))))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The person it is the address of, at the persons' own domain: 13 characters, or 15
    /// with the key.
    pub fn patient(&self, domain: &str) -> Option<Patient> {
        let (local, own) = self.0.split_once('@')?;
        if !own.eq_ignore_ascii_case(domain) {
            return None;
        }
        let local = local.to_ascii_uppercase();
        let (number, key) = local.split_at_checked(MATRICULE_CHARS)?;
        let nir = if key.is_empty() {
            Nir::parse(number).ok()?
        } else {
            Nir::parse_with_key(number, key).ok()?
        };
        Some(Patient { nir })
    }
}

/// The part after the `@`.
pub fn domain_of(address: &MailAddress) -> &str {
    address.0.split_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_one_address_is_one() {
        for good in ["anne.morel@medecin.mssante.fr", "O'Hara+x@a.b"] {
            assert!(MailAddress::parse(good).is_some(), "{good}");
        }
        for bad in ["", "a@b", "a b@c.d", "a@b.c d@e.f", "a@b@c.d", "<a@b.c>", "a@b..c", "é@b.c"] {
            assert_eq!(MailAddress::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_person_is_known_by_their_number_at_their_domain() {
        let of = |text: &str| MailAddress::parse(text)?.patient("patient.mssante.fr");
        assert!(of("269054958815780@patient.mssante.fr").is_some());
        assert!(of("2690549588157@Patient.MSSante.fr").is_some());
        assert!(of("269054958815781@patient.mssante.fr").is_none(), "another key");
        assert!(of("2690549588157@medecin.mssante.fr").is_none());
        assert!(of("x@patient.mssante.fr").is_none());
        let written = MailAddress::of_patient("2490303B37863", "Patient.mssante.fr");
        let written = written.map(|address| address.as_str().to_owned());
        assert_eq!(written.as_deref(), Some("2490303B37863@patient.mssante.fr"));
    }
}
