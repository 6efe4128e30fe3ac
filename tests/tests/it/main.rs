//! The tests against the deployed stack, in one binary. `cargo xtask test`
//! starts a system and runs them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod auto_creation;
mod backend_calls;
mod campaign;
mod description;
mod enrolment;
mod kills;
mod memory;
mod outbox;
mod refusals;
mod sessions;
mod silence;
