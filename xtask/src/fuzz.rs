//! Fuzzing with libFuzzer: needs a nightly compiler, and nothing else. Must not know what a
//! target tries.

use anyhow::{Result, bail};

use crate::step::{command, project, shown_step, step, target};

/// The targets.
const TARGETS: [&str; 2] = ["open_content", "inspect"];
/// Seconds of each, unless said otherwise.
const SECONDS: &str = "60";
/// What libFuzzer needs of the compiler: coverage of every edge, and checked memory.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address --cfg fuzzing";

/// Fuzzes a target, or each, for some seconds; what it finds stands in
/// `target/fuzz/<target>`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let seconds = arguments.get(1).map_or(SECONDS, String::as_str);
    let wanted: Vec<&str> = match arguments.first().map(String::as_str) {
        None => TARGETS.to_vec(),
        Some(name) if TARGETS.contains(&name) => vec![name],
        Some(other) => bail!("no target `{other}`; there are {}", TARGETS.join(", ")),
    };
    let folder = target().join("fuzz");
    let mut build = command("cargo");
    build.args(["+nightly", "build", "--release", "--target", "x86_64-unknown-linux-gnu"]);
    build.arg("--manifest-path").arg(project().join("tests/fuzz/Cargo.toml"));
    build.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &folder);
    step("build the fuzz targets", build)?;
    for name in wanted {
        let corpus = folder.join("corpus").join(name);
        std::fs::create_dir_all(&corpus)?;
        let binary = folder.join("x86_64-unknown-linux-gnu/release").join(name);
        let mut fuzz = command(&binary.to_string_lossy());
        fuzz.arg(&corpus).arg(format!("-max_total_time={seconds}"));
        fuzz.args(["-rss_limit_mb=512", "-timeout=10", "-max_len=65536"]);
        fuzz.arg(format!("-artifact_prefix={}/", folder.display()));
        shown_step(name, fuzz)?;
    }
    Ok(())
}
