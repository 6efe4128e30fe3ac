//! What can be done to a space, each with its row of checks. Must not know how a check
//! looks at a situation.

use crate::decision::{AccessMode, Check, Party, PartyKind, Situation, Tell};

/// The holder alone.
const HOLDER: &[PartyKind] = &[PartyKind::Holder];
/// The holder, and who represents them.
const OWNERS: &[PartyKind] = &[PartyKind::Holder, PartyKind::Representative];
/// The same, or who was admitted to what a dead person left.
const OWNERS_AND_HEIRS: &[PartyKind] =
    &[PartyKind::Holder, PartyKind::Representative, PartyKind::Heir];
/// The holder's whole side.
const OWN_SIDE: &[PartyKind] =
    &[PartyKind::Holder, PartyKind::Representative, PartyKind::Caregiver];
/// The same, with who helps for an hour.
const OWN_SIDE_AND_HELP: &[PartyKind] =
    &[PartyKind::Holder, PartyKind::Representative, PartyKind::Caregiver, PartyKind::Mandated];
/// Those who read, with who helps for an hour.
const READERS_AND_HELP: &[PartyKind] = &[
    PartyKind::Holder,
    PartyKind::Representative,
    PartyKind::Caregiver,
    PartyKind::Mandated,
    PartyKind::Professional,
];
/// Those who deposit, with who helps for an hour.
const DEPOSITORS_AND_HELP: &[PartyKind] = &[
    PartyKind::Holder,
    PartyKind::Representative,
    PartyKind::Caregiver,
    PartyKind::Mandated,
    PartyKind::Professional,
    PartyKind::Insurer,
];
/// Those who read.
const READERS: &[PartyKind] =
    &[PartyKind::Holder, PartyKind::Representative, PartyKind::Caregiver, PartyKind::Professional];
/// Those who deposit.
const DEPOSITORS: &[PartyKind] = &[
    PartyKind::Holder,
    PartyKind::Representative,
    PartyKind::Caregiver,
    PartyKind::Professional,
    PartyKind::Insurer,
];
const PROFESSIONALS: &[PartyKind] = &[PartyKind::Professional];
/// Those who write to each other. Insurers and mutuelles never do.
const CORRESPONDENTS: &[PartyKind] = READERS;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, [$($check:expr),* $(,)?];)+) => {
        /// What can be done to a space.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name used in traces, in the API and in the table.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Its row: all must hold, the first that does not says why.
            pub fn checks(self) -> &'static [Check] {
                use Check as C;
                match self { $(Self::$name => &[$($check),*],)+ }
            }
        }
    };
}

actions! {
    /// Seeing where a space stands and whose it is.
    ReadSpace = "readSpace", [C::IsOneOf(OWN_SIDE_AND_HELP), C::SpaceInHandOrClosed];
    /// Finding the space of a patient by their traits.
    FindPatient = "findPatient",
        [C::IsOneOf(PROFESSIONALS), C::HasColumn, C::SpaceStands, C::NotBlocked];
    /// Finding the space of an insured person by their number, to feed it.
    FindInsured = "findInsured", [C::IsOneOf(&[PartyKind::Insurer]), C::SpaceStands];
    /// Opening an access with the holder's consent.
    OpenAccess = "openAccess", [
        C::IsOneOf(PROFESSIONALS), C::HasColumn, C::SpaceStands, C::NotBlocked,
        C::PresentOrConsented,
    ];
    /// Breaking the glass.
    BreakGlass = "breakGlass", [
        C::IsOneOf(PROFESSIONALS), C::HasColumn, C::SpaceStands, C::NotBlocked,
        C::BreakGlassAllowed,
    ];
    /// Coming in from the SAMU's regulation.
    OpenRegulation = "openRegulation", [
        C::IsOneOf(PROFESSIONALS), C::HasColumn, C::SpaceStands, C::NotBlocked,
        C::IsRegulator, C::RegulationAllowed,
    ];
    /// Listing documents; each is then decided by [`Action::ReadDocument`].
    ListDocuments = "listDocuments", [
        C::IsOneOf(READERS_AND_HELP), C::HasColumn, C::SpaceStands, C::NotBlocked, C::AccessStands,
    ];
    /// Seeing an entry, or its content.
    ReadDocument = "readDocument", [
        C::IsOneOf(READERS_AND_HELP), C::HasColumn, C::SpaceStands, C::NotBlocked, C::AccessStands,
        C::MatrixAllows, C::IsVisible,
    ];
    /// Depositing. A professional needs no consent (R.1111-47), only a space.
    DepositDocument = "depositDocument", [
        C::IsOneOf(DEPOSITORS_AND_HELP), C::HasColumn, C::SpaceStands, C::NotBlocked, C::MayDepositType,
    ];
    /// Following a large content of one's own on its way.
    ReadUpload = "readUpload", [
        C::IsOneOf(DEPOSITORS_AND_HELP), C::HasColumn, C::SpaceStands, C::NotBlocked, C::IsTheirs,
    ];
    /// Depositing another version of one's own.
    ReplaceDocument = "replaceDocument", [
        C::IsOneOf(DEPOSITORS), C::HasColumn, C::SpaceStands, C::NotBlocked, C::IsVisible,
        C::IsTheirs,
    ];
    /// Changing title or date of one's own.
    EditDocument = "editDocument", [
        C::IsOneOf(READERS), C::HasColumn, C::SpaceStands, C::NotBlocked, C::IsVisible,
        C::IsTheirs,
    ];
    /// Masking from professionals, and unmasking.
    MaskDocument = "maskDocument", [C::IsOneOf(OWNERS), C::SpaceInHand, C::IsVisible];
    /// Showing the patient what waited for the announcement consultation: by its author.
    RevealDocument = "revealDocument", [
        C::IsOneOf(PROFESSIONALS), C::HasColumn, C::SpaceStands, C::NotBlocked, C::IsTheirs,
    ];
    /// Pinning and archiving in one's own view.
    ArrangeDocument = "arrangeDocument", [C::IsOneOf(OWN_SIDE), C::SpaceInHand, C::IsVisible];
    /// Deleting one's own. Not a caregiver (`domain.md` B8).
    DeleteDocument = "deleteDocument", [
        C::IsOneOf(&[PartyKind::Holder, PartyKind::Representative, PartyKind::Professional]), C::HasColumn, C::SpaceStands, C::NotBlocked, C::IsVisible,
        C::IsTheirs,
    ];
    /// Hiding one document from one professional, or showing it to them.
    SetDocumentRule = "setDocumentRule", [C::IsOneOf(OWNERS), C::SpaceInHand, C::IsVisible];
    /// Seeing who may read.
    ReadConsents = "readConsents", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Letting a professional read.
    GiveConsent = "giveConsent", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// No longer letting them.
    WithdrawConsent = "withdrawConsent", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Blocking a professional: the holder's side, or their administrator doctor for them.
    BlockProfessional = "blockProfessional", [
        C::IsOneOf(&[PartyKind::Holder, PartyKind::Representative, PartyKind::Professional]),
        C::HasColumn, C::SpaceStands, C::NotBlocked, C::IsAdministrator, C::AccessStands,
    ];
    /// Lifting a block.
    UnblockProfessional = "unblockProfessional", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Choosing about emergencies.
    SetEmergencyChoices = "setEmergencyChoices", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Seeing of what the holder is told.
    ReadPreferences = "readPreferences", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Choosing of what the holder is told.
    SetPreferences = "setPreferences", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Stopping a kind of notification, asked for from a mail program: by a token that
    /// stops that and nothing else.
    StopNotification = "stopNotification", [C::IsOneOf(&[PartyKind::Job]), C::SpaceStands];
    /// Seeing who helps the holder, and who was asked to.
    ReadCaregivers = "readCaregivers", [C::IsOneOf(HOLDER), C::SpaceInHand];
    /// Asking someone to help. The holder alone: a caregiver does not share on.
    InviteCaregiver = "inviteCaregiver", [C::IsOneOf(HOLDER), C::SpaceInHand];
    /// Sending a caregiver away.
    RemoveCaregiver = "removeCaregiver", [C::IsOneOf(HOLDER), C::SpaceInHand];
    /// Saying whether one helps.
    AnswerInvitation = "answerInvitation",
        [C::IsOneOf(&[PartyKind::Invited]), C::SpaceInHand];
    /// No longer helping.
    LeaveCare = "leaveCare", [C::IsOneOf(&[PartyKind::Caregiver]), C::SpaceInHand];
    /// Drawing a code that lets a helper by profession in for an hour.
    OfferAssistance = "offerAssistance", [C::IsOneOf(HOLDER), C::SpaceInHand];
    /// Coming in with that code.
    BeginAssistance = "beginAssistance", [
        C::IsOneOf(&[PartyKind::Support, PartyKind::Mandated]), C::SpaceStands,
        C::PresentOrConsented,
    ];
    /// Ending the help before its hour.
    EndAssistance = "endAssistance", [
        C::IsOneOf(&[PartyKind::Holder, PartyKind::Mandated]), C::SpaceInHand,
    ];
    /// Drawing a code that proves presence.
    IssuePresenceCode = "issuePresenceCode", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Reading the access log, verifying and downloading it.
    ReadAccessLog = "readAccessLog", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Contesting an access.
    ContestAccess = "contestAccess", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Seeing where the holder is reached.
    ReadContacts = "readContacts", [C::IsOneOf(HOLDER), C::SpaceInHand];
    /// Changing where the holder is reached.
    ChangeContacts = "changeContacts", [C::IsOneOf(HOLDER), C::SpaceInHand];
    /// Taking the space of a child or protected adult in hand, into one's own.
    AttachDependant = "attachDependant", [C::IsOneOf(HOLDER), C::SpaceInHand];
    /// Listing conversations; each is then decided by [`Action::ReadThread`].
    ListThreads = "listThreads",
        [C::IsOneOf(CORRESPONDENTS), C::MayWrite, C::SpaceStands, C::NotBlocked];
    /// Reading a conversation.
    ReadThread = "readThread", [
        C::IsOneOf(CORRESPONDENTS), C::MayWrite, C::SpaceStands, C::NotBlocked, C::TakesPart,
        C::ThreadIsVisible,
    ];
    /// Opening a conversation: a professional's to do (`domain.md` B9).
    OpenThread = "openThread",
        [C::IsOneOf(PROFESSIONALS), C::MayWrite, C::SpaceStands, C::NotBlocked];
    /// Writing first, to a pharmacy (`domain.md` B9).
    WriteToPharmacy = "writeToPharmacy",
        [C::IsOneOf(OWN_SIDE), C::SpaceInHand, C::IsAPharmacy];
    /// Writing in a conversation.
    AnswerThread = "answerThread", [
        C::IsOneOf(CORRESPONDENTS), C::MayWrite, C::SpaceStands, C::NotBlocked, C::TakesPart,
        C::ThreadIsVisible, C::ThreadIsOpen,
    ];
    /// Joining a document to a message.
    AttachDocument = "attachDocument", [
        C::IsOneOf(CORRESPONDENTS), C::MayWrite, C::SpaceStands, C::NotBlocked,
        C::AccessStandsOrTheirs, C::MatrixAllows, C::IsVisible,
    ];
    /// Reading what was joined to a message: who takes part was sent it.
    ReadAttachment = "readAttachment", [
        C::IsOneOf(CORRESPONDENTS), C::MayWrite, C::SpaceStands, C::NotBlocked, C::TakesPart,
        C::ThreadIsVisible, C::IsVisibleInThread,
    ];
    /// Filing what came with a mail as a document.
    FileAttachment = "fileAttachment",
        [C::IsOneOf(OWN_SIDE), C::SpaceInHand, C::ThreadIsVisible];
    /// What only the reader sees of it: a draft, up to where they read, put away.
    KeepThread = "keepThread", [
        C::IsOneOf(CORRESPONDENTS), C::MayWrite, C::SpaceStands, C::NotBlocked, C::TakesPart,
        C::ThreadIsVisible,
    ];
    /// Ending a conversation.
    CloseThread = "closeThread", [
        C::IsOneOf(PROFESSIONALS), C::MayWrite, C::SpaceStands, C::NotBlocked, C::TakesPart,
        C::ThreadIsOpen,
    ];
    /// Closing.
    CloseSpace = "closeSpace", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Closing for a caller, with a code sent to them (R.1111-36: at any time).
    CloseByPhone = "closeByPhone",
        [C::IsOneOf(&[PartyKind::Support]), C::SpaceMayClose, C::IsOfAge];
    /// Admitting an heir to what a dead person left (L.1111-18, L.1110-4 V).
    AdmitHeir = "admitHeir",
        [C::IsOneOf(&[PartyKind::Support]), C::HolderDied, C::HeirsAllowed];
    /// Leaving a document to an heir.
    LeaveToHeir = "leaveToHeir",
        [C::IsOneOf(&[PartyKind::Heir]), C::SpaceInHandOrClosed, C::IsVisible];
    /// Reopening.
    ReopenSpace = "reopenSpace", [C::IsOneOf(OWNERS), C::SpaceIsClosed];
    /// Taking everything away.
    ExportSpace = "exportSpace", [C::IsOneOf(OWNERS_AND_HEIRS), C::SpaceInHandOrClosed];
    /// Taking what one took away in again.
    ImportSpace = "importSpace", [C::IsOneOf(OWNERS), C::SpaceInHand];
    /// Reading what one asked to take away.
    ReadExport = "readExport", [C::IsOneOf(OWNERS_AND_HEIRS), C::SpaceInHandOrClosed];
    /// Showing the patient what has waited a month (job `reveal`).
    RevealDue = "revealDue", [C::IsOneOf(&[PartyKind::Job]), C::SpaceStands];
    /// Erasing what ten years have passed over (job `retention-purge`).
    EraseExpired = "eraseExpired", [C::IsOneOf(&[PartyKind::Job]), C::SpaceIsArchived];
}

impl Action {
    /// The action that opens an access of a mode.
    pub fn opening(mode: AccessMode) -> Self {
        match mode {
            AccessMode::Normal => Self::OpenAccess,
            AccessMode::BreakGlass => Self::BreakGlass,
            AccessMode::Regulation => Self::OpenRegulation,
        }
    }

    /// Whether it is left to the holder of a closed space.
    pub fn is_left_when_closed(self) -> bool {
        let lets_closed =
            |check: &Check| matches!(check, Check::SpaceInHandOrClosed | Check::SpaceIsClosed);
        self.checks().iter().any(lets_closed)
    }

    /// Whether doing it again within moments leaves no new trace: reading does, for
    /// nothing more is learnt.
    pub fn is_repeatable(self) -> bool {
        matches!(
            self,
            Self::ReadSpace
                | Self::ReadConsents
                | Self::ReadAccessLog
                | Self::ReadContacts
                | Self::ReadPreferences
                | Self::ReadCaregivers
                | Self::FindPatient
                | Self::FindInsured
                | Self::ListDocuments
                | Self::ReadDocument
                | Self::ReadUpload
                | Self::ListThreads
                | Self::ReadThread
                | Self::ReadAttachment
                | Self::ReadExport
        )
    }

    /// Whether it leaves a trace. A holder who looks at their own rules or log leaves
    /// none: the log would fill with its own reading. Anyone else does.
    pub(super) fn is_traced(self, party: Party) -> bool {
        let looks = matches!(
            self,
            Self::ReadSpace
                | Self::ReadConsents
                | Self::ReadAccessLog
                | Self::ReadContacts
                | Self::ReadPreferences
                | Self::ReadCaregivers
                | Self::ListThreads
        );
        let is_nobodys_matter = looks && party == Party::Holder;
        !(is_nobodys_matter || self.is_ones_own())
    }

    /// Whether it changes only what the one who does it sees: nobody else learns or loses
    /// anything by it, so no trace is written.
    pub fn is_ones_own(self) -> bool {
        self == Self::KeepThread
    }

    /// Who is told when it is done.
    pub(super) fn tells(self, party: Party, situation: &Situation) -> Tell {
        // Who lets others in may not be who they say.
        if matches!(self, Self::InviteCaregiver | Self::AnswerInvitation | Self::BeginAssistance) {
            return Tell::Holder;
        }
        if party.is_own_side() {
            let writes = matches!(self, Self::AnswerThread | Self::WriteToPharmacy);
            return if writes { Tell::Correspondents } else { Tell::Nobody };
        }
        let read_in_emergency = self == Self::ReadDocument
            && matches!(situation.access, Some(AccessMode::BreakGlass | AccessMode::Regulation));
        let emergency =
            matches!(self, Self::BreakGlass | Self::OpenRegulation) || read_in_emergency;
        // A notification of what the person may not see yet would tell them of it.
        let hidden = situation.document.is_some_and(|d| d.labels.invisible_patient);
        match (party, self) {
            (Party::Professional(_) | Party::Insurer, _) if hidden => Tell::Nobody,
            (
                Party::Professional(_),
                Self::OpenAccess | Self::ReadDocument | Self::BreakGlass | Self::OpenRegulation,
            ) => {
                if emergency {
                    Tell::HolderAndTreatingDoctor
                } else {
                    Tell::Holder
                }
            }
            (
                Party::Professional(_) | Party::Insurer,
                Self::DepositDocument
                | Self::ReplaceDocument
                | Self::BlockProfessional
                | Self::OpenThread
                | Self::AnswerThread,
            ) => Tell::Holder,
            _ => Tell::Nobody,
        }
    }
}
