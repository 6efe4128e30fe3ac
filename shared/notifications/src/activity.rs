//! What a person is told of what others do in their space: that, and when; never who, which
//! document or why, for mail is read by others. Must not know whom it is sent to.

use espace_domain::{NotificationKind, paris_date};
use jiff::Timestamp;

use crate::{SERVICE, french_date, french_time};

/// The subject and the paragraphs of an e-mail or letter.
pub(crate) fn long(
    kind: NotificationKind,
    first_name: &str,
    at: Timestamp,
    site: &str,
) -> (&'static str, Vec<String>) {
    let when = format!("le {} à {}", french_date(paris_date(at)), french_time(at));
    let (subject, what) = match kind {
        NotificationKind::Access => (
            "Un professionnel de santé a ouvert un espace de santé",
            format!(
                "Un professionnel de santé a ouvert l’espace de santé de {first_name}, avec son \
                 accord, {when}."
            ),
        ),
        NotificationKind::EmergencyAccess => (
            "Un espace de santé a été ouvert en urgence",
            format!(
                "L’espace de santé de {first_name} a été ouvert en urgence, {when}. La loi le \
                 permet quand une personne ne peut pas donner son accord. Cet accès sera vérifié \
                 par deux agents."
            ),
        ),
        NotificationKind::DocumentRead => (
            "Un document a été consulté",
            format!(
                "Un professionnel de santé a consulté un document de l’espace de santé de \
                 {first_name}, {when}."
            ),
        ),
        NotificationKind::NewDocument => (
            "Un nouveau document vous attend",
            format!("Un document a été ajouté à l’espace de santé de {first_name}, {when}."),
        ),
        NotificationKind::Message => (
            "Un message vous attend",
            format!("Un professionnel a écrit dans l’espace de santé de {first_name}, {when}."),
        ),
        NotificationKind::Blocked => (
            "Un professionnel a été bloqué",
            format!(
                "Le médecin administrateur de l’espace de santé de {first_name} a bloqué un \
                 professionnel, {when}. Ce blocage peut être levé à tout moment."
            ),
        ),
        NotificationKind::Caregiver => (
            "Un aidant pour un espace de santé",
            format!(
                "Une personne a été invitée à aider {first_name} à tenir son espace de santé, ou a \
                 accepté de le faire, {when}."
            ),
        ),
    };
    let mut paragraphs = vec!["Bonjour,".to_owned(), what];
    paragraphs.push(match kind {
        NotificationKind::NewDocument | NotificationKind::Message => {
            format!("Pour le lire, connectez-vous sur {site} (tapez cette adresse vous-même).")
        }
        NotificationKind::Caregiver => format!(
            "Si ce n’est pas vous, connectez-vous sur {site} (tapez cette adresse vous-même), \
             retirez cet aidant et changez votre mot de passe."
        ),
        _ => format!(
            "Pour savoir qui, et ce qui a été consulté, connectez-vous sur {site} (tapez cette \
             adresse vous-même) et ouvrez le journal des accès. Vous pouvez y contester un accès \
             et bloquer un professionnel."
        ),
    });
    if kind == NotificationKind::EmergencyAccess {
        paragraphs.push(
            "Vous pouvez vous opposer à ces accès dans vos réglages, pour l’avenir.".to_owned(),
        );
    } else {
        paragraphs.push("Vous choisissez de quoi vous êtes averti dans vos réglages.".to_owned());
    }
    (subject, paragraphs)
}

/// The text message.
pub(crate) fn short(kind: NotificationKind, first_name: &str, site: &str) -> String {
    match kind {
        NotificationKind::Access => format!(
            "{SERVICE} de {first_name} : ouvert par un professionnel de santé, avec accord. \
             Journal des accès sur {site}"
        ),
        NotificationKind::EmergencyAccess => format!(
            "{SERVICE} de {first_name} : ouvert en urgence. Pour savoir qui : journal des accès \
             sur {site}"
        ),
        NotificationKind::DocumentRead => format!(
            "{SERVICE} de {first_name} : un document a été consulté. Journal des accès sur {site}"
        ),
        NotificationKind::NewDocument => {
            format!("{SERVICE} de {first_name} : un document a été ajouté. À lire sur {site}")
        }
        NotificationKind::Message => {
            format!("{SERVICE} de {first_name} : un message vous attend. À lire sur {site}")
        }
        NotificationKind::Caregiver => format!(
            "{SERVICE} de {first_name} : un aidant a été invité ou a accepté. Ce n’est pas vous ? \
             Retirez-le sur {site}"
        ),
        NotificationKind::Blocked => format!(
            "{SERVICE} de {first_name} : le médecin administrateur a bloqué un professionnel. \
             À voir sur {site}"
        ),
    }
}
