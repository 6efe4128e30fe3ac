//! The tests against the deployed stack, in one binary. `cargo xtask test`
//! starts a system and runs them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod access_log;
mod accesses;
mod announcements;
mod assistance;
mod auto_creation;
mod backend_calls;
mod campaign;
mod caregivers;
mod closing;
mod closing_by_phone;
mod closing_for_a_child;
mod codes;
mod contacts;
mod decisions;
mod description;
mod devices;
mod emergencies;
mod enrolment;
mod erasing;
mod erasure_kills;
mod exports;
mod factors;
mod families;
mod feeding_again;
mod follow_up_kills;
mod heirs;
mod imports;
mod inquiries;
mod journeys_of_people;
mod kills;
mod mail_corpus;
mod majority;
mod matrix;
mod memory;
mod message_kills;
mod messages;
mod mssante;
mod mssante_kills;
mod notifications;
mod outbox;
mod phone_line;
mod proof;
mod provider_login;
mod purge;
mod refusals;
mod restore;
mod rules;
mod scanner;
mod sealed;
mod second_factors;
mod sessions;
mod silence;
mod takeover;
mod uploads;
mod vault;
mod vault_kills;
mod versions;
