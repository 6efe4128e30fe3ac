//! A trace in words that a person understands: who, what, how, and why not.
//!
//! Must not know: how traces are kept, nor what is in a document.

use espace_domain::decision::{AccessMode, Action, Party, Reason};
use espace_domain::{MatrixGroup, Outcome, Trace, TraceActor};

/// What a trace says, as a sentence.
pub fn log_sentence(trace: &Trace, viewer: Party) -> String {
    let (who, auxiliary) = subject(&trace.actor, viewer);
    let action = Action::ALL.iter().copied().find(|action| action.name() == trace.action);
    // An act of a version of the program that is no more.
    let (done, to_do) = action.map_or(("fait autre chose", "faire autre chose"), verbs);
    let how = match trace.mode {
        Some(AccessMode::Normal) if !rests_on_consent(action) => "",
        Some(AccessMode::Normal) if viewer == Party::Holder => ", avec votre accord",
        Some(AccessMode::Normal) => ", avec l’accord de la personne",
        Some(AccessMode::BreakGlass) => ", en urgence (bris de glace)",
        Some(AccessMode::Regulation) => ", depuis la régulation du SAMU",
        None => "",
    };
    match trace.outcome {
        Outcome::Allowed => format!("{who} {auxiliary} {done}{how}."),
        Outcome::Failed => {
            format!("{who} {auxiliary} voulu {to_do}{how}, sans que cela aboutisse.")
        }
        Outcome::Refused => {
            let why = trace.reason.as_deref().map_or("", refusal);
            format!("{who} {auxiliary} voulu {to_do} : refusé{why}.")
        }
    }
}

/// Whether an act of a professional rests on the holder's consent: depositing does not.
fn rests_on_consent(action: Option<Action>) -> bool {
    matches!(action, Some(Action::OpenAccess | Action::ListDocuments | Action::ReadDocument))
}

/// Who did it, and the auxiliary that goes with them.
fn subject(actor: &TraceActor, viewer: Party) -> (String, &'static str) {
    let name = actor.name.as_deref();
    let is_viewer = actor.kind == viewer.name() && viewer == Party::Holder;
    let who = match actor.kind.as_str() {
        _ if is_viewer => return ("Vous".to_owned(), "avez"),
        "professional" => {
            let name = name.unwrap_or("Un professionnel de santé");
            match actor.profession.as_deref().and_then(MatrixGroup::profession_display) {
                Some(profession) => format!("{name} ({profession})"),
                None => name.to_owned(),
            }
        }
        "holder" => "La personne elle-même".to_owned(),
        "representative" => named(name, "représentant légal", "Un représentant légal"),
        "caregiver" => named(name, "aidant", "Un aidant"),
        "invited" => named(name, "invité à aider", "Une personne invitée à aider"),
        "mandated" => "L’agent qui vous aidait (France Services)".to_owned(),
        "heir" => named(name, "ayant droit", "Un ayant droit"),
        "support" => "L’assistance téléphonique".to_owned(),
        "insurer" => "L’Assurance Maladie".to_owned(),
        "job" => "Le service, automatiquement,".to_owned(),
        _ => "Quelqu’un".to_owned(),
    };
    (who, "a")
}

fn named(name: Option<&str>, role: &str, unnamed: &str) -> String {
    name.map_or_else(|| unnamed.to_owned(), |name| format!("{name} ({role})"))
}

/// What an act is called: done, and to be done.
fn verbs(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::ReadSpace => ("regardé l’état de l’espace", "regarder l’état de l’espace"),
        Action::FindPatient | Action::FindInsured => ("trouvé l’espace", "trouver l’espace"),
        Action::OpenAccess | Action::BreakGlass | Action::OpenRegulation => {
            ("ouvert l’espace", "ouvrir l’espace")
        }
        Action::ListDocuments => ("vu la liste des documents", "voir la liste des documents"),
        Action::ReadDocument => ("consulté un document", "consulter un document"),
        Action::DepositDocument => ("déposé un document", "déposer un document"),
        Action::ReadUpload => ("suivi un envoi", "suivre un envoi"),
        Action::ReplaceDocument => ("remplacé un document", "remplacer un document"),
        Action::EditDocument => ("modifié un document", "modifier un document"),
        Action::MaskDocument => {
            ("changé le masquage d’un document", "changer le masquage d’un document")
        }
        Action::RevealDocument | Action::RevealDue => {
            ("rendu un document visible", "rendre un document visible")
        }
        Action::ArrangeDocument => ("rangé un document", "ranger un document"),
        Action::DeleteDocument => ("supprimé un document", "supprimer un document"),
        Action::SetDocumentRule => (
            "choisi qui voit un document en particulier",
            "choisir qui voit un document en particulier",
        ),
        Action::ReadConsents => ("regardé les autorisations", "regarder les autorisations"),
        Action::GiveConsent => ("autorisé un professionnel", "autoriser un professionnel"),
        Action::WithdrawConsent => ("retiré une autorisation", "retirer une autorisation"),
        Action::BlockProfessional => ("bloqué un professionnel", "bloquer un professionnel"),
        Action::UnblockProfessional => ("débloqué un professionnel", "débloquer un professionnel"),
        Action::SetEmergencyChoices => {
            ("changé les choix en cas d’urgence", "changer les choix en cas d’urgence")
        }
        Action::ReadPreferences => ("regardé les notifications", "regarder les notifications"),
        Action::SetPreferences => ("changé les notifications", "changer les notifications"),
        Action::StopNotification => (
            "arrêté un type de notification, comme demandé depuis un courriel",
            "arrêter un type de notification",
        ),
        Action::ReadCaregivers => ("regardé les aidants", "regarder les aidants"),
        Action::InviteCaregiver => ("invité un aidant", "inviter un aidant"),
        Action::RemoveCaregiver => ("retiré un aidant", "retirer un aidant"),
        Action::AnswerInvitation => ("répondu à une invitation", "répondre à une invitation"),
        Action::LeaveCare => ("cessé d’être aidant", "cesser d’être aidant"),
        Action::OfferAssistance => ("tiré un code d’assistance", "tirer un code d’assistance"),
        Action::BeginAssistance => ("commencé à aider", "commencer à aider"),
        Action::EndAssistance => ("mis fin à une assistance", "mettre fin à une assistance"),
        Action::IssuePresenceCode => ("tiré un code de présence", "tirer un code de présence"),
        Action::ReadAccessLog => ("lu le journal des accès", "lire le journal des accès"),
        Action::ContestAccess => ("contesté un accès", "contester un accès"),
        Action::ReadContacts => ("regardé les coordonnées", "regarder les coordonnées"),
        Action::ChangeContacts => ("changé les coordonnées", "changer les coordonnées"),
        Action::AttachDependant => ("rattaché un proche", "rattacher un proche"),
        Action::ListThreads => ("vu la liste des échanges", "voir la liste des échanges"),
        Action::ReadThread | Action::KeepThread => ("lu un échange", "lire un échange"),
        Action::OpenThread | Action::WriteToPharmacy => ("ouvert un échange", "ouvrir un échange"),
        Action::AnswerThread => ("écrit dans un échange", "écrire dans un échange"),
        Action::AttachDocument => ("joint un document", "joindre un document"),
        Action::ReadAttachment => ("lu une pièce jointe", "lire une pièce jointe"),
        Action::FileAttachment => ("classé une pièce jointe", "classer une pièce jointe"),
        Action::CloseThread => ("clos un échange", "clore un échange"),
        Action::CloseSpace => ("fermé l’espace", "fermer l’espace"),
        Action::CloseByPhone => {
            ("fermé l’espace à votre demande", "fermer l’espace à votre demande")
        }
        Action::AdmitHeir => ("admis un ayant droit", "admettre un ayant droit"),
        Action::LeaveToHeir => {
            ("transmis un document à un ayant droit", "transmettre un document à un ayant droit")
        }
        Action::ReopenSpace => ("rouvert l’espace", "rouvrir l’espace"),
        Action::ReadExport => {
            ("téléchargé la copie de l’espace", "télécharger la copie de l’espace")
        }
        Action::ImportSpace => ("repris une copie de l’espace", "reprendre une copie de l’espace"),
        Action::ExportSpace => ("emporté une copie de l’espace", "emporter une copie de l’espace"),
        Action::EraseExpired => ("effacé l’espace", "effacer l’espace"),
    }
}

/// Why an act was refused, as the end of a sentence.
fn refusal(reason: &str) -> &'static str {
    let known = |known: Reason| known.name() == reason;
    if known(Reason::Blocked) {
        " (ce professionnel est bloqué)"
    } else if known(Reason::NoConsent) || known(Reason::NoAccess) || known(Reason::PresenceRequired)
    {
        " (sans accord)"
    } else if known(Reason::EmergencyObjected) {
        " (la personne s’y est opposée)"
    } else if known(Reason::MatrixForbids) || known(Reason::NoColumn) {
        " (sa profession n’y a pas droit)"
    } else if known(Reason::Masked) || known(Reason::HiddenByRule) {
        " (le document lui est masqué)"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use espace_domain::{Random, SpaceId};
    use jiff::Timestamp;

    use super::*;

    #[derive(Debug)]
    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn trace(kind: &str, action: Action) -> Trace {
        let actor = TraceActor {
            kind: kind.to_owned(),
            id: Some("10100997245".to_owned()),
            name: Some("Anne Dupré".to_owned()),
            profession: Some("10".to_owned()),
            structure: None,
        };
        Trace::new(Timestamp::UNIX_EPOCH, actor, action, &Zeros)
    }

    #[test]
    fn a_trace_reads_as_a_sentence() {
        let mut read = trace("professional", Action::ReadDocument);
        read.mode = Some(AccessMode::BreakGlass);
        assert_eq!(
            log_sentence(&read, Party::Holder),
            "Anne Dupré (Médecin) a consulté un document, en urgence (bris de glace)."
        );
        read.outcome = Outcome::Refused;
        read.reason = Some(Reason::Masked.name().to_owned());
        assert_eq!(
            log_sentence(&read, Party::Holder),
            "Anne Dupré (Médecin) a voulu consulter un document : refusé (le document lui est \
             masqué)."
        );
        let own = trace("holder", Action::MaskDocument);
        assert_eq!(
            log_sentence(&own, Party::Holder),
            "Vous avez changé le masquage d’un document."
        );
        assert!(log_sentence(&own, Party::Representative).starts_with("La personne elle-même a"));
    }

    #[test]
    fn no_sentence_holds_a_name_of_the_program() {
        let id = SpaceId::generate(&Zeros);
        for action in Action::ALL {
            let mut told = trace("professional", *action);
            told.elements = vec![id.to_string()];
            let told = log_sentence(&told, Party::Holder);
            assert!(!told.contains(action.name()) && !told.contains(id.as_str()), "{told}");
        }
    }
}
