//! How long hashing a password takes on this machine, for `docs/crypto.md`:
//! `cargo run --release --example password_time`. Must not know any real password.

use std::io::Write;
use std::time::Instant;

use espace_crypto::{PasswordHash, PasswordHashError, SystemRandom};

/// Hashes measured; the median counts.
const HASHES: usize = 51;

#[expect(clippy::disallowed_methods, reason = "a measure of durations")]
fn main() -> Result<(), PasswordHashError> {
    let mut times = Vec::new();
    for _ in 0..HASHES {
        let started = Instant::now();
        PasswordHash::compute("Brise-marine-29", &SystemRandom)?;
        times.push(started.elapsed());
    }
    times.sort();
    let median = times.get(HASHES / 2).copied().unwrap_or_default();
    let _written = writeln!(std::io::stdout(), "argon2id: {:.1} ms", median.as_secs_f64() * 1e3);
    Ok(())
}
