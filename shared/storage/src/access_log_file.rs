//! The file of a chain of traces, line by line, as it is downloaded, taken away and verified
//! (`docs/access-log.md`). Must not know who reads it.

use espace_domain::SpaceId;
use espace_domain::decision::Chain;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::StoredTrace;

/// The format of the file.
const FORMAT: &str = "espace-access-log/1";

/// A part of a chain's file.
#[derive(Debug, Clone, Copy)]
pub struct AccessLogFile<'a> {
    /// Of which space.
    pub space_id: &'a SpaceId,
    /// Which chain.
    pub chain: Chain,
    /// Which part, of how many.
    pub part: (u64, u64),
    /// When it is made.
    pub at: Timestamp,
    /// The number and hash of the last trace that is shown of the chain.
    pub head: (u64, &'a str),
}

impl AccessLogFile<'_> {
    /// Its first line.
    pub fn first_line(&self) -> Value {
        let ((part, parts), (sequence, hash)) = (self.part, self.head);
        json!({
            "format": FORMAT, "spaceId": self.space_id, "chain": self.chain, "part": part,
            "parts": parts, "createdAt": self.at,
            "head": {"sequence": sequence, "hash": hash},
        })
    }

    /// The line of a trace.
    pub fn line(trace: &StoredTrace) -> Value {
        json!({
            "sequence": trace.head.sequence, "previousHash": trace.previous.to_hex(),
            "hash": trace.head.hash.to_hex(), "content": trace.content,
        })
    }
}
