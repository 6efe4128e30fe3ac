//! What a person is told, in French, by e-mail, text message and letter.
//!
//! For: every text that leaves the system towards a person. Must not know: how
//! it is sent, nor anything medical. No text asks for a password or holds a
//! link to click; each carries the warning against fraud where it fits, and at
//! most one code, on a line of its own (`code : …`, `api.md`).

use espace_domain::{Channel, InvitationCode, OneTimeCode};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

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
    },
    /// The refusal is registered.
    OppositionRegistered {
        /// The reference of the receipt.
        reference: String,
        /// When.
        registered_on: Date,
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
        }
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

    /// Six digits to confirm an address.
    pub fn contact_code(code: &OneTimeCode) -> Self {
        Self::ContactCode { code: code.expose().to_owned() }
    }

    /// Writes the text for a channel. `site` is the address people type in.
    pub fn render(&self, channel: Channel, site: &str) -> Rendered {
        match channel {
            Channel::Sms => Rendered { subject: "", text: self.short(site) },
            Channel::Email | Channel::Letter => self.long(site),
        }
    }

    /// The text message: under two segments where it can.
    fn short(&self, site: &str) -> String {
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
            Self::NewCode { code, valid_until, .. } => format!(
                "{SERVICE} : voici votre nouveau code, valable jusqu’au {}\ncode : {code}",
                french_date(*valid_until)
            ),
            Self::CodeAfterRefusal { code, valid_until, .. } => format!(
                "{SERVICE} : votre refus tient. Pour changer d’avis avant le {} : {site}\n\
                 code : {code}",
                french_date(*valid_until)
            ),
            Self::LoginCode { code } => format!(
                "{SERVICE} : votre code de connexion, valable 10 minutes. \
                 Ne le donnez à personne.\ncode : {code}"
            ),
            Self::ContactCode { code } => format!(
                "{SERVICE} : votre code de confirmation, valable 10 minutes. \
                 Ne le donnez à personne.\ncode : {code}"
            ),
            Self::SpaceOpened { .. } => format!(
                "{SERVICE} : votre espace est ouvert. Vous pouvez l’activer ou le fermer à tout \
                 moment, sur {site}"
            ),
            Self::SpaceActivated { .. } => format!(
                "{SERVICE} : votre espace vient d’être activé. Si ce n’est pas vous, \
                 appelez l’assistance."
            ),
            Self::OppositionRegistered { reference, .. } => {
                format!("{SERVICE} : votre refus est enregistré. Référence {reference}")
            }
        }
    }

    /// The e-mail or letter.
    #[expect(clippy::too_many_lines, reason = "one text after the other, to be read as such")]
    fn long(&self, site: &str) -> Rendered {
        let (subject, paragraphs) = match self {
            Self::Invitation { first_name, code, valid_until, represented: true } => (
                "Un espace de santé va être créé pour votre proche",
                vec![
                    "Bonjour,".to_owned(),
                    format!(
                        "{SERVICE} est un carnet de santé numérique, gratuit et non obligatoire. \
                         Ce message concerne {first_name}, dont vous êtes le représentant légal."
                    ),
                    format!(
                        "Vous avez le choix jusqu’au {} : activer cet espace, ou le refuser. Sans \
                         réponse de votre part, il sera créé automatiquement ; il pourra toujours \
                         être activé ou fermé ensuite.",
                        french_date(*valid_until)
                    ),
                    format!(
                        "Allez sur {site} (tapez cette adresse vous-même), avec le numéro de \
                         sécurité sociale de {first_name}, votre propre carte Vitale et ce code \
                         provisoire :"
                    ),
                    format!("code : {code}"),
                    "Ce code est personnel. Ne le donnez à personne.".to_owned(),
                ],
            ),
            Self::Invitation { first_name, code, valid_until, .. } => (
                "Votre espace de santé va être créé",
                vec![
                    format!("Bonjour {first_name},"),
                    format!(
                        "{SERVICE} est un carnet de santé numérique, gratuit et non obligatoire. \
                         Il garde vos documents de santé ; vous décidez qui peut les lire."
                    ),
                    format!(
                        "Vous avez le choix jusqu’au {} : l’activer, ou le refuser. Sans réponse \
                         de votre part, il sera créé automatiquement ; vous pourrez toujours \
                         l’activer ou le fermer ensuite.",
                        french_date(*valid_until)
                    ),
                    format!(
                        "Allez sur {site} (tapez cette adresse vous-même), avec votre carte \
                         Vitale et ce code provisoire :"
                    ),
                    format!("code : {code}"),
                    "Ce code est personnel. Ne le donnez à personne.".to_owned(),
                ],
            ),
            Self::NewCode { first_name, code, valid_until } => (
                "Votre nouveau code",
                vec![
                    format!("Bonjour {first_name},"),
                    "Voici un nouveau code pour activer ou refuser votre espace de santé. \
                     Le précédent n’est plus valable."
                        .to_owned(),
                    format!("code : {code}"),
                    format!(
                        "Il est valable jusqu’au {}. Si vous ne l’avez pas demandé, quelqu’un a \
                         pu se tromper en tapant le vôtre : vous n’avez rien à faire.",
                        french_date(*valid_until)
                    ),
                ],
            ),
            Self::CodeAfterRefusal { first_name, code, valid_until } => (
                "Votre refus d’un espace de santé",
                vec![
                    format!("Bonjour {first_name},"),
                    "Vous avez refusé la création de votre espace de santé. Votre refus tient : \
                     sans démarche de votre part, rien ne sera créé."
                        .to_owned(),
                    format!(
                        "Si vous avez changé d’avis, vous pouvez activer un espace jusqu’au {}, \
                         sur {site} (tapez cette adresse vous-même), avec votre carte Vitale et ce \
                         code :",
                        french_date(*valid_until)
                    ),
                    format!("code : {code}"),
                ],
            ),
            Self::LoginCode { code } => (
                "Votre code de connexion",
                vec![
                    "Voici votre code de connexion. Il est valable 10 minutes et ne sert qu’une \
                     fois."
                        .to_owned(),
                    format!("code : {code}"),
                    "Si vous n’êtes pas en train de vous connecter, ne le donnez à personne et \
                     changez votre mot de passe."
                        .to_owned(),
                ],
            ),
            Self::ContactCode { code } => (
                "Confirmez votre adresse",
                vec![
                    format!(
                        "Voici le code qui confirme cette adresse pour votre {SERVICE}. Il est \
                         valable 10 minutes."
                    ),
                    format!("code : {code}"),
                    "Si vous n’avez rien demandé, ignorez ce message.".to_owned(),
                ],
            ),
            Self::SpaceOpened { first_name } => (
                "Votre espace de santé est ouvert",
                vec![
                    format!("Bonjour {first_name},"),
                    "Six semaines ont passé sans refus de votre part : votre espace de santé est \
                     ouvert. Les professionnels qui vous soignent peuvent y déposer des documents."
                        .to_owned(),
                    format!(
                        "Pour le lire, activez-le sur {site} (tapez cette adresse vous-même). \
                         Vous pouvez aussi le fermer, à tout moment."
                    ),
                ],
            ),
            Self::SpaceActivated { first_name } => (
                "Votre espace de santé est activé",
                vec![
                    format!("Bonjour {first_name},"),
                    "Votre espace de santé vient d’être activé.".to_owned(),
                    "Si ce n’est pas vous, appelez l’assistance dès maintenant.".to_owned(),
                ],
            ),
            Self::OppositionRegistered { reference, registered_on } => (
                "Votre refus est enregistré",
                vec![
                    format!(
                        "Votre refus a été enregistré le {}. Aucun espace de santé ne sera créé.",
                        french_date(*registered_on)
                    ),
                    format!("Référence : {reference}"),
                    "Vous pouvez changer d’avis à tout moment.".to_owned(),
                ],
            ),
        };
        let mut text = paragraphs.join("\n\n");
        text.push_str("\n\n");
        text.push_str(FRAUD_WARNING);
        Rendered { subject, text }
    }
}

/// The last whole day before an instant, by the clock of mainland France in
/// winter (UTC+1): never later than the true one anywhere in the country's
/// European part.
fn last_day(expires_at: Timestamp) -> Date {
    let paris_winter = TimeZone::fixed(Offset::constant(1));
    let date = expires_at.to_zoned(paris_winter).date();
    date.yesterday().unwrap_or(date)
}

/// `3 mai 2027`, `1er mai 2027`.
pub fn french_date(date: Date) -> String {
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let month = usize::try_from(date.month() - 1).ok().and_then(|m| MONTHS.get(m)).unwrap_or(&"");
    let day = if date.day() == 1 { "1er".to_owned() } else { date.day().to_string() };
    format!("{day} {month} {}", date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_notice() -> Vec<Notice> {
        let date = jiff::civil::date(2027, 3, 1);
        let name = || "Zélie".to_owned();
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
                code: "0A1B-2C3D-4E5F".into(),
                valid_until: date,
            },
            Notice::CodeAfterRefusal {
                first_name: name(),
                code: "0A1B-2C3D-4E5F".into(),
                valid_until: date,
            },
            Notice::LoginCode { code: "012345".into() },
            Notice::ContactCode { code: "012345".into() },
            Notice::SpaceOpened { first_name: name() },
            Notice::SpaceActivated { first_name: name() },
            Notice::OppositionRegistered {
                reference: "AB12-CD34-EF56".into(),
                registered_on: date,
            },
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
                    assert!(!rendered.subject.is_empty());
                }
            }
        }
    }

    #[test]
    fn a_code_stands_on_a_line_of_its_own() {
        for notice in every_notice().iter().take(6) {
            for channel in [Channel::Email, Channel::Sms] {
                let text = notice.render(channel, "x.example").text;
                let lines = text.lines().filter(|line| line.starts_with("code : ")).count();
                assert_eq!(lines, 1, "{text}");
            }
        }
    }

    #[test]
    fn dates_are_french_and_never_promise_a_day_too_many() {
        assert_eq!(french_date(jiff::civil::date(2027, 3, 1)), "1er mars 2027");
        let expires: Timestamp = "2027-02-15T09:00:00Z".parse().unwrap_or_default();
        assert_eq!(french_date(last_day(expires)), "14 février 2027");
    }
}
