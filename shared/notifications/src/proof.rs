//! What the proof of a refusal says, on the screen, in a PDF or in a letter.
//! Must not know how it is set.

use espace_domain::paris_date;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{SERVICE, french_date, french_time};

/// A registered refusal, as its proof states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OppositionProof {
    /// First name and name of the person concerned.
    pub name: String,
    /// Whether a representative acted for them.
    pub represented: bool,
    /// What anyone may check it by.
    pub reference: String,
    /// When the refusal was registered.
    pub registered_at: Timestamp,
    /// Until when professionals read an older shared record, where one exists.
    pub dmp_until: Option<Date>,
}

/// The text of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofText {
    /// Its title.
    pub title: &'static str,
    /// When the refusal was registered, as a letter is dated.
    pub dated: String,
    /// Facts: what, and its value.
    pub facts: Vec<(&'static str, String)>,
    /// What it means, paragraph by paragraph.
    pub meaning: Vec<String>,
    /// How to check it.
    pub check: String,
    /// What the QR code holds: the page that checks, and the reference behind
    /// `#`, which never reaches a server's log.
    pub qr: String,
    /// What to say of the QR code to those who cannot see it.
    pub qr_alternative: String,
}

impl OppositionProof {
    /// Writes the text. `site` is the address people type in.
    pub fn text(&self, site: &str) -> ProofText {
        let mut facts = vec![
            ("Personne concernée", self.name.clone()),
            (
                "Date du refus",
                format!(
                    "{} à {} (heure de Paris)",
                    french_date(paris_date(self.registered_at)),
                    french_time(self.registered_at)
                ),
            ),
            ("Référence", self.reference.clone()),
        ];
        if self.represented {
            facts.push(("Demande faite par", "le représentant légal".to_owned()));
        }
        let mut meaning = vec![
            format!(
                "À cette date, la création d’un « {SERVICE} » a été refusée pour cette personne. \
                 Ses informations sont effacées du service dès que ce refus ne peut plus être \
                 annulé ; seul ce refus est alors conservé."
            ),
            "Ce refus ne change rien au remboursement des soins ni à la prise en charge."
                .to_owned(),
            format!(
                "Il est possible de changer d’avis à tout moment et d’activer un espace, sur {site}."
            ),
        ];
        if let Some(until) = self.dmp_until {
            meaning.push(format!(
                "Le dossier médical partagé (DMP) ouvert auparavant n’est pas supprimé par ce \
                 refus : les professionnels de santé peuvent encore le lire jusqu’au {}, puis il \
                 sera clos.",
                french_date(until)
            ));
        }
        ProofText {
            title: "Preuve de refus d’un espace de santé",
            dated: format!("Le {}", french_date(paris_date(self.registered_at))),
            facts,
            meaning,
            check: format!(
                "Pour vérifier cette preuve : {site}, « Vérifier une preuve », avec la référence \
                 ci-dessus. La vérification ne montre ni le nom ni aucune autre information."
            ),
            qr: format!("https://{site}/verifier#{}", self.reference),
            qr_alternative: format!("Code QR pour vérifier la preuve {}", self.reference),
        }
    }
}

impl ProofText {
    /// The whole text in paragraphs, without the title.
    pub fn paragraphs(&self) -> Vec<String> {
        let facts: Vec<_> =
            self.facts.iter().map(|(what, value)| format!("{what} : {value}")).collect();
        let mut paragraphs = facts;
        paragraphs.extend(self.meaning.iter().cloned());
        paragraphs.push(self.check.clone());
        paragraphs
    }
}
