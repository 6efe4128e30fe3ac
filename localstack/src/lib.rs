//! The local cloud: the emulator, the deployment of `infra/` to it, stand-ins
//! for the outside world (identity providers, mailing house), the people of the
//! demo, and the tools that drive a system (campaigns, jobs, tokens).
//!
//! For: development and tests; nothing here is deployed. Must not know: any
//! rule of the product; it speaks to it through the API and the cloud's own.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool: it prints, and a missing field of an answer reads as null"
)]

pub mod api;
pub mod backend;
pub mod bench;
pub mod deploy;
pub mod front;
pub mod functions;
pub mod import_dmp;
pub mod jobs;
pub mod mail;
pub mod mssante;
pub mod owner;
pub mod people;
mod provider_login;
pub mod providers;
pub mod push_service;
pub mod run;
pub mod runtime_api;
pub mod seed;
pub mod site;
pub mod system;
pub mod template;
pub mod trust_space;
pub mod verify_log;

/// The functions, by the name of their binary.
pub const FUNCTIONS: [&str; 33] = [
    "activation",
    "anchor",
    "auto-creation",
    "campaign-intake",
    "campaigns",
    "caregivers",
    "codes",
    "consent",
    "delivery",
    "documents",
    "erasure",
    "export",
    "follow-up",
    "import",
    "ingest",
    "inquiries",
    "inquiry",
    "majority",
    "messaging",
    "mssante",
    "notifications",
    "openapi",
    "opposition",
    "phone-line",
    "printing",
    "refusals",
    "retention-purge",
    "reveal",
    "review",
    "search",
    "sessions",
    "space",
    "sweep",
];

/// Tells what is going on, where the developer looks.
pub fn say(message: &str) {
    eprintln!("· {message}");
}

/// Prints a result on standard output, where another program may read it.
pub fn print(text: &str) {
    println!("{text}");
}
