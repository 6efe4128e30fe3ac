//! What becomes of a content.
//!
//! Must not know: how that was found out.

/// What became of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TakenIn {
    /// A document, or the next version of one.
    Kept,
    /// Refused; its depositor is told why.
    Refused,
    /// Nothing awaits it: taken in before, given up, or its space is gone.
    Unawaited,
    /// The inbox has it no more.
    Gone,
}

impl TakenIn {
    /// The name in the log line's counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Refused => "refused",
            Self::Unawaited => "unawaited",
            Self::Gone => "gone",
        }
    }
}
