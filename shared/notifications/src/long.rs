//! The texts of e-mails and letters. Must not know how they are sent.

use espace_domain::paris_date;

use crate::{FRAUD_WARNING, Notice, PHONE_LINE, Rendered, SERVICE, activity, digest, french_date};

impl Notice {
    /// The e-mail or letter.
    #[expect(clippy::too_many_lines, reason = "one text after the other, to be read as such")]
    pub(crate) fn long(&self, site: &str) -> Rendered {
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
            Self::NewCode { first_name, code, valid_until, stand_in: true } => (
                "Votre nouveau code",
                vec![
                    format!("Bonjour {first_name},"),
                    "Voici un nouveau code pour activer ou refuser votre espace de santé. Il \
                     remplace aussi votre carte Vitale : son numéro de série ne vous sera pas \
                     demandé. Le code que vous aviez reste valable, avec votre carte."
                        .to_owned(),
                    format!("code : {code}"),
                    format!(
                        "Il est valable jusqu’au {}. Ne le donnez à personne. Si vous ne l’avez \
                         pas demandé, jetez-le et appelez l’assistance.",
                        french_date(*valid_until)
                    ),
                ],
            ),
            Self::CodeOfAge { first_name, code, valid_until } => (
                "Vous avez 18 ans : votre espace de santé est à vous",
                vec![
                    format!("Bonjour {first_name},"),
                    "Vous êtes majeur : vos parents ou votre représentant n’ont plus accès à votre \
                     espace de santé, et leurs adresses en sont retirées."
                        .to_owned(),
                    format!(
                        "Pour l’activer, allez sur {site} (tapez cette adresse vous-même), avec \
                         votre numéro de sécurité sociale et ce code, valable jusqu’au {}. Si le \
                         code a trois groupes, votre carte Vitale vous sera demandée aussi :",
                        french_date(*valid_until)
                    ),
                    format!("code : {code}"),
                    "Ce code est personnel. Ne le donnez à personne, même à vos parents."
                        .to_owned(),
                ],
            ),
            Self::AlreadyActive { first_name } => (
                "Votre espace de santé est déjà activé",
                vec![
                    format!("Bonjour {first_name},"),
                    format!(
                        "Un code a été demandé pour activer votre espace de santé, mais il l’est \
                         déjà. Connectez-vous sur {site} (tapez cette adresse vous-même) avec \
                         l’identifiant et le mot de passe que vous avez choisis."
                    ),
                    "Si vous n’avez rien demandé, vous n’avez rien à faire.".to_owned(),
                ],
            ),
            Self::NewCode { first_name, code, valid_until, .. } => (
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
                "Votre décision sur votre espace de santé",
                vec![
                    format!("Bonjour {first_name},"),
                    "Vous avez refusé un espace de santé, ou fait effacer le vôtre. Votre décision \
                     tient : sans démarche de votre part, rien ne sera créé."
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
            Self::ActCode { act, code } => (
                "Votre code de confirmation",
                vec![
                    format!(
                        "Voici votre code pour {act}. Il est valable 10 minutes et ne sert \
                         qu’une fois."
                    ),
                    format!("code : {code}"),
                    "Si vous n’avez rien demandé, ne le donnez à personne et changez votre mot de \
                     passe."
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
            Self::SpaceActivated { first_name, alert } => (
                "Votre espace de santé est activé",
                vec![
                    format!("Bonjour {first_name},"),
                    "Votre espace de santé vient d’être activé.".to_owned(),
                    not_me(site, alert),
                ],
            ),
            Self::ContactAdded { alert } => (
                "Un contact a été ajouté à votre espace de santé",
                vec![
                    "Une adresse ou un numéro vient d’être ajouté à votre espace de santé. Il \
                     servira une fois confirmé."
                        .to_owned(),
                    not_me(site, alert),
                ],
            ),
            Self::ContactRemoved { alert } => (
                "Un contact a été retiré de votre espace de santé",
                vec![
                    "Une adresse ou un numéro vient d’être retiré de votre espace de santé."
                        .to_owned(),
                    not_me(site, alert),
                ],
            ),
            Self::AccessChanged { what, alert } => (
                "L’accès à votre espace de santé a changé",
                vec![format!("{what} vient de changer."), not_me(site, alert)],
            ),
            Self::SpaceFrozen { first_name } => (
                "Votre espace de santé est gelé",
                vec![
                    format!("Bonjour {first_name},"),
                    "Après une alerte, votre espace de santé est gelé : toutes les connexions ont \
                     été coupées et personne ne peut plus s’y connecter. Vos documents sont intacts."
                        .to_owned(),
                    format!(
                        "Pour le reprendre, allez sur {site} (tapez cette adresse vous-même), \
                         choisissez « J’ai besoin d’un code », puis un nouvel identifiant. \
                         L’assistance peut vous aider."
                    ),
                ],
            ),
            Self::AnnouncementWaiting { first_name } => (
                "Un professionnel souhaite vous parler",
                vec![
                    format!("Bonjour {first_name},"),
                    "Un professionnel de santé a un document pour vous et souhaite vous en parler \
                     avant qu’il n’apparaisse dans votre espace. Si aucun rendez-vous n’est prévu, \
                     prenez contact avec les professionnels qui vous suivent."
                        .to_owned(),
                    "Sans consultation d’ici là, le document apparaîtra de lui-même dans deux \
                     semaines environ."
                        .to_owned(),
                ],
            ),
            Self::HelpAsked { first_name } => (
                "Quelqu’un vous demande de l’aider",
                vec![
                    format!("Bonjour {first_name},"),
                    format!(
                        "Une personne souhaite que vous l’aidiez à tenir son espace de santé. Pour \
                         savoir qui, et accepter ou refuser, connectez-vous sur {site} (tapez cette \
                         adresse vous-même)."
                    ),
                    "Sans réponse de votre part, l’invitation s’éteint dans trente jours."
                        .to_owned(),
                ],
            ),
            Self::Activity { activity, first_name, at, .. } => {
                activity::long(*activity, first_name, *at, site)
            }
            Self::Digest { first_name, counts } => digest::long(first_name, counts, site),
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
            Self::OppositionProof(proof) => {
                let proof = proof.text(site);
                ("Votre preuve de refus", proof.paragraphs())
            }
            Self::SpaceClosed(proof) => {
                ("Votre espace de santé est fermé", proof.text(site).paragraphs())
            }
            Self::SpaceErased(proof) => {
                ("Votre espace de santé est effacé", proof.text(site).paragraphs())
            }
            Self::ClosureAsked { first_name, until } => (
                "Fermeture de l’espace de santé de votre enfant",
                vec![
                    "Bonjour,".to_owned(),
                    format!(
                        "L’un des représentants légaux de {first_name} a demandé la fermeture de son \
                         espace de santé. Il faut l’accord des deux."
                    ),
                    format!(
                        "L’autre représentant peut donner son accord, ou refuser, jusqu’au {}, sur \
                         {site} (tapez cette adresse vous-même). Sans réponse, l’espace reste ouvert.",
                        french_date(paris_date(*until))
                    ),
                ],
            ),
            Self::ClosureWithdrawn { first_name } => (
                "L’espace de santé de votre enfant reste ouvert",
                vec![
                    "Bonjour,".to_owned(),
                    format!(
                        "La demande de fermeture de l’espace de santé de {first_name} a été annulée \
                         par l’un de ses représentants légaux. L’espace reste ouvert."
                    ),
                ],
            ),
            Self::PhoneClosureCode { code } => (
                "Votre code pour fermer votre espace par téléphone",
                vec![
                    "Bonjour,".to_owned(),
                    "Vous avez demandé par téléphone la fermeture de votre espace de santé. Voici \
                     le code qui la confirme, valable 10 minutes :"
                        .to_owned(),
                    format!("code : {code}"),
                    "Dites-le à la personne de l’assistance que \
                     vous avez appelée, et à personne d’autre."
                        .to_owned(),
                    "Vous n’avez pas appelé ? Ne dites ce code à personne : sans lui, rien ne \
                     change."
                        .to_owned(),
                ],
            ),
            Self::HeirAdmitted { first_name, until } => (
                "Votre demande d’ayant droit est acceptée",
                vec![
                    format!("Bonjour {first_name},"),
                    "L’assistance a accepté votre demande d’accès au dossier d’une personne décédée."
                        .to_owned(),
                    format!(
                        "Jusqu’au {}, vous pouvez demander la copie des documents qui vous sont \
                         transmis : connectez-vous sur {site} (tapez cette adresse vous-même), \
                         « Mes données ».",
                        french_date(paris_date(*until))
                    ),
                ],
            ),
            Self::ExportReady { first_name } => (
                "La copie de vos données est prête",
                vec![
                    format!("Bonjour {first_name},"),
                    format!(
                        "La copie de vos données que vous avez demandée est prête. Pour la \
                         télécharger, connectez-vous sur {site} (tapez cette adresse vous-même), \
                         « Mes données ». Elle y reste sept jours."
                    ),
                    "Si vous n’avez rien demandé, changez votre mot de passe et appelez \
                     l’assistance."
                        .to_owned(),
                ],
            ),
            Self::SpaceReopened { first_name, alert } => (
                "Votre espace de santé est rouvert",
                vec![
                    format!("Bonjour {first_name},"),
                    "Votre espace de santé vient d’être rouvert, tel qu’il était le jour de sa \
                     fermeture : vos documents, vos messages et les accès que vous aviez donnés."
                        .to_owned(),
                    not_me(site, alert),
                ],
            ),
            Self::OppositionByOther { first_name, code, reversible_until } => (
                "Un espace de santé a été refusé pour votre proche",
                vec![
                    "Bonjour,".to_owned(),
                    format!(
                        "L’autre représentant légal de {first_name} a refusé la création de son \
                         espace de santé. Ce refus est enregistré."
                    ),
                    format!(
                        "Si vous n’êtes pas d’accord, vous pouvez annuler ce refus jusqu’au {}, \
                         sur {site} (tapez cette adresse vous-même), avec le numéro de sécurité \
                         sociale de {first_name}, votre propre carte Vitale et ce code :",
                        french_date(*reversible_until)
                    ),
                    format!("code : {code}"),
                ],
            ),
            Self::OppositionReversed { first_name, code } => {
                let mut paragraphs = vec![
                    "Bonjour,".to_owned(),
                    format!(
                        "Le refus de l’espace de santé de {first_name} a été annulé. Le délai de \
                         six semaines reprend là où il en était ; cet espace peut toujours être \
                         activé ou refusé."
                    ),
                ];
                if let Some(code) = code {
                    paragraphs.push("Voici un nouveau code pour le faire :".to_owned());
                    paragraphs.push(format!("code : {code}"));
                }
                ("Un refus a été annulé", paragraphs)
            }
        };
        let mut text = paragraphs.join("\n\n");
        for last in [PHONE_LINE, FRAUD_WARNING] {
            text.push_str("\n\n");
            text.push_str(last);
        }
        Rendered { subject, text }
    }
}

/// What someone does who learns of an act that is not theirs. The alert code has a
/// name of its own: it is no code to be typed where a code is asked for.
fn not_me(site: &str, alert: &str) -> String {
    format!(
        "Ce n’est pas vous ? Allez sur {site} (tapez cette adresse vous-même), choisissez « Ce \
         n’est pas moi » et saisissez ce code d’alerte : {alert}. L’espace sera gelé aussitôt. \
         Vous pouvez aussi appeler l’assistance."
    )
}
