//! The rules of a health space, pure.
//!
//! For: everything that is true whatever the machine: who a person is, what a
//! code looks like, which life a space may lead, what the insurer may feed.
//! Must not know: AWS, HTTP, tokio, a clock or a source of randomness of its
//! own. Time and randomness are arguments ([`Clock`], [`Random`]).

mod actor;
mod alert;
mod announcement;
mod base32;
mod card;
mod caregiver;
mod clock;
mod closure;
mod contact;
pub mod decision;
mod feed;
mod heir;
mod ids;
mod inquiry;
mod invitation;
mod login;
mod matrix;
mod nir;
mod one_time_code;
mod password;
mod person;
mod phone_line;
mod preferences;
mod push;
mod random;
mod reference;
mod registration;
mod representation;
mod review;
mod search_words;
mod space;
mod thread;
mod tie;
mod trace;

pub use actor::Actor;
pub use alert::{ALERT_VALIDITY_DAYS, AlertCode, AlertCodeError};
pub use announcement::{shown_on, told_on};
pub use card::{Card, CardError, CardSerial, CardType};
pub use caregiver::{
    ASSISTANCE_CODE_VALIDITY_S, ASSISTANCE_S, Answer, Assistance, CAREGIVERS_MAX, Caregiver,
    CaregiverState, HELPED_MAX, INVITATION_VALIDITY_DAYS, invitation_expires_at,
};
pub use clock::{Clock, FixedClock, SystemClock};
pub use closure::{Agreement, CLOSURE_PENDING_DAYS, ClosureAsked};
pub use contact::{Channel, Contact, ContactError, Email, Phone, PostalAddress};
pub use feed::{
    FEED_LINE_BYTES_MAX, InsuredPerson, REPRESENTATIVES_MAX, Rejection, parse_line, require_new,
};
pub use heir::{
    HEIR_ACCESS_DAYS, HEIR_CLAIM_DAYS, HeirClaim, HeirFinding, HeirPurpose, HeirRelation,
    Inheritance,
};
pub use ids::{
    AccessId, AccountId, BatchId, BlockId, CampaignId, CaregiverId, ChallengeId, ContactId,
    DocumentId, EnrolmentId, ExportId, FollowUpId, GrantId, IdError, ImportId, InquiryId, MailId,
    MessageId, NotificationId, OppositionId, PushId, RuleId, RunId, SessionId, SpaceId, ThreadId,
};
pub use inquiry::{AskedByYou, INQUIRY_MONTHS_MAX, Inquiry};
pub use invitation::{
    CODE_ATTEMPTS_MAX, CODE_VALIDITY_DAYS, InvitationCode, InvitationCodeError, code_expires_at,
};
pub use login::{Login, LoginError};
pub use matrix::{DocumentType, MatrixGroup};
pub use nir::{Nir, NirError};
pub use one_time_code::{ONE_TIME_CODE_VALIDITY_S, OneTimeCode, OneTimeCodeError};
pub use password::{
    PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, PasswordError, check_password, check_password_of,
    normal_password,
};
pub use person::{MAJORITY_YEARS, NameError, Sex, Traits, comparable_name, is_minor, majority_on};
pub use phone_line::{PARIS, PHONE_UNDO_DAYS, paris_date, phone_line_is_open};
pub use preferences::{Digest, NotificationKind, NotificationPreferences};
pub use push::{PUSH_SUBSCRIPTIONS_MAX, PushEndpoint, PushEndpointError, PushServices};
pub use random::Random;
pub use reference::{Reference, ReferenceError};
pub use registration::{
    DMP_TRANSITION_DAYS, OppositionChannel, Registration, RegistrationAct, RegistrationRefusal,
    Reversible, reversible_until,
};
pub use representation::{REPRESENTATION_DEPTH_MAX, find_cycles};
pub use review::{Finding, Review, ReviewRefused, ReviewState, add_review};
pub use search_words::search_words;
pub use space::{InvalidTransition, SpaceState, Suspension};
pub use thread::{
    ATTACHMENTS_MAX, Attachment, BODY_BYTES_MAX, Correspondent, MESSAGE_NUMBER_ELEMENT,
    MESSAGES_MAX, Message, MessageAuthor, NewMessage, ReceivedFile, SUBJECT_CHARS_MAX, Side,
    Thread, ThreadState,
};
pub use tie::{
    Block, CareTeam, ConsentForm, EMERGENCY_ACCESS_S, Grant, HeldAccess, NORMAL_ACCESS_S, Rule,
    TEAM_MEMBERS_MAX, Tie,
};
pub use trace::{EMERGENCY_ELEMENT, Outcome, Trace, TraceActor};
