//! Randomness as an argument. Must not know what is drawn from it.

/// A source of random bytes. Functions give the operating system's; the demo
/// generator gives a seeded one so that the same people come out each time.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills `bytes`. A source that cannot must abort the process rather than
    /// return: a predictable key or code is worse than an outage.
    fn fill(&self, bytes: &mut [u8]);
}
