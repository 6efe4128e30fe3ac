//! The reference printed on a receipt or certificate. Must not know its owner.

use serde::{Deserialize, Serialize};

use crate::{Random, base32};

/// Characters of a reference without its hyphens: 60 bits, since it is checked
/// without a token.
const REFERENCE_CHARS: usize = 12;

/// A reference, `XXXX-XXXX-XXXX`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// The text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reference")]
pub struct ReferenceError;

impl Reference {
    /// Draws a new reference.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let mut text = base32::encode(&bytes).to_uppercase();
        text.truncate(REFERENCE_CHARS);
        Self(base32::grouped(&text))
    }

    /// Reads a reference as a person types it.
    pub fn parse(typed: &str) -> Result<Self, ReferenceError> {
        base32::read(typed, REFERENCE_CHARS)
            .map(|symbols| Self(base32::grouped(&symbols)))
            .ok_or(ReferenceError)
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;
    fn try_from(text: String) -> Result<Self, ReferenceError> {
        Self::parse(&text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.0
    }
}
