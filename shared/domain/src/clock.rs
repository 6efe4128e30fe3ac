//! Time as an argument. Must not know who asks.

use jiff::Timestamp;

/// Tells the time. Everything that needs "now" takes one, so that six weeks and
/// ten years pass in a test without waiting; `clippy.toml` forbids the global
/// clocks everywhere else.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current instant, UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one legal reading of the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands at one instant: the `time` of a job's event, or a test's.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(
    /// The instant it tells.
    pub Timestamp,
);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
