//! What happened in a space since the last time, together: how often, never who nor what.
//! Must not know whom it is sent to.

use espace_domain::NotificationKind;

use crate::SERVICE;

/// The subject and the paragraphs of an e-mail.
pub(crate) fn long(
    first_name: &str,
    counts: &[(NotificationKind, u32)],
    site: &str,
) -> (&'static str, Vec<String>) {
    let lines: Vec<_> = counts.iter().map(|(kind, count)| line(*kind, *count)).collect();
    let paragraphs = vec![
        "Bonjour,".to_owned(),
        format!("Dans l’espace de santé de {first_name} :\n{}", lines.join("\n")),
        format!("Pour en savoir plus, connectez-vous sur {site} (tapez cette adresse vous-même)."),
        "Vous choisissez de quoi et quand vous êtes averti dans vos réglages.".to_owned(),
    ];
    ("Ce qui s’est passé dans un espace de santé", paragraphs)
}

/// The text message.
pub(crate) fn short(first_name: &str, site: &str) -> String {
    format!("{SERVICE} de {first_name} : il y a du nouveau. À voir sur {site}")
}

/// How often one kind of thing happened.
fn line(kind: NotificationKind, count: u32) -> String {
    let (one, many) = match kind {
        NotificationKind::Access => {
            ("accès d’un professionnel, avec accord", "accès de professionnels, avec accord")
        }
        NotificationKind::EmergencyAccess => ("accès en urgence", "accès en urgence"),
        NotificationKind::DocumentRead => {
            ("consultation de documents", "consultations de documents")
        }
        NotificationKind::NewDocument => ("dépôt de documents", "dépôts de documents"),
        NotificationKind::Message => ("échange avec du nouveau", "échanges avec du nouveau"),
        NotificationKind::Blocked => ("professionnel bloqué", "professionnels bloqués"),
        NotificationKind::Caregiver => ("nouvelle d’un aidant", "nouvelles d’aidants"),
    };
    format!("– {count} {}", if count > 1 { many } else { one })
}
