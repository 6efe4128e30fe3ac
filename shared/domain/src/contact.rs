//! How a person can be reached. Must not know what they are told.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest e-mail address (RFC 5321 section 4.5.3.1.3, less the brackets).
const EMAIL_CHARS_MAX: usize = 254;
/// Digits of a phone number in international form (ITU-T E.164), least and most.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Longest line of a postal address (AFNOR NF Z10-011 has 38; addresses abroad
/// are longer).
const ADDRESS_LINE_CHARS_MAX: usize = 70;

/// By which way a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    /// Electronic mail.
    Email,
    /// A text message.
    Sms,
    /// Paper, through the mailing house.
    Letter,
}

impl Channel {
    /// The name used in the API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Letter => "letter",
        }
    }
}

/// The text is not an address of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not `local@domain.tld`.
    #[error("not an e-mail address")]
    Email,
    /// Not a phone number in French or international form.
    #[error("not a phone number")]
    Phone,
    /// A line is missing, too long, or holds control characters.
    #[error("not a postal address")]
    PostalAddress,
}

/// An e-mail address that a mail server will accept. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Reads an address. ASCII only: a mail system that takes no SMTPUTF8 would
    /// lose the person's only letter.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(ContactError::Email);
        };
        let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let local_good = !local.is_empty()
            && local.len() <= 64
            && local.bytes().all(atom)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let domain_good = domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            });
        if local_good && domain_good && text.len() <= EMAIL_CHARS_MAX {
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(ContactError::Email)
        }
    }

    /// The address, for sending and sealing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A phone number in E.164 form (`+33612345678`). Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Reads `06 12 34 56 78`, `+33612345678` or `0033612345678`; spaces, dots,
    /// hyphens and brackets are ignored.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let bare: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '\u{a0}'))
            .collect();
        let international = if let Some(rest) = bare.strip_prefix('+') {
            rest.to_owned()
        } else if let Some(rest) = bare.strip_prefix("00") {
            rest.to_owned()
        } else if let Some(rest) = bare.strip_prefix('0') {
            // A national number has nine digits after the 0.
            if rest.len() != 9 {
                return Err(ContactError::Phone);
            }
            format!("33{rest}")
        } else {
            return Err(ContactError::Phone);
        };
        let good = PHONE_DIGITS.contains(&international.len())
            && international.bytes().all(|b| b.is_ascii_digit())
            && !international.starts_with('0');
        if good { Ok(Self(format!("+{international}"))) } else { Err(ContactError::Phone) }
    }

    /// The number, for sending and sealing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Where a letter goes. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostalAddress {
    /// Number and street.
    pub line1: String,
    /// Building, place called; may be absent.
    #[serde(default)]
    pub line2: Option<String>,
    /// Post code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// Country, a name or an ISO 3166 code; `FR` and `France` print no line.
    pub country: String,
}

impl PostalAddress {
    /// Checks every line: present where it must be, at most 70 characters,
    /// no control character (a newline would forge an envelope).
    pub fn check(&self) -> Result<(), ContactError> {
        let line_good = |line: &str| {
            line.chars().count() <= ADDRESS_LINE_CHARS_MAX && !line.chars().any(char::is_control)
        };
        let filled = |line: &str| !line.trim().is_empty() && line_good(line);
        let good = filled(&self.line1)
            && self.line2.as_deref().is_none_or(line_good)
            && filled(&self.postal_code)
            && filled(&self.city)
            && filled(&self.country);
        if good { Ok(()) } else { Err(ContactError::PostalAddress) }
    }

    /// The lines under the addressee's name, as printed.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.line1.clone()];
        lines.extend(self.line2.clone().filter(|line| !line.trim().is_empty()));
        lines.push(format!("{} {}", self.postal_code, self.city.to_uppercase()));
        if !matches!(self.country.to_uppercase().as_str(), "FR" | "FRA" | "FRANCE") {
            lines.push(self.country.to_uppercase());
        }
        lines
    }
}

/// One way to reach a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", content = "value", rename_all = "camelCase")]
pub enum Contact {
    /// By e-mail.
    Email(Email),
    /// By text message.
    Sms(Phone),
    /// By letter.
    Letter(PostalAddress),
}

impl Contact {
    /// The ends of the address, by which its owner knows it and nobody else does.
    pub fn hint(&self) -> String {
        match self {
            Self::Email(email) => {
                let (local, domain) = email.expose().rsplit_once('@').unwrap_or_default();
                let first = local.chars().next().map_or(String::new(), String::from);
                format!("{first}…@{domain}")
            }
            Self::Sms(phone) => {
                let digits = phone.expose();
                let tail = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
                format!("… {tail}")
            }
            Self::Letter(address) => address.city.clone(),
        }
    }

    /// By which way.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Sms(_) => Channel::Sms,
            Self::Letter(_) => Channel::Letter,
        }
    }
}

macro_rules! silent_debug {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}
silent_debug!(Email, Phone, PostalAddress, Contact);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_a_person_types_it() {
        let email = |t| Email::parse(t).map(|e| e.0);
        assert_eq!(email(" Zoe.Le-Goff@Exemple.FR "), Ok("Zoe.Le-Goff@exemple.fr".into()));
        for wrong in [
            "",
            "zoe",
            "zoe@",
            "@x.fr",
            "zoe@x",
            "zoé@x.fr",
            "a b@x.fr",
            "a..b@x.fr",
            "a@-x.fr",
            "a@x.fr\nbcc:b@x.fr",
            "a@x..fr",
        ] {
            assert_eq!(email(wrong), Err(ContactError::Email), "{wrong}");
        }
    }

    #[test]
    fn a_phone_number_takes_its_international_form() {
        let phone = |t| Phone::parse(t).map(|p| p.0);
        for typed in ["06 12 34 56 78", "+33 6 12 34 56 78", "0033612345678", "06.12.34.56.78"] {
            assert_eq!(phone(typed), Ok("+33612345678".into()), "{typed}");
        }
        for wrong in ["", "06", "061234567", "06123456789", "+0612345678", "O612345678"] {
            assert_eq!(phone(wrong), Err(ContactError::Phone), "{wrong}");
        }
    }

    #[test]
    fn an_envelope_cannot_be_forged_with_a_newline() {
        let mut address = PostalAddress {
            line1: "1 rue des Lilas".into(),
            line2: None,
            postal_code: "75012".into(),
            city: "Paris".into(),
            country: "France".into(),
        };
        assert_eq!(address.check(), Ok(()));
        assert_eq!(address.lines(), ["1 rue des Lilas", "75012 PARIS"]);
        address.city = "Paris\nLyon".into();
        assert_eq!(address.check(), Err(ContactError::PostalAddress));
    }
}
