//! What proofs say, on the screen, in a PDF or in a letter: of a refusal, of a closing, of an
//! erasure.
//! Must not know how they are set.

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

/// A space that its holder closed, as the confirmation states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosureProof {
    /// First name and name of the holder.
    pub name: String,
    /// When it was closed.
    pub closed_at: Timestamp,
    /// When it is erased, unless it is reopened before.
    pub erasure_due_at: Timestamp,
    /// Whether its holder has an account to log in with; else a code brings them back.
    #[serde(default = "has_account")]
    pub has_account: bool,
}

/// What was not said is so: everyone who closes in their space has one.
fn has_account() -> bool {
    true
}

/// A space that its holder had erased, as the certificate states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasureProof {
    /// First name and name of who held it.
    pub name: String,
    /// What anyone may check it by.
    pub reference: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// From when on nobody could read anything.
    pub inaccessible_since: Timestamp,
    /// From when on nothing can be brought back.
    pub unrecoverable_from: Timestamp,
    /// When the traces of who read what go too.
    pub traces_until: Timestamp,
}

/// The text of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofText {
    /// Its title.
    pub title: &'static str,
    /// When what it proves was done, as a letter is dated.
    pub dated: String,
    /// Facts: what, and its value.
    pub facts: Vec<(&'static str, String)>,
    /// What it means, paragraph by paragraph.
    pub meaning: Vec<String>,
    /// How to check it, where it can be checked.
    pub check: Option<ProofCheck>,
}

/// How a proof is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofCheck {
    /// In words.
    pub how: String,
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
            ("Date du refus", moment(self.registered_at)),
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
            check: Some(ProofCheck::of(&self.reference, site)),
        }
    }
}

impl ErasureProof {
    /// Writes the text. `site` is the address people type in.
    pub fn text(&self, site: &str) -> ProofText {
        let final_on = moment(self.unrecoverable_from);
        ProofText {
            title: "Certificat d’effacement de votre espace de santé",
            dated: format!("Le {}", french_date(paris_date(self.asked_at))),
            facts: vec![
                ("Titulaire", self.name.clone()),
                ("Effacement demandé", moment(self.asked_at)),
                ("Contenu illisible depuis", moment(self.inaccessible_since)),
                ("Irrécupérable à partir du", final_on.clone()),
                ("Référence", self.reference.clone()),
            ],
            meaning: vec![
                "La clé qui chiffrait vos documents, vos messages et vos informations a été \
                 détruite. Sans elle, plus personne ne peut les lire, ni dans le service, ni dans \
                 ses copies de sauvegarde."
                    .to_owned(),
                format!(
                    "Si vous n’avez pas demandé cet effacement, appelez l’assistance tout de \
                     suite : jusqu’au {final_on}, il peut encore être annulé. Ensuite, plus rien ni \
                     personne ne peut le faire."
                ),
                format!(
                    "La loi demande de garder jusqu’au {} la trace de qui a consulté cet espace, \
                     sans aucun contenu médical.",
                    french_date(paris_date(self.traces_until))
                ),
                "Vos professionnels et établissements de santé gardent leurs propres dossiers. Cet \
                 effacement ne change rien au remboursement des soins ni à la prise en charge."
                    .to_owned(),
            ],
            check: Some(ProofCheck::of(&self.reference, site)),
        }
    }
}

impl ProofCheck {
    /// By a reference, on the service's own page.
    fn of(reference: &str, site: &str) -> Self {
        Self {
            how: format!(
                "Pour vérifier cette preuve : {site}, « Vérifier une preuve », avec la référence \
                 ci-dessus. La vérification ne montre ni le nom ni aucune autre information."
            ),
            qr: format!("https://{site}/verifier#{reference}"),
            qr_alternative: format!("Code QR pour vérifier la preuve {reference}"),
        }
    }
}

impl ClosureProof {
    /// Writes the text. `site` is the address people type in.
    pub fn text(&self, site: &str) -> ProofText {
        let erased_on = french_date(paris_date(self.erasure_due_at));
        ProofText {
            title: "Confirmation de fermeture de votre espace de santé",
            dated: format!("Le {}", french_date(paris_date(self.closed_at))),
            facts: vec![
                ("Titulaire", self.name.clone()),
                ("Date de fermeture", moment(self.closed_at)),
                ("Effacement automatique", format!("le {erased_on}")),
            ],
            meaning: vec![
                "Depuis cette date, plus personne ne peut lire cet espace ni y déposer de \
                 document : ni les professionnels de santé, ni vos aidants, ni l’assistance. \
                 Toutes les connexions ont été coupées."
                    .to_owned(),
                if self.has_account {
                    format!(
                        "Son contenu est gardé dix ans, puis effacé. Jusque-là, connectez-vous sur \
                         {site} (tapez cette adresse vous-même) pour le rouvrir tel qu’il était ou \
                         pour télécharger vos données."
                    )
                } else {
                    format!(
                        "Son contenu est gardé dix ans, puis effacé. Jusque-là, pour le reprendre \
                         tel qu’il était, demandez un code sur {site} (tapez cette adresse \
                         vous-même) ou à l’assistance, et activez votre espace."
                    )
                },
                "Cette fermeture ne change rien au remboursement des soins ni à la prise en charge."
                    .to_owned(),
                if self.has_account {
                    "Si vous n’avez pas demandé cette fermeture, rouvrez votre espace, changez \
                     votre mot de passe et appelez l’assistance."
                } else {
                    "Si vous n’avez pas demandé cette fermeture, appelez l’assistance."
                }
                .to_owned(),
            ],
            check: None,
        }
    }
}

/// A moment, as proofs state it.
fn moment(at: Timestamp) -> String {
    let (date, time) = (french_date(paris_date(at)), french_time(at));
    format!("{date} à {time} (heure de Paris)")
}

impl ProofText {
    /// The whole text in paragraphs, without the title.
    pub fn paragraphs(&self) -> Vec<String> {
        let facts: Vec<_> =
            self.facts.iter().map(|(what, value)| format!("{what} : {value}")).collect();
        let mut paragraphs = facts;
        paragraphs.extend(self.meaning.iter().cloned());
        paragraphs.extend(self.check.iter().map(|check| check.how.clone()));
        paragraphs
    }
}
