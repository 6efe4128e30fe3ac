//! The only place that names an AWS SDK type.
//!
//! For: one concrete store per table, bucket, key and queue; what is sealed is
//! opened and closed here, and the state changes that span tables are single
//! transactions in [`transitions`]. Must not know: HTTP, tokens, French texts,
//! nor who may do what.

mod access_log_file;
mod access_read;
mod accounts;
mod acts;
mod alerts;
mod anchors;
mod assistance_codes;
mod attempts;
mod aws;
mod buckets;
mod campaigns;
mod certificates;
mod challenges;
mod code_requests;
mod consents;
mod contacts;
mod digests;
mod document_details;
mod document_sweep;
mod documents;
mod due;
mod enrolments;
mod environment;
mod erasures;
mod error;
mod exports;
mod follow_ups;
mod forget;
mod idempotency;
mod imports;
mod inbox;
mod inbox_forget;
mod inboxes;
mod inquiries;
mod kept_content;
mod keyring;
mod mail;
mod mails;
mod manifests;
mod messages;
mod oppositions;
mod outbox;
mod placing;
mod professional_notices;
mod purges;
mod push_subscriptions;
mod queue;
mod recognition;
mod refusals;
mod registry;
mod registry_item;
mod registry_proof;
mod relations;
mod repetitions;
mod representations;
mod reveals;
mod reviews;
mod runs;
mod scanner;
mod sealed_stream;
mod sealing;
mod sessions;
mod signing_keys;
mod space_item;
mod space_keys;
mod spaces;
mod support_acts;
mod system_keys;
mod table;
mod throttles;
mod traces;
mod transaction;
pub mod transitions;
mod trust_space;
mod unanchored;
mod unsubscriptions;
mod uploads;
mod vault;

pub use access_log_file::AccessLogFile;
pub use access_read::{AccessReads, Asker, Asking, Seen};
pub use accounts::{Account, AccountSecrets, Accounts, PasskeyFactor, TotpFactor, nir_tag};
pub use acts::{Act, Acts, Change, Recorded};
pub use alerts::{Alert, Alerts};
pub use anchors::{Anchor, AnchorShard, Anchors};
pub use assistance_codes::AssistanceCodes;
pub use attempts::{Attempt, AttemptKind, Attempts};
pub use aws::{Aws, CallCounts};
pub use buckets::{CampaignFiles, FileStream, PresignedUpload, PrintBatches};
pub use campaigns::{Campaign, CampaignState, Campaigns, ChunkCounts, MAILED_SHARDS, RejectedLine};
pub use certificates::{Certificate, CertificateKind, Certificates};
pub use challenges::{
    Challenge, ChallengePurpose, ChallengedAccount, Challenges, NewChallenge, OTP_ATTEMPTS_MAX,
    OtpOutcome,
};
pub use code_requests::{CodeCause, CodeMessage, CodeRequest, CodeRequests, ResetRequest, Shown};
pub use consents::{
    Choice, Consents, EmergencyAccess, HeirAdmission, PRESENCE_TRIES_MAX, SealedChoice, Versioned,
};
pub use contacts::{Contacts, SpaceContact, told, told_of_changes};
pub use digests::{DIGEST_SHARDS, Digests, PendingDigest};
pub use document_details::{Author, DocumentDetails, PastVersion, Provenance};
pub use documents::{Document, Documents, KnownUnique, SealedDocument};
pub use due::DueTaken;
pub use enrolments::{ENROLMENT_VALIDITY_S, Enrolment, EnrolmentOutcome, Enrolments};
pub use environment::{Environment, MissingVariables};
pub use erasures::{
    Certified, ERASURE_SHARDS, ERASURE_TRIES_MAX, Erasure, ErasureDates, ErasureStores, Erasures,
    KEY_RECOVERY_DAYS,
};
pub use error::StorageError;
pub use exports::{
    EXPORT_KEPT_S, EXPORT_SHARDS, EXPORT_TRIES_MAX, EXPORTS_MAX, ExportDetails, ExportState,
    Exports, Piece, SealedExport,
};
pub use follow_ups::{FOLLOW_UP_SHARDS, FOLLOW_UP_TRIES_MAX, FollowUp, FollowUps};
pub use forget::ForgottenPage;
pub use idempotency::{Claimed, Idempotency, IdempotencyScope};
pub use imports::{
    IMPORT_SHARDS, IMPORTS_OPEN_MAX, ImportDetails, ImportState, Imports, SealedImport, Taken,
};
pub use inbox::{ArchiveName, ArrivedPart, Inbox, InboxName, InboxObject};
pub use inboxes::{InboxAfter, InboxEntry, Inboxes};
pub use inquiries::{INQUIRY_FILE_VALID_FOR, Inquiries, InquiryFiles, StoredInquiry};
pub use kept_content::StoredContent;
pub use keyring::{KEY_HELD_FOR, Keyring};
pub use mail::{Attached, Mail, Mailer, Texter};
pub use mails::{
    FetchedMail, MAIL_READ_TRIES_MAX, MAIL_SHARDS, MAIL_TRIES_MAX, MailBegun, MailObjects,
    MailTaken, Mails, OutgoingDetails, OutgoingMail,
};
pub use manifests::Manifests;
pub use messages::{Draft, KnownMessage, Messages, SealedThread, StoredThread, ThreadsAfter};
pub use oppositions::{Opposition, Oppositions, ProofDetails};
pub use outbox::{
    DELIVERY_ATTEMPTS_MAX, Envelope, LETTERS_PER_BATCH_MAX, Outbox, OutboxEntry, OutboxState,
    Parcel, PushNotice,
};
pub use placing::{KeptContent, Placing, Target, VERSIONS_MAX};
pub use professional_notices::{ProfessionalNotice, ProfessionalNotices};
pub use purges::{PURGE_SHARDS, PurgeDue, PurgePage};
pub use push_subscriptions::{PushSubscription, PushSubscriptions};
pub use queue::Queue;
pub use recognition::{ClaimedHolder, IdentityClaim, Recognised, recognise};
pub use refusals::{RefusalMessage, Refusals};
pub use registry::{
    DUE_SHARDS, DuePage, FedFrom, FeedOutcome, PersonEntry, PersonRecord, Registry, SearchedTraits,
    StoredCode,
};
pub use relations::{RelationNames, Relations};
pub use repetitions::{REPETITION_S, Repetitions};
pub use representations::{
    Care, DEPENDANTS_MAX, LinkKind, Representation, RepresentationDetails, Representations,
};
pub use reveals::{REVEAL_SHARDS, RevealMark, RevealPage, RevealStep, Reveals};
pub use reviews::{EmergencyDetails, EmergencyReview, ReviewPage, Reviews};
pub use runs::{Run, Runs};
pub use scanner::{Scanner, Verdict};
pub use sealed_stream::SealedStream;
pub use sessions::{
    ClientKind, NewSession, REFRESH_GRACE_S, Refreshed, Session, SessionHolder, SessionName,
    Sessions,
};
pub use signing_keys::{SIGNING_KEY_PERIOD_DAYS, SigningKeyEntry, SigningKeys, signing_period};
pub use space_item::Heads;
pub use space_keys::{SpaceKeyPurpose, SpaceKeys, WrappedSpaceKeys};
pub use spaces::{Holder, Space, SpaceAccount, Spaces};
pub use support_acts::{SupportAct, SupportActKind, SupportActs};
pub use system_keys::{KeyName, SystemKeys};
pub use throttles::Throttles;
pub use traces::{AnchorProof, InquiryPage, Repetition, StoredTrace, TraceDraft, Traces};
pub use trust_space::{Correspondence, Mailbox, TrustSpace};
pub use unanchored::{ANCHOR_SHARDS, Unanchored, UnanchoredPage};
pub use unsubscriptions::{Unsubscription, Unsubscriptions};
pub use uploads::{
    Inherited, SealedUpload, UPLOADS_OPEN_MAX, Upload, UploadDetails, UploadState, Uploads,
};
pub use vault::{ObjectName, StoredObject, Vault, VaultUpload};
