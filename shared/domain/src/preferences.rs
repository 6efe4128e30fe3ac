//! Of what a person wishes to be told, and where (`domain.md` B7; R.1111-48 for what cannot
//! be turned off). Must not know how it is sent.

use serde::{Deserialize, Serialize};

use crate::ContactId;

/// What happens that a person may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// The administrator doctor blocked someone.
    Blocked,
    /// Someone was asked to help, or says that they do: told always, for it may be someone
    /// else's doing.
    Caregiver,
}

/// What a person chose about being told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationPreferences {
    /// [`NotificationKind::Access`].
    pub access: bool,
    /// [`NotificationKind::DocumentRead`]: off, unless chosen; a visit is told once.
    pub document_read: bool,
    /// [`NotificationKind::NewDocument`].
    pub new_document: bool,
    /// The one address to which all of it goes, where others who read the person's mail must
    /// not know (`domain.md` C, coercion).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_contact: Option<ContactId>,
}

impl Default for NotificationPreferences {
    fn default() -> Self {
        Self { access: true, document_read: false, new_document: true, safe_contact: None }
    }
}

impl NotificationPreferences {
    /// Whether a person is told of something of this kind.
    pub fn wants(&self, kind: NotificationKind) -> bool {
        match kind {
            NotificationKind::Access => self.access,
            NotificationKind::DocumentRead => self.document_read,
            NotificationKind::NewDocument => self.new_document,
            NotificationKind::EmergencyAccess
            | NotificationKind::Blocked
            | NotificationKind::Caregiver => true,
        }
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
            safe_contact: None,
        };
        assert!(!silent.wants(NotificationKind::Access));
        assert!(silent.wants(NotificationKind::EmergencyAccess));
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
