//! The one HTTP pipeline.
//!
//! For: what every route shares, so that none can forget it: who the caller is,
//! limits, problem documents, one log line, idempotency keys, downloads, the description
//! of the API. Must not know: any route, any rule of a space, any AWS type.

mod body;
mod caller;
mod description;
mod disposition;
mod download;
mod idempotency;
mod identity;
mod page;
mod pipeline;
mod problem;
mod problems;
mod range;
mod serve;
mod source;
mod tokens;

pub use body::{BODY_BYTES_MAX, JsonBody, read as read_json};
pub use caller::{
    AnyCitizen, Bearer, Citizen, Enrolled, EnrolmentGate, Gate, Insurer, Known, Support,
};
pub use description::document;
pub use download::{Asked, Download, Piece};
pub use idempotency::{IdempotencyKey, claim_name};
pub use identity::{
    CardInput, RepresentativeInput, ShownIdentity, card_of_either_type, password_fault,
    read_birth_date, read_nir,
};
pub use page::{PAGE_ENTRIES_MAX, Page};
pub use pipeline::{Pipeline, with_pipeline};
pub use problem::{FieldError, Problem, ProblemBody};
pub use problems::ProblemKind;
pub use serve::{Exact, StartError, start};
pub use source::Source;
pub use tokens::{
    ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_TYPE, ACCESS_TOKEN_VALIDITY_S, Claims, TokenRefused,
    TokenVerifier,
};
