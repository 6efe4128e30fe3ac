//! What a person is told, in French, by e-mail, text message and letter.
//!
//! For: every text that leaves the system towards a person. Must not know: how
//! it is sent, nor anything medical. No text asks for a password or holds a
//! link to click; each carries the warning against fraud where it fits, and at
//! most one code, on a line of its own (`code : …`, `api.md`).

mod activity;
mod digest;
mod french;
mod log;
mod long;
mod proof;
mod short;

pub use french::{french_date, french_time};
pub use log::log_sentence;
pub use proof::{ClosureProof, ErasureProof, OppositionProof, ProofCheck, ProofText};

use espace_domain::{AlertCode, Channel, InvitationCode, NotificationKind, OneTimeCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::french::last_day;

/// Who helps, and when (`domain.md`, A10).
const PHONE_LINE: &str = "Assistance : 3422, du lundi au vendredi, de 8 h 30 à 17 h 30 (service \
                          gratuit, prix d’un appel).";
/// The service's name in texts.
pub const SERVICE: &str = "Espace santé";
/// The warning at the end of e-mails and letters.
const FRAUD_WARNING: &str = "Nous ne demandons jamais votre mot de passe ni vos coordonnées \
bancaires, ni par e-mail, ni par SMS, ni par téléphone.";

/// A message, as kept sealed until it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Notice {
    /// The space will open; here is the code to activate or refuse it.
    Invitation {
        /// Who is written to.
        first_name: String,
        /// The code, grouped.
        code: String,
        /// The last day on which it is valid.
        valid_until: Date,
        /// Whether someone acts for the person: a child's parent, a guardian.
        represented: bool,
    },
    /// A code takes the place of another.
    NewCode {
        /// Who is written to.
        first_name: String,
        /// The code, grouped.
        code: String,
        /// The last day on which it is valid.
        valid_until: Date,
        /// Whether it stands in for the card.
        stand_in: bool,
    },
    /// The person came of age: a code of their own.
    CodeOfAge {
        /// Who is written to.
        first_name: String,
        /// The code, grouped.
        code: String,
        /// The last day on which it is valid.
        valid_until: Date,
    },
    /// A code was asked for, but the space is in its holder's hands already.
    AlreadyActive {
        /// Who is written to.
        first_name: String,
    },
    /// The insurer wrote again of someone who refused: a code, should they change
    /// their mind. Nothing opens by itself.
    CodeAfterRefusal {
        /// Who is written to.
        first_name: String,
        /// The code, grouped.
        code: String,
        /// The last day on which it is valid.
        valid_until: Date,
    },
    /// Six digits to log in.
    LoginCode {
        /// The digits.
        code: String,
    },
    /// Six digits to confirm a grave act.
    ActCode {
        /// The act, in the infinitive.
        act: String,
        /// The digits.
        code: String,
    },
    /// Six digits to confirm an address.
    ContactCode {
        /// The digits.
        code: String,
    },
    /// The space opened by itself.
    SpaceOpened {
        /// Who is written to.
        first_name: String,
    },
    /// The space was activated: word to an address known before.
    SpaceActivated {
        /// Who is written to.
        first_name: String,
        /// The code that freezes the space, grouped.
        alert: String,
    },
    /// An address was added: word to those known before.
    ContactAdded {
        /// The code that freezes the space, grouped.
        alert: String,
    },
    /// An address was removed: word to it and to those that are left.
    ContactRemoved {
        /// The code that freezes the space, grouped.
        alert: String,
    },
    /// The password was changed, or a second factor: word to every address.
    AccessChanged {
        /// What changed, as the subject of a sentence.
        what: String,
        /// The code that freezes the space, grouped.
        alert: String,
    },
    /// The space is frozen after an alert.
    SpaceFrozen {
        /// Who is written to.
        first_name: String,
    },
    /// Something waits that a professional wishes to announce themselves.
    AnnouncementWaiting {
        /// Who is written to.
        first_name: String,
    },
    /// Someone asks the person to help them.
    HelpAsked {
        /// Who is written to.
        first_name: String,
    },
    /// Something was done in the space by someone else.
    Activity {
        /// What.
        activity: NotificationKind,
        /// Whose space.
        first_name: String,
        /// When.
        at: Timestamp,
        /// What stops messages of this kind, where it may be stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unsubscribe: Option<String>,
    },
    /// What happened in the space since the last time, together.
    Digest {
        /// Whose space.
        first_name: String,
        /// How often each kind of thing happened.
        counts: Vec<(NotificationKind, u32)>,
    },
    /// The holder closed the space: with its confirmation.
    SpaceClosed(ClosureProof),
    /// The holder had the space erased: with its certificate.
    SpaceErased(ErasureProof),
    /// One of two representatives asked to close a child's space: word to both.
    ClosureAsked {
        /// Whose space.
        first_name: String,
        /// Until when the other may agree.
        until: Timestamp,
    },
    /// What one of them asked was taken back, or refused.
    ClosureWithdrawn {
        /// Whose space.
        first_name: String,
    },
    /// The code that confirms a closing by phone: read out to the agent.
    PhoneClosureCode {
        /// Six digits.
        code: String,
    },
    /// Who claimed what a dead person left is admitted.
    HeirAdmitted {
        /// Who is written to.
        first_name: String,
        /// Until when a copy may be asked for.
        until: Timestamp,
    },
    /// The copy of everything that the holder asked for can be taken away.
    ExportReady {
        /// Who is written to.
        first_name: String,
    },
    /// The holder took a closed space back.
    SpaceReopened {
        /// Who is written to.
        first_name: String,
        /// The code that freezes the space, grouped.
        alert: String,
    },
    /// The refusal is registered.
    OppositionRegistered {
        /// The reference of the receipt.
        reference: String,
        /// When.
        registered_on: Date,
    },
    /// The proof of a refusal, asked for: in full, with what checks it.
    OppositionProof(OppositionProof),
    /// The other representative refused for the person; this one may reverse it.
    OppositionByOther {
        /// Whom the refusal concerns.
        first_name: String,
        /// The code, grouped.
        code: String,
        /// The last day on which the refusal can be reversed.
        reversible_until: Date,
    },
    /// A refusal was undone: the six weeks go on.
    OppositionReversed {
        /// Whom it concerned.
        first_name: String,
        /// The new code, grouped; `None` for someone who is only told.
        code: Option<String>,
    },
}

/// A message ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject of the e-mail or letter.
    pub subject: &'static str,
    /// The text: paragraphs separated by empty lines.
    pub text: String,
}

impl Notice {
    /// An invitation.
    pub fn invitation(
        first_name: &str,
        represented: bool,
        code: &InvitationCode,
        expires_at: Timestamp,
    ) -> Self {
        Self::Invitation {
            first_name: first_name.to_owned(),
            code: code.grouped(),
            valid_until: last_day(expires_at),
            represented,
        }
    }

    /// A code in place of another.
    pub fn new_code(first_name: &str, code: &InvitationCode, expires_at: Timestamp) -> Self {
        Self::NewCode {
            first_name: first_name.to_owned(),
            code: code.grouped(),
            valid_until: last_day(expires_at),
            stand_in: code.stands_for_card(),
        }
    }

    /// A code of one's own, at 18.
    pub fn code_of_age(first_name: &str, code: &InvitationCode, expires_at: Timestamp) -> Self {
        Self::CodeOfAge {
            first_name: first_name.to_owned(),
            code: code.grouped(),
            valid_until: last_day(expires_at),
        }
    }

    /// A refusal by the other representative.
    pub fn opposition_by_other(
        first_name: &str,
        code: &InvitationCode,
        reversible_until: Timestamp,
    ) -> Self {
        Self::OppositionByOther {
            first_name: first_name.to_owned(),
            code: code.grouped(),
            reversible_until: last_day(reversible_until),
        }
    }

    /// The space was activated.
    pub fn space_activated(first_name: &str, alert: &AlertCode) -> Self {
        Self::SpaceActivated { first_name: first_name.to_owned(), alert: alert.grouped() }
    }

    /// A code for someone who refused.
    pub fn code_after_refusal(
        first_name: &str,
        code: &InvitationCode,
        expires_at: Timestamp,
    ) -> Self {
        Self::CodeAfterRefusal {
            first_name: first_name.to_owned(),
            code: code.grouped(),
            valid_until: last_day(expires_at),
        }
    }

    /// Six digits to log in.
    pub fn login_code(code: &OneTimeCode) -> Self {
        Self::LoginCode { code: code.expose().to_owned() }
    }

    /// Six digits to confirm an act, said in the infinitive.
    pub fn act_code(act: &str, code: &OneTimeCode) -> Self {
        Self::ActCode { act: act.to_owned(), code: code.expose().to_owned() }
    }

    /// Six digits to confirm an address.
    pub fn contact_code(code: &OneTimeCode) -> Self {
        Self::ContactCode { code: code.expose().to_owned() }
    }

    /// The proof that goes with it as a PDF, and under which name.
    pub fn proof(&self, site: &str) -> Option<(&'static str, ProofText)> {
        match self {
            Self::OppositionProof(proof) => Some(("preuve-de-refus.pdf", proof.text(site))),
            Self::SpaceClosed(proof) => Some(("confirmation-de-fermeture.pdf", proof.text(site))),
            Self::SpaceErased(proof) => Some(("certificat-d-effacement.pdf", proof.text(site))),
            _ => None,
        }
    }

    /// What stops messages of this kind, where it may be stopped.
    pub fn unsubscribe(&self) -> Option<&str> {
        match self {
            Self::Activity { unsubscribe, .. } => unsubscribe.as_deref(),
            _ => None,
        }
    }

    /// Writes the text for a channel. `site` is the address people type in.
    pub fn render(&self, channel: Channel, site: &str) -> Rendered {
        match channel {
            Channel::Sms => Rendered { subject: "", text: self.short(site) },
            Channel::Email | Channel::Letter => self.long(site),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(activity: NotificationKind) -> Notice {
        let at = "2027-05-03T07:05:00Z".parse().unwrap_or_default();
        Notice::Activity { activity, first_name: "Zélie".to_owned(), at, unsubscribe: None }
    }

    fn every_notice() -> Vec<Notice> {
        let date = jiff::civil::date(2027, 3, 1);
        let name = || "Zélie".to_owned();
        let until = "2027-02-03T09:12:00Z".parse().unwrap_or_default();
        vec![
            Notice::Invitation {
                first_name: name(),
                code: "0A1B-2C3D-4E5F".into(),
                valid_until: date,
                represented: false,
            },
            Notice::Invitation {
                first_name: name(),
                code: "0A1B-2C3D-4E5F".into(),
                valid_until: date,
                represented: true,
            },
            Notice::NewCode {
                first_name: name(),
                code: "0A1B-2C3D-4E5F-6G7H-8J9K".into(),
                valid_until: date,
                stand_in: true,
            },
            Notice::CodeOfAge {
                first_name: name(),
                code: "0A1B-2C3D-4E5F".into(),
                valid_until: date,
            },
            Notice::OppositionByOther {
                first_name: name(),
                code: "0A1B-2C3D-4E5F".into(),
                reversible_until: date,
            },
            Notice::OppositionReversed { first_name: name(), code: Some("0A1B-2C3D-4E5F".into()) },
            Notice::CodeAfterRefusal {
                first_name: name(),
                code: "0A1B-2C3D-4E5F".into(),
                valid_until: date,
            },
            Notice::LoginCode { code: "012345".into() },
            Notice::ContactCode { code: "012345".into() },
            Notice::ActCode { act: "fermer votre espace".into(), code: "012345".into() },
            Notice::SpaceOpened { first_name: name() },
            Notice::SpaceActivated { first_name: name(), alert: "0A1B-2C3D-4E5F".into() },
            Notice::ContactAdded { alert: "0A1B-2C3D-4E5F".into() },
            Notice::ContactRemoved { alert: "0A1B-2C3D-4E5F".into() },
            Notice::SpaceFrozen { first_name: name() },
            Notice::AnnouncementWaiting { first_name: name() },
            Notice::AccessChanged {
                what: "Le mot de passe".into(),
                alert: "0A1B-2C3D-4E5F".into(),
            },
            Notice::AlreadyActive { first_name: name() },
            Notice::HelpAsked { first_name: name() },
            activity(NotificationKind::Access),
            activity(NotificationKind::EmergencyAccess),
            activity(NotificationKind::DocumentRead),
            activity(NotificationKind::NewDocument),
            activity(NotificationKind::Message),
            activity(NotificationKind::Blocked),
            Notice::Digest {
                first_name: name(),
                counts: NotificationKind::ALL.map(|kind| (kind, 2)).to_vec(),
            },
            activity(NotificationKind::Caregiver),
            Notice::OppositionReversed { first_name: name(), code: None },
            Notice::OppositionProof(OppositionProof {
                name: "Zélie Le Goff".into(),
                represented: false,
                reference: "AB12-CD34-EF56".into(),
                registered_at: "2027-01-04T09:12:00Z".parse().unwrap_or_default(),
                dmp_until: Some(date),
            }),
            Notice::OppositionRegistered {
                reference: "AB12-CD34-EF56".into(),
                registered_on: date,
            },
            Notice::SpaceClosed(ClosureProof {
                name: "Zélie Le Goff".into(),
                closed_at: "2027-01-04T09:12:00Z".parse().unwrap_or_default(),
                erasure_due_at: "2037-01-04T09:12:00Z".parse().unwrap_or_default(),
                has_account: true,
            }),
            Notice::SpaceErased(ErasureProof {
                name: "Zélie Le Goff".into(),
                reference: "AB12-CD34-EF56".into(),
                asked_at: "2027-01-04T09:12:00Z".parse().unwrap_or_default(),
                inaccessible_since: "2027-01-04T09:17:00Z".parse().unwrap_or_default(),
                unrecoverable_from: "2027-01-11T09:12:00Z".parse().unwrap_or_default(),
                traces_until: "2037-01-04T09:12:00Z".parse().unwrap_or_default(),
            }),
            Notice::ExportReady { first_name: name() },
            Notice::ClosureAsked { first_name: name(), until },
            Notice::ClosureWithdrawn { first_name: name() },
            Notice::PhoneClosureCode { code: "123456".into() },
            Notice::HeirAdmitted { first_name: name(), until },
            Notice::SpaceReopened { first_name: name(), alert: "0A1B-2C3D-4E5F".into() },
        ]
    }

    #[test]
    fn no_text_asks_for_a_secret_or_holds_a_link() {
        for notice in every_notice() {
            for channel in [Channel::Email, Channel::Sms, Channel::Letter] {
                let rendered = notice.render(channel, "espace-sante.example");
                assert!(!rendered.text.contains("http"), "{}", rendered.text);
                assert!(rendered.text.matches("code : ").count() <= 1, "{}", rendered.text);
                if channel == Channel::Sms {
                    // Two segments of 67 characters of UCS-2, and a little.
                    assert!(rendered.text.chars().count() <= 160, "{}", rendered.text);
                } else {
                    assert!(rendered.text.ends_with(FRAUD_WARNING));
                    assert!(rendered.text.contains(PHONE_LINE));
                    assert!(!rendered.subject.is_empty());
                }
            }
        }
    }

    #[test]
    fn a_code_stands_on_a_line_of_its_own() {
        let by_phone = Notice::PhoneClosureCode { code: "123456".into() };
        for notice in every_notice().iter().take(10).chain([&by_phone]) {
            for channel in [Channel::Email, Channel::Sms] {
                let text = notice.render(channel, "x.example").text;
                let lines = text.lines().filter(|line| line.starts_with("code : ")).count();
                assert_eq!(lines, 1, "{text}");
            }
        }
    }
}
