//! The only place that names an AWS SDK type.
//!
//! For: one concrete store per table, bucket, key and queue; what is sealed is
//! opened and closed here, and the state changes that span tables are single
//! transactions in [`transitions`]. Must not know: HTTP, tokens, French texts,
//! nor who may do what.

mod accounts;
mod aws;
mod buckets;
mod campaigns;
mod challenges;
mod contacts;
mod enrolments;
mod environment;
mod error;
mod idempotency;
mod mail;
mod manifests;
mod oppositions;
mod outbox;
mod queue;
mod registry;
mod runs;
mod sealing;
mod sessions;
mod signing_keys;
mod space_keys;
mod spaces;
mod system_keys;
mod table;
mod throttles;
mod transaction;
pub mod transitions;

pub use accounts::{Account, AccountSecrets, Accounts};
pub use aws::{Aws, CallCounts};
pub use buckets::{CampaignFiles, FileStream, PresignedUpload, PrintBatches};
pub use campaigns::{Campaign, CampaignState, Campaigns, ChunkCounts, MAILED_SHARDS, RejectedLine};
pub use challenges::{Challenge, Challenges, OTP_ATTEMPTS_MAX, OtpOutcome};
pub use contacts::{Contacts, SpaceContact};
pub use enrolments::{ENROLMENT_VALIDITY_S, Enrolment, EnrolmentOutcome, Enrolments};
pub use environment::{Environment, MissingVariables};
pub use error::StorageError;
pub use idempotency::{Claimed, Idempotency, IdempotencyScope};
pub use mail::{Mailer, Texter};
pub use manifests::Manifests;
pub use oppositions::{Opposition, Oppositions};
pub use outbox::{
    DELIVERY_ATTEMPTS_MAX, Envelope, LETTERS_PER_BATCH_MAX, Outbox, OutboxEntry, OutboxState,
};
pub use queue::Queue;
pub use registry::{
    DUE_SHARDS, DuePage, FedFrom, FeedOutcome, PersonEntry, PersonRecord, Registry, StoredCode,
};
pub use runs::{Run, Runs};
pub use sessions::{Session, SessionOwner, Sessions};
pub use signing_keys::{SIGNING_KEY_PERIOD_DAYS, SigningKeyEntry, SigningKeys};
pub use space_keys::{SpaceKeyPurpose, SpaceKeys, WrappedSpaceKeys};
pub use spaces::{Space, Spaces};
pub use system_keys::{KeyName, SystemKeys};
pub use throttles::Throttles;
