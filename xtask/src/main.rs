//! The commands. `cargo xtask` alone lists them.
//!
//! For: everything a developer or CI runs, typed and the same everywhere. Must
//! not know: the product; what speaks to a running system is `local-cloud`.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a developer's tool: it prints, and a missing field of cargo's metadata reads as null"
)]

mod build;
mod checks;
mod fuzz;
mod layers;
mod nightly;
mod step;
mod test;
mod tools;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask run [--backend localstack] [--bare]   start a whole system; Ctrl-C stops it
cargo xtask test [FILTER]       every check and test; with a filter, only those tests
cargo xtask check               the checks that need no running system
cargo xtask bench [WHAT]        benchmarks: decision, documents, export, campaign, cold-start
cargo xtask nightly             what is too long for every change
cargo xtask fuzz [TARGET [SECONDS]]   fuzz with libFuzzer (needs a nightly compiler)
cargo xtask openapi             write docs/openapi.json from the code
cargo xtask template            write target/infra/template.yaml from infra/
cargo xtask campaign FILE       feed a campaign file to the running system
cargo xtask job NAME [--as-of INSTANT]   fire a scheduled job
cargo xtask token WHO           print a token of ours
cargo xtask import-dmp FOLDER   deposit a folder of documents as the insurer
cargo xtask verify-log FILE… [--anchor FILE]   verify a downloaded access log, offline
cargo xtask people [--seed N] [--count N]   print fictitious persons";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "run" => {
            tools::ensure()?;
            build::everything()?;
            web::build()?;
            build::local_cloud("run", rest)
        }
        "test" => test::run(rest),
        "check" => checks::run(),
        "bench" => nightly::bench(rest),
        "nightly" => nightly::run(),
        "fuzz" => fuzz::run(rest),
        "openapi" => test::write_openapi(),
        "template" => checks::write_template().map(|_| ()),
        "campaign" | "job" | "token" | "people" | "import-dmp" | "verify-log" => {
            build::ensure_local_cloud()?;
            build::local_cloud(command, rest)
        }
        "help" | "--help" | "-h" => {
            eprintln!("{HELP}");
            Ok(())
        }
        other => bail!("no command `{other}`\n{HELP}"),
    }
}
