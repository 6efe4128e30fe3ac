//! One registry of identifier kinds, so that a session cannot be passed where a
//! space is meant. Must not know where they are stored.

use serde::{Deserialize, Serialize};

use crate::{Random, base32};

/// Random bytes in an identifier: 128 bits, unguessable.
const ID_BYTES: usize = 16;
/// Characters of an identifier in its text form.
const ID_CHARS: usize = 26;

/// The text is not an identifier of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct IdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// 26 characters of Crockford base 32 (128 random bits).
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Draws a new identifier.
            pub fn generate(random: &dyn Random) -> Self {
                let mut bytes = [0; ID_BYTES];
                random.fill(&mut bytes);
                Self(base32::encode(&bytes))
            }

            /// An identifier derived from 128 bits that are already unguessable
            /// or must come out the same when the work is done twice.
            pub fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
                Self(base32::encode(&bytes))
            }

            /// Reads the text form.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if text.len() == ID_CHARS && base32::is_canonical(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError)
                }
            }

            /// The text form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}

ids! {
    /// A health space (*espace*). Names it everywhere; the NIR never does.
    SpaceId;
    /// The account a person logs in with.
    AccountId;
    /// An address a person can be reached at.
    ContactId;
    /// A campaign of invitations fed by the insurer.
    CampaignId;
    /// A message in the outbox.
    NotificationId;
    /// A refusal (*opposition*).
    OppositionId;
    /// The half hour between proving who one is and choosing.
    EnrolmentId;
    /// A pending second factor.
    ChallengeId;
    /// A logged-in device.
    SessionId;
    /// One run of a job.
    RunId;
    /// What is left to do after an act.
    FollowUpId;
    /// An access that a professional opened.
    AccessId;
    /// The holder's consent for one professional.
    GrantId;
    /// The holder's block of one professional.
    BlockId;
    /// The holder's choice about one document for one professional.
    RuleId;
    /// An invitation to help a holder, and the help itself.
    CaregiverId;
    /// An inquiry into what a professional read.
    InquiryId;
    /// An archive by which everything is taken away.
    ExportId;
    /// An archive that is taken in again.
    ImportId;
    /// A document.
    DocumentId;
    /// A conversation between a person's side and professionals.
    ThreadId;
    /// A message of a conversation.
    MessageId;
    /// A mail that came from, or goes to, the trust space of secure mail (`MSSanté`).
    MailId;
    /// A browser that is told of what is new.
    PushId;
    /// A batch of letters for the mailing house.
    BatchId;
}

impl DocumentId {
    /// Draws the identifier of a document that comes at `now`: 48 bits of the instant, so
    /// that names sort by arrival, and 80 random ones, so that nobody guesses them.
    pub fn at(now: jiff::Timestamp, random: &dyn Random) -> Self {
        Self::from_bytes(sorted_by(now, random))
    }
}

/// The bytes of an identifier whose first 48 bits are an instant.
fn sorted_by(now: jiff::Timestamp, random: &dyn Random) -> [u8; ID_BYTES] {
    let mut bytes = [0; ID_BYTES];
    random.fill(&mut bytes);
    let instant = now.as_millisecond().to_be_bytes();
    for (to, from) in bytes.iter_mut().zip(instant.iter().skip(2)) {
        *to = *from;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_is_an_identifier() {
        let id = SpaceId::from_bytes([7; ID_BYTES]);
        assert_eq!(SpaceId::parse(id.as_str()), Ok(id.clone()));
        for wrong in ["", "me", &id.as_str().to_uppercase(), &format!("{id}0"), &"é".repeat(13)] {
            assert_eq!(SpaceId::parse(wrong), Err(IdError), "{wrong}");
        }
    }
}
