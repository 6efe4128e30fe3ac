//! The texts of text messages: under two segments where they can. Must not know
//! how they are sent.

use espace_domain::paris_date;

use crate::{Notice, SERVICE, activity, digest, french_date};

impl Notice {
    /// The text message: under two segments where it can.
    #[expect(clippy::too_many_lines, reason = "one text after the other, to be read as such")]
    pub(crate) fn short(&self, site: &str) -> String {
        match self {
            Self::Invitation { first_name, code, valid_until, represented: true } => format!(
                "{SERVICE} de {first_name} : activez-le ou refusez-le avant le {}, sur {site}\n\
                 code : {code}",
                french_date(*valid_until)
            ),
            Self::Invitation { code, valid_until, .. } => format!(
                "{SERVICE} : activez ou refusez votre espace avant le {}, sur {site}\n\
                 code : {code}",
                french_date(*valid_until)
            ),
            Self::NewCode { code, valid_until, stand_in: true, .. } => format!(
                "{SERVICE} : nouveau code, sans besoin de la carte, valable jusqu’au {}\n\
                 code : {code}",
                french_date(*valid_until)
            ),
            Self::NewCode { code, valid_until, .. } => format!(
                "{SERVICE} : voici votre nouveau code, valable jusqu’au {}\ncode : {code}",
                french_date(*valid_until)
            ),
            Self::CodeAfterRefusal { code, valid_until, .. } => format!(
                "{SERVICE} : votre décision tient. Pour changer d’avis avant le {} : {site}\n\
                 code : {code}",
                french_date(*valid_until)
            ),
            Self::LoginCode { code } => format!(
                "{SERVICE} : votre code de connexion, valable 10 minutes. \
                 Ne le donnez à personne.\ncode : {code}"
            ),
            Self::ActCode { act, code } => format!(
                "{SERVICE} : votre code pour {act}, valable 10 minutes. Ne le donnez à \
                 personne.\ncode : {code}"
            ),
            Self::ContactCode { code } => format!(
                "{SERVICE} : votre code de confirmation, valable 10 minutes. \
                 Ne le donnez à personne.\ncode : {code}"
            ),
            Self::SpaceOpened { .. } => format!(
                "{SERVICE} : votre espace est ouvert. Vous pouvez l’activer ou le fermer à tout \
                 moment, sur {site}"
            ),
            Self::SpaceActivated { alert, .. } => format!(
                "{SERVICE} : votre espace est activé. Ce n’est pas vous ? {site}, code d’alerte \
                 {alert}"
            ),
            Self::ContactAdded { alert } => format!(
                "{SERVICE} : un contact a été ajouté. Ce n’est pas vous ? {site}, code d’alerte \
                 {alert}"
            ),
            Self::ContactRemoved { alert } => format!(
                "{SERVICE} : un contact a été retiré. Ce n’est pas vous ? {site}, code d’alerte \
                 {alert}"
            ),
            Self::AccessChanged { what, alert } => format!(
                "{SERVICE} : changement : {what}. Ce n’est pas vous ? {site}, code d’alerte {alert}"
            ),
            Self::SpaceFrozen { .. } => format!(
                "{SERVICE} : votre espace est gelé après une alerte. Pour le reprendre, demandez \
                 un code sur {site}"
            ),
            Self::AnnouncementWaiting { .. } => format!(
                "{SERVICE} : un professionnel souhaite vous parler avant de partager un document. \
                 Prenez contact avec ceux qui vous suivent."
            ),
            Self::HelpAsked { .. } => format!(
                "{SERVICE} : quelqu’un vous demande de l’aider. Répondez sous trente jours, sur \
                 {site}"
            ),
            Self::Activity { activity, first_name, .. } => {
                activity::short(*activity, first_name, site)
            }
            Self::Digest { first_name, .. } => digest::short(first_name, site),
            Self::AlreadyActive { .. } => format!(
                "{SERVICE} : votre espace est déjà activé. Connectez-vous avec votre identifiant, \
                 sur {site}"
            ),
            Self::CodeOfAge { code, valid_until, .. } => format!(
                "{SERVICE} : vous avez 18 ans, votre espace est à vous seul. Valable jusqu’au {}, \
                 sur {site}\ncode : {code}",
                french_date(*valid_until)
            ),
            Self::OppositionProof(proof) => {
                format!("{SERVICE} : preuve de refus {}, à vérifier sur {site}", proof.reference)
            }
            Self::SpaceClosed(_) => format!(
                "{SERVICE} : votre espace est fermé. Il sera effacé dans dix ans. Pour le rouvrir \
                 avant, connectez-vous sur {site}"
            ),
            Self::SpaceErased(proof) => format!(
                "{SERVICE} : votre espace est effacé. Ce n’est pas vous ? Appelez l’assistance avant \
                 le {}. Référence {}",
                french_date(paris_date(proof.unrecoverable_from)),
                proof.reference
            ),
            Self::ClosureAsked { first_name, until } => format!(
                "{SERVICE} de {first_name} : l’un des parents demande sa fermeture. Accord ou refus \
                 de l’autre jusqu’au {}, sur {site}",
                french_date(paris_date(*until))
            ),
            Self::ClosureWithdrawn { first_name } => format!(
                "{SERVICE} de {first_name} : la demande de fermeture est annulée, il reste ouvert."
            ),
            Self::PhoneClosureCode { code } => format!(
                "{SERVICE} : ce code, valable 10 minutes, ferme votre espace. À dire seulement à \
                 l’assistance que vous avez appelée.\ncode : {code}"
            ),
            Self::HeirAdmitted { until, .. } => format!(
                "{SERVICE} : votre demande d’ayant droit est acceptée. Copie à demander jusqu’au {} \
                 sur {site}",
                french_date(paris_date(*until))
            ),
            Self::ExportReady { .. } => format!(
                "{SERVICE} : la copie de vos données est prête, sur {site}. Vous n’avez rien \
                 demandé ? Appelez l’assistance."
            ),
            Self::SpaceReopened { alert, .. } => format!(
                "{SERVICE} : votre espace est rouvert. Ce n’est pas vous ? {site}, code d’alerte \
                 {alert}"
            ),
            Self::OppositionByOther { first_name, code, reversible_until } => format!(
                "{SERVICE} de {first_name} : refusé par l’autre parent. Réversible jusqu’au {}, \
                 {site}\ncode : {code}",
                french_date(*reversible_until)
            ),
            Self::OppositionReversed { first_name, code: Some(code) } => format!(
                "{SERVICE} de {first_name} : le refus est annulé. Voici un nouveau code.\n\
                 code : {code}"
            ),
            Self::OppositionReversed { first_name, code: None } => {
                format!("{SERVICE} de {first_name} : le refus est annulé.")
            }
            Self::OppositionRegistered { reference, .. } => {
                format!("{SERVICE} : votre refus est enregistré. Référence {reference}")
            }
        }
    }
}
