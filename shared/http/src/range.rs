//! Ranges of a content (RFC 9110 section 14): one range of bytes, or the whole.
//!
//! Must not know: where the bytes lie.

/// What part of a content is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// From the first byte to one past the last.
    Part(u64, u64),
    /// Nothing of it lies there.
    Unsatisfiable,
}

/// Reads a `Range` header for a content of `size` bytes. What is not one range of bytes is
/// ignored, as the RFC allows.
pub(crate) fn wanted(range: Option<&str>, size: u64) -> Wanted {
    let Some(set) = range.and_then(|range| range.trim().split_once('=')) else {
        return Wanted::Whole;
    };
    let (unit, set) = set;
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Wanted::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else {
        return Wanted::Whole;
    };
    let number = |text: &str| -> Option<Option<u64>> {
        let text = text.trim();
        if text.is_empty() {
            return Some(None);
        }
        // Beyond what a number holds is beyond the end.
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Some(text.parse().unwrap_or(u64::MAX)))
    };
    match (number(first), number(last)) {
        (Some(Some(first)), Some(last)) => {
            let last = last.unwrap_or(u64::MAX);
            if last < first {
                Wanted::Whole
            } else if first >= size {
                Wanted::Unsatisfiable
            } else {
                Wanted::Part(first, last.saturating_add(1).min(size))
            }
        }
        (Some(None), Some(Some(suffix))) => {
            if suffix == 0 || size == 0 {
                Wanted::Unsatisfiable
            } else {
                Wanted::Part(size.saturating_sub(suffix), size)
            }
        }
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_taken_and_anything_else_ignored() {
        let of = |range| wanted(Some(range), 100);
        assert_eq!(wanted(None, 100), Wanted::Whole);
        assert_eq!(of("bytes=0-9"), Wanted::Part(0, 10));
        assert_eq!(of("Bytes = 10-"), Wanted::Part(10, 100));
        assert_eq!(of("bytes=-30"), Wanted::Part(70, 100));
        assert_eq!(of("bytes=-300"), Wanted::Part(0, 100));
        assert_eq!(of("bytes=90-99999999999999999999"), Wanted::Part(90, 100));
        for ignored in ["bytes=5-4", "bytes=a-b", "bytes=1-2,4-5", "items=0-1", "bytes", "bytes=-"]
        {
            assert_eq!(of(ignored), Wanted::Whole, "{ignored}");
        }
        for beyond in ["bytes=100-", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(of(beyond), Wanted::Unsatisfiable, "{beyond}");
        }
    }
}
