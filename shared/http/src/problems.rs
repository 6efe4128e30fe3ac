//! Every problem the API can answer: stable name, status and French text safe
//! to show. `docs/api.md` lists them; a test holds the two together. Must not
//! know which route answers which.

use http::StatusCode;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:ident, $title:literal, $detail:literal;)+) => {
        /// What is wrong, by its stable name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemKind {
            $($(#[$doc])* $name,)+
        }

        impl ProblemKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The last part of the problem's `type`.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// The HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// A short French title.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What a person can do about it, in French.
            pub fn detail(self) -> &'static str {
                match self { $(Self::$name => $detail,)+ }
            }
        }
    };
}

problems! {
    /// The body is not what the route takes; `errors` says where.
    InvalidBody = "invalid-body", UNPROCESSABLE_ENTITY, "Demande incorrecte",
        "Certains champs sont absents ou mal remplis.";
    /// The body is not JSON.
    MalformedBody = "malformed-body", BAD_REQUEST, "Demande illisible",
        "Le contenu envoyé n’est pas du JSON en UTF-8.";
    /// The body is of another media type.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Format non accepté",
        "Cette adresse n’accepte pas ce format de contenu.";
    /// The body is larger than the route takes.
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "Demande trop volumineuse",
        "Le contenu envoyé dépasse la taille acceptée.";
    /// A parameter of the URL is not what the route takes.
    InvalidParameter = "invalid-parameter", BAD_REQUEST, "Paramètre incorrect",
        "Un paramètre de l’adresse est incorrect.";
    /// No token, or one that proves nothing.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Connexion nécessaire",
        "Connectez-vous pour continuer.";
    /// The route is not for this kind of caller.
    Forbidden = "forbidden", FORBIDDEN, "Accès refusé",
        "Vous n’avez pas accès à cette fonction.";
    /// Nothing here, or nothing that this caller may know of.
    NotFound = "not-found", NOT_FOUND, "Introuvable",
        "L’élément demandé n’existe pas ou ne vous est pas accessible.";
    /// The route exists, not with this method.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "Méthode non permise",
        "Cette adresse n’accepte pas cette méthode.";
    /// Too many tries from this source; `Retry-After` says how long to wait.
    TooManyRequests = "too-many-requests", TOO_MANY_REQUESTS, "Trop de tentatives",
        "Trop de tentatives ont eu lieu. Réessayez plus tard.";
    /// The idempotency key was used with another body.
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "Clé déjà utilisée",
        "Cette clé d’idempotence a servi pour une autre demande.";
    /// The idempotency key is empty, too long or not printable.
    InvalidIdempotencyKey = "invalid-idempotency-key", BAD_REQUEST, "Clé incorrecte",
        "La clé d’idempotence doit avoir de 1 à 255 caractères imprimables.";
    /// Code, number and card do not belong together; nothing more is told.
    IdentityNotRecognised = "identity-not-recognised", FORBIDDEN, "Identité non reconnue",
        "Le code, le numéro de sécurité sociale et la carte ne correspondent pas. \
         Vérifiez les trois, ou demandez un nouveau code.";
    /// All matched, but six weeks have passed.
    CodeExpired = "code-expired", FORBIDDEN, "Code expiré",
        "Ce code n’est plus valable. Demandez un nouveau code.";
    /// All matched, but the code has served.
    CodeUsed = "code-used", FORBIDDEN, "Code déjà utilisé",
        "Ce code a déjà servi. Demandez un nouveau code si besoin.";
    /// Identity is proven, but the representative does not act for that person, or no
    /// longer: they came of age, or another representative is logged in.
    NotLegalRepresentative = "not-legal-representative", FORBIDDEN, "Représentant non reconnu",
        "L’assurance maladie ne vous connaît pas comme représentant légal de cette personne. \
         Appelez l’assistance.";
    /// Another code was asked for a moment ago; `Retry-After` says how long to wait.
    CodeTooSoon = "code-too-soon", TOO_MANY_REQUESTS, "Code déjà demandé",
        "Un code vient d’être demandé. Attendez quelques instants avant d’en demander un autre.";
    /// All matched, but no address of that kind is on file.
    NoContactOnFile = "no-contact-on-file", CONFLICT, "Pas de contact connu",
        "Nous ne connaissons aucune adresse de ce type pour cette personne.";
    /// All matched; the insurer reported a death.
    HolderDeceased = "holder-deceased", FORBIDDEN, "Espace indisponible",
        "Ce dossier ne peut plus être activé. Appelez l’assistance.";
    /// The enrolment's half hour is over, or it has served.
    EnrolmentOver = "enrolment-over", UNAUTHORIZED, "Session terminée",
        "Le délai est dépassé. Saisissez de nouveau votre code.";
    /// The space is in its holder's hands already.
    SpaceAlreadyActive = "space-already-active", CONFLICT, "Espace déjà activé",
        "Cet espace est déjà activé. Connectez-vous avec votre identifiant.";
    /// A space exists: closing it is another act.
    SpaceAlreadyOpen = "space-already-open", CONFLICT, "Espace déjà ouvert",
        "Cet espace est déjà ouvert. Activez-le, puis fermez-le si vous n’en voulez pas.";
    /// The person has refused already.
    AlreadyOpposed = "already-opposed", CONFLICT, "Refus déjà enregistré",
        "Votre refus est déjà enregistré.";
    /// There is no refusal to reverse, or its two weeks are over.
    NotReversible = "not-reversible", CONFLICT, "Refus définitif",
        "Ce refus ne peut plus être annulé. La personne peut encore activer son espace.";
    /// The phone line is closed at this hour.
    PhoneLineClosed = "phone-line-closed", CONFLICT, "Assistance fermée",
        "L’assistance téléphonique est fermée à cette heure.";
    /// Reference and identity do not belong together; nothing more is told.
    ReceiptNotRecognised = "receipt-not-recognised", FORBIDDEN, "Preuve introuvable",
        "La référence, le numéro de sécurité sociale et la carte ne correspondent pas.";
    /// The alert code is unknown or too old.
    AlertNotRecognised = "alert-not-recognised", FORBIDDEN, "Code d’alerte non reconnu",
        "Ce code d’alerte n’est pas reconnu. Appelez l’assistance.";
    /// The space is closed: it can be reopened or taken away, nothing else.
    SpaceClosed = "space-closed", FORBIDDEN, "Espace fermé",
        "Votre espace est fermé. Vous pouvez le rouvrir ou télécharger vos données.";
    /// The archive is still being made, or could not be.
    ExportNotReady = "export-not-ready", CONFLICT, "Copie en préparation",
        "La copie de vos données n’est pas encore prête.";
    /// As many archives are there as may be.
    TooManyExports = "too-many-exports", CONFLICT, "Trop de copies",
        "Trois copies de vos données sont déjà disponibles. Téléchargez l’une d’elles, ou attendez qu’elle expire.";
    /// As many archives are on their way in as may be.
    TooManyImports = "too-many-imports", CONFLICT, "Trop d’envois",
        "Trois copies sont déjà en cours d’envoi. Terminez-en une, ou attendez deux jours.";
    /// A child's or protected adult's space is closed by who represents them.
    RepresentativesClose = "representatives-close", CONFLICT, "Fermeture par les représentants",
        "Cet espace se ferme par les représentants de la personne, depuis leur propre espace.";
    /// No address that receives codes is known for the caller.
    NoCodeAddress = "no-code-address", CONFLICT, "Pas d’adresse pour un code",
        "Aucun téléphone mobile ni courriel confirmé n’est connu. La demande se fait par courrier.";
    /// No death was reported: there are no heirs.
    HolderNotDeceased = "holder-not-deceased", CONFLICT, "Pas de décès connu",
        "L’assurance maladie n’a signalé aucun décès pour cette personne.";
    /// The person did not want heirs to have anything.
    HeirsObjected = "heirs-objected", FORBIDDEN, "Opposition de la personne",
        "La personne s’est opposée, avant son décès, à toute transmission de son dossier.";
    /// An heir is admitted to what they need in their own space.
    HeirWithoutSpace = "heir-without-space", CONFLICT, "Espace de l’ayant droit à activer",
        "L’ayant droit doit d’abord activer son propre espace : la copie lui est remise là.";
    /// The same agent found it before: another must.
    FoundByYou = "found-by-you", CONFLICT, "Déjà examiné par vous",
        "Un autre agent doit examiner cette demande à son tour.";
    /// The space may be closed, not erased: an authority asked to keep it.
    ErasureHeld = "erasure-held", CONFLICT, "Effacement impossible pour le moment",
        "Cet espace ne peut pas être effacé pour le moment. Vous pouvez le fermer : plus personne ne le lira. Appelez l’assistance.";
    /// The space was frozen after an alert: identity must be proven again.
    SpaceFrozen = "space-frozen", FORBIDDEN, "Espace gelé",
        "Cet espace a été gelé après une alerte. Demandez un nouveau code pour le reprendre.";
    /// The holder has not activated their space yet.
    SpaceNotActivated = "space-not-activated", FORBIDDEN, "Espace non activé",
        "Cet espace n’a pas encore été activé par son titulaire.";
    /// The space is not closed: there is nothing to reopen.
    SpaceNotClosed = "space-not-closed", CONFLICT, "Espace non fermé",
        "Cet espace n’est pas fermé.";
    /// A professional reads only within an access they have opened.
    AccessRequired = "access-required", FORBIDDEN, "Accès à ouvrir",
        "Ouvrez d’abord un accès à ce dossier, avec l’accord du patient.";
    /// A first access takes the patient's presence, shown by their code.
    PresenceRequired = "presence-required", FORBIDDEN, "Présence du patient requise",
        "Pour un premier accès, demandez au patient le code de présence affiché dans son espace.";
    /// That mode is for the SAMU's regulation.
    NotRegulator = "not-regulator", FORBIDDEN, "Réservé au SAMU",
        "Ce mode d’accès est réservé à la régulation du SAMU.";
    /// The patient objected to that kind of emergency access.
    EmergencyObjected = "emergency-objected", FORBIDDEN, "Opposition du patient",
        "Le patient s’est opposé à ce mode d’accès à son dossier.";
    /// The document was deposited by someone else.
    NotYours = "not-yours", FORBIDDEN, "Document d’une autre personne",
        "Seul son auteur peut modifier ou supprimer ce document. Vous pouvez le masquer.";
    /// This caller does not deposit documents of that type or with that label.
    TypeNotDepositable = "type-not-depositable", FORBIDDEN, "Dépôt non permis",
        "Ce type de document ne peut pas être déposé ici.";
    /// The professional is kept out: lifting the block comes first.
    ProfessionalBlocked = "professional-blocked", CONFLICT, "Professionnel bloqué",
        "Ce professionnel est bloqué. Levez d’abord le blocage.";
    /// No more professionals can be let in or kept out.
    TooManyProfessionals = "too-many-professionals", CONFLICT, "Trop de professionnels",
        "Retirez un professionnel de la liste avant d’en ajouter un autre.";
    /// No more caregivers can be invited.
    TooManyCaregivers = "too-many-caregivers", CONFLICT, "Trop d’aidants",
        "Une personne a trois aidants au plus. Retirez-en un avant d’en inviter un autre.";
    /// The caller helps as many as one may.
    TooManyHelped = "too-many-helped", CONFLICT, "Trop de personnes aidées",
        "On aide cinq personnes au plus.";
    /// No such code lets a helper in, or it is over.
    AssistanceCodeWrong = "assistance-code-wrong", FORBIDDEN, "Code non reconnu",
        "Ce code n’est pas le bon, ou il est dépassé. Demandez-en un autre à la personne.";
    /// The same agent looked at an emergency access before.
    ReviewedByYou = "reviewed-by-you", CONFLICT, "Déjà examiné par vous",
        "Un autre agent doit examiner cet accès.";
    /// Who asked for an inquiry cannot approve it.
    AskedByYou = "asked-by-you", CONFLICT, "Demandé par vous",
        "Un autre agent doit approuver cette demande.";
    /// Two agents have looked.
    ReviewOver = "review-over", CONFLICT, "Examen terminé",
        "Deux agents ont déjà examiné cet accès.";
    /// As many browsers as may be are told already.
    TooManyBrowsers = "too-many-browsers", CONFLICT, "Trop de navigateurs",
        "Trop de navigateurs sont déjà prévenus. Retirez-en un.";
    /// A professional ended the conversation.
    ThreadClosed = "thread-closed", CONFLICT, "Échange clos",
        "Le professionnel a clos cet échange : on ne peut plus y répondre.";
    /// A person writes first to pharmacies alone.
    NotAPharmacy = "not-a-pharmacy", FORBIDDEN, "Pas une pharmacie",
        "Vous ne pouvez écrire en premier qu’à une pharmacie que vous connaissez.";
    /// The conversation has as many messages as it may.
    ThreadFull = "thread-full", CONFLICT, "Échange trop long",
        "Cet échange a trop de messages. Ouvrez-en un autre.";
    /// What the entry says and what the document says of itself differ.
    EntryDisagrees = "entry-disagrees", UNPROCESSABLE_ENTITY, "Fiche en désaccord",
        "La fiche et le document ne disent pas la même chose. Corrigez la fiche.";
    /// The document names another patient.
    AnotherPatient = "another-patient", UNPROCESSABLE_ENTITY, "Autre patient",
        "Ce document concerne une autre personne.";
    /// The bytes are not a document that is kept; `reason` says why.
    ContentRefused = "content-refused", UNPROCESSABLE_ENTITY, "Document refusé",
        "Ce fichier n’est pas d’un type accepté, est abîmé, ou contient un programme.";
    /// The scanner found malware.
    MalwareFound = "malware-found", UNPROCESSABLE_ENTITY, "Fichier dangereux",
        "Ce fichier contient un programme malveillant. Il n’a pas été gardé.";
    /// The same depositor's name stands for another content.
    UniqueIdTaken = "unique-id-taken", CONFLICT, "Document déjà déposé",
        "Un autre contenu a déjà été déposé sous cet identifiant.";
    /// Parts of a large content have not come, or others than were announced; `missing`
    /// says which.
    UploadIncomplete = "upload-incomplete", CONFLICT, "Envoi incomplet",
        "Des parties du document ne sont pas arrivées. Renvoyez-les.";
    /// The time to send a large content is over, or it was refused; `reason` says why.
    UploadOver = "upload-over", CONFLICT, "Envoi terminé",
        "Cet envoi est terminé. Recommencez le dépôt.";
    /// A content is on its way to be that document or its next version: another depositor's,
    /// or one whose parts have all come.
    UploadPending = "upload-pending", CONFLICT, "Envoi en cours",
        "Un envoi est déjà en cours pour ce document. Attendez qu’il soit terminé.";
    /// As many large contents of one depositor are on their way to a space as may be at once.
    TooManyUploads = "too-many-uploads", CONFLICT, "Trop d’envois en cours",
        "Trop d’envois sont en cours dans cet espace. Terminez-les, ou attendez demain.";
    /// The document has as many versions as are kept.
    TooManyVersions = "too-many-versions", CONFLICT, "Trop de versions",
        "Ce document a déjà trop de versions. Déposez-en un nouveau.";
    /// What the person stated stands: a takeover does not replace it.
    StatementStands = "statement-stands", CONFLICT, "Volonté déjà exprimée",
        "La personne a déjà déposé ce document : il n’est pas remplacé.";
    /// The entry was changed since it was read.
    PreconditionFailed = "precondition-failed", PRECONDITION_FAILED, "Fiche modifiée entre-temps",
        "Cette fiche a été modifiée entre-temps. Relisez-la avant de la changer.";
    /// The range lies beyond the content.
    RangeNotSatisfiable = "range-not-satisfiable", RANGE_NOT_SATISFIABLE, "Plage hors du document",
        "La partie demandée est au-delà de la fin du document.";
    /// Above 4 MiB a content is read by ranges.
    RangeRequired = "range-required", BAD_REQUEST, "Lecture par parties",
        "Ce document est trop grand pour être lu d’un coup : demandez-le par parties.";
    /// Something the act rests on changed at the same moment; nothing was done.
    ChangedMeanwhile = "changed-meanwhile", SERVICE_UNAVAILABLE, "Modification simultanée",
        "Cet espace vient d’être modifié. Rien n’a été fait : recommencez.";
    /// The address counts already, or its last code is too recent.
    ContactCodeRefused = "contact-code-refused", CONFLICT, "Code déjà envoyé",
        "Ce contact est déjà confirmé, ou un code vient d’être envoyé.";
    /// The last address that counts cannot be removed.
    LastContact = "last-contact", CONFLICT, "Dernier contact",
        "Ajoutez et confirmez un autre contact avant de retirer celui-ci.";
    /// No more addresses can be added.
    TooManyContacts = "too-many-contacts", CONFLICT, "Trop de contacts",
        "Retirez un contact avant d’en ajouter un autre.";
    /// The act needs a second factor given moments ago.
    StepUpRequired = "step-up-required", FORBIDDEN, "Confirmation nécessaire",
        "Confirmez cette action avec le code à six chiffres qui vient d’être envoyé.";
    /// A child's or protected adult's space is attached by its representative.
    RepresentativeOnly = "representative-only", FORBIDDEN, "Espace d’une autre personne",
        "Connectez-vous à votre propre espace pour rattacher celui de cette personne.";
    /// Someone else has that identifier.
    LoginTaken = "login-taken", CONFLICT, "Identifiant déjà pris",
        "Cet identifiant est déjà pris. Choisissez-en un autre.";
    /// Identifier and password do not belong together; nothing more is told.
    LoginRefused = "login-refused", UNAUTHORIZED, "Connexion refusée",
        "L’identifiant ou le mot de passe est incorrect.";
    /// The password that confirms an act is wrong.
    PasswordWrong = "password-wrong", FORBIDDEN, "Mot de passe incorrect",
        "Le mot de passe est incorrect.";
    /// The one-time code is wrong.
    OtpWrong = "otp-wrong", FORBIDDEN, "Code incorrect",
        "Le code à six chiffres est incorrect.";
    /// The one-time code can no longer be tried.
    OtpOver = "otp-over", FORBIDDEN, "Code périmé",
        "Ce code à six chiffres n’est plus valable. Demandez-en un autre.";
    /// The passkey's answer proves nothing.
    PasskeyRefused = "passkey-refused", FORBIDDEN, "Clé d’accès refusée",
        "La clé d’accès n’a pas été reconnue. Recommencez.";
    /// Code and number do not belong together, or the reset is over; nothing more is
    /// told.
    ResetRefused = "reset-refused", FORBIDDEN, "Changement refusé",
        "Le code ou le numéro de sécurité sociale est incorrect, ou le délai est passé.";
    /// The foreign token was exchanged already.
    TokenReplayed = "token-replayed", UNAUTHORIZED, "Jeton déjà utilisé",
        "Ce jeton a déjà été échangé. Reconnectez-vous.";
    /// No address counts yet: the first must be confirmed before the first login.
    ContactUnconfirmed = "contact-unconfirmed", CONFLICT, "Contact à confirmer",
        "Confirmez d’abord votre adresse ou votre numéro avec le code reçu.";
    /// The campaign is dated in the future or more than six weeks back.
    CampaignDate = "campaign-date", UNPROCESSABLE_ENTITY, "Date de campagne incorrecte",
        "La date d’envoi doit être passée et remonter à 42 jours au plus.";
    /// A fault of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Erreur interne",
        "Une erreur est survenue. Réessayez dans quelques instants.";
    /// The cloud asks to slow down.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Service momentanément indisponible",
        "Le service est très demandé. Réessayez dans quelques instants.";
}
