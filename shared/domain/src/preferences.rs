//! Of what a person wishes to be told, and where (`domain.md` B7; R.1111-48 for what cannot
//! be turned off). Must not know how it is sent.

use jiff::Timestamp;
use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

use crate::{ContactId, PARIS};

/// The hour at which a digest is told, in Paris.
const DIGEST_HOUR: i8 = 18;

/// What happens that a person may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotificationKind {
    /// A professional opened the space with consent.
    Access,
    /// The space was opened in an emergency. Told whatever was chosen (R.1111-48).
    EmergencyAccess,
    /// A professional consulted a document.
    DocumentRead,
    /// A professional or the insurer deposited a document.
    NewDocument,
    /// A professional wrote.
    Message,
    /// The administrator doctor blocked someone.
    Blocked,
    /// Someone was asked to help, or says that they do: told always, for it may be someone
    /// else's doing.
    Caregiver,
}

/// What a person chose about being told.
#[expect(clippy::struct_excessive_bools, reason = "wishes apart: every combination occurs")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationPreferences {
    /// [`NotificationKind::Access`].
    pub access: bool,
    /// [`NotificationKind::DocumentRead`]: off, unless chosen; a visit is told once.
    pub document_read: bool,
    /// [`NotificationKind::NewDocument`].
    pub new_document: bool,
    /// [`NotificationKind::Message`].
    #[serde(default = "yes")]
    pub message: bool,
    /// Whether what need not be told at once is told together.
    #[serde(default)]
    pub digest: Digest,
    /// The one address to which all of it goes, where others who read the person's mail must
    /// not know (`domain.md` C, coercion).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_contact: Option<ContactId>,
}

impl Default for NotificationPreferences {
    fn default() -> Self {
        Self {
            access: true,
            document_read: false,
            new_document: true,
            message: true,
            digest: Digest::None,
            safe_contact: None,
        }
    }
}

/// What holds of what was chosen before there was a choice.
fn yes() -> bool {
    true
}

/// When what need not be told at once is told, together with the rest of its day or week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Digest {
    /// Each at once.
    #[default]
    None,
    /// Every day at 18 h in Paris.
    Daily,
    /// Every Monday at 18 h in Paris.
    Weekly,
}

impl Digest {
    /// When what happens at `at` is told; `None` where that is at once.
    pub fn due_after(self, at: Timestamp) -> Option<Timestamp> {
        if self == Self::None {
            return None;
        }
        let local = at.to_zoned(PARIS.clone());
        let mut day = local.date();
        let is_over = local.hour() >= DIGEST_HOUR;
        if is_over {
            day = day.tomorrow().ok()?;
        }
        while self == Self::Weekly && day.weekday() != Weekday::Monday {
            day = day.tomorrow().ok()?;
        }
        let due = day.at(DIGEST_HOUR, 0, 0, 0).to_zoned(PARIS.clone()).ok()?;
        Some(due.timestamp())
    }
}

impl NotificationKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Access,
        Self::EmergencyAccess,
        Self::DocumentRead,
        Self::NewDocument,
        Self::Message,
        Self::Blocked,
        Self::Caregiver,
    ];

    /// Whether a person may wish not to be told of it, or later: of what may be someone
    /// else's doing, and of emergencies (R.1111-48), they are told at once whatever they
    /// chose.
    pub fn may_wait(self) -> bool {
        match self {
            Self::Access | Self::DocumentRead | Self::NewDocument | Self::Message => true,
            Self::EmergencyAccess | Self::Blocked | Self::Caregiver => false,
        }
    }
}

impl NotificationPreferences {
    /// Whether a person is told of something of this kind.
    pub fn wants(&self, kind: NotificationKind) -> bool {
        match kind {
            NotificationKind::Access => self.access,
            NotificationKind::DocumentRead => self.document_read,
            NotificationKind::NewDocument => self.new_document,
            NotificationKind::Message => self.message,
            NotificationKind::EmergencyAccess
            | NotificationKind::Blocked
            | NotificationKind::Caregiver => true,
        }
    }

    /// Wishes nothing more of a kind; `false` where the law has it told all the same.
    pub fn stop(&mut self, kind: NotificationKind) -> bool {
        let wish = match kind {
            NotificationKind::Access => &mut self.access,
            NotificationKind::DocumentRead => &mut self.document_read,
            NotificationKind::NewDocument => &mut self.new_document,
            NotificationKind::Message => &mut self.message,
            NotificationKind::EmergencyAccess
            | NotificationKind::Blocked
            | NotificationKind::Caregiver => return false,
        };
        *wish = false;
        true
    }

    /// What holds beside the addresses that are confirmed: a safe one that is no more is none,
    /// so that nothing is told to nobody.
    #[must_use]
    pub fn beside<'a>(&self, mut confirmed: impl Iterator<Item = &'a ContactId>) -> Self {
        let safe = self.safe_contact.as_ref();
        let stands = safe.is_some_and(|safe| confirmed.any(|contact| contact == safe));
        Self { safe_contact: safe.filter(|_| stands).cloned(), ..self.clone() }
    }

    /// Whether an address is told.
    pub fn is_told(&self, contact: &ContactId) -> bool {
        self.safe_contact.as_ref().is_none_or(|safe| safe == contact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emergency_is_told_whatever_was_chosen() {
        let silent = NotificationPreferences {
            access: false,
            document_read: false,
            new_document: false,
            message: false,
            ..NotificationPreferences::default()
        };
        assert!(!silent.wants(NotificationKind::Access));
        assert!(silent.wants(NotificationKind::EmergencyAccess));
    }

    #[test]
    fn a_digest_comes_at_six_in_the_evening_in_paris() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        let daily = |text| Digest::Daily.due_after(at(text));
        // Winter, then summer time.
        assert_eq!(daily("2027-01-04T16:59:59Z"), Some(at("2027-01-04T17:00:00Z")));
        assert_eq!(daily("2027-01-04T17:00:00Z"), Some(at("2027-01-05T17:00:00Z")));
        assert_eq!(daily("2027-07-05T10:00:00Z"), Some(at("2027-07-05T16:00:00Z")));
        let weekly = |text| Digest::Weekly.due_after(at(text));
        assert_eq!(weekly("2027-01-04T10:00:00Z"), Some(at("2027-01-04T17:00:00Z")), "a Monday");
        assert_eq!(weekly("2027-01-04T18:00:00Z"), Some(at("2027-01-11T17:00:00Z")));
        assert_eq!(Digest::None.due_after(at("2027-01-04T18:00:00Z")), None);
    }

    #[test]
    fn what_the_law_has_told_cannot_be_stopped() {
        for kind in NotificationKind::ALL {
            let mut chosen = NotificationPreferences { document_read: true, ..Default::default() };
            assert!(chosen.wants(kind));
            assert_eq!(chosen.stop(kind), kind.may_wait());
            assert_eq!(chosen.wants(kind), !kind.may_wait());
        }
    }

    #[test]
    fn a_safe_address_is_the_only_one() {
        let (safe, other) = (ContactId::from_bytes([1; 16]), ContactId::from_bytes([2; 16]));
        let mut chosen = NotificationPreferences::default();
        assert!(chosen.is_told(&safe) && chosen.is_told(&other));
        chosen.safe_contact = Some(safe.clone());
        assert!(chosen.is_told(&safe) && !chosen.is_told(&other));
        let left = chosen.beside([&other].into_iter());
        assert!(left.is_told(&other), "one that was removed silences nobody");
        assert_eq!(chosen.beside([&other, &safe].into_iter()), chosen);
    }
}
