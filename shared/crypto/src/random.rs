//! The operating system's randomness. Must not know what is drawn from it.

use aws_lc_rs::rand;
use espace_domain::Random;

/// The process's cryptographic random generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one legal source of randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if rand::fill(bytes).is_err() {
            // No entropy, no keys: going on would write predictable secrets.
            std::process::abort();
        }
    }
}
