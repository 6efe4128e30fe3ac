//! What the jobs share: the events they take, the time they work as of, their
//! log line. Must not know any job, any rule of a space, any AWS type.

mod event;
mod run;

pub use event::{JobEvent, QueueMessage, Scheduled};
pub use run::{JobContext, JobError, JobOutcome, JobSettings, start};
