//! The one way by which an act on a space is written: what it changes, the trace it
//! leaves and the check that the space is as it was when the act was decided, in one
//! transaction. No trace, no act. Must not know what was decided, nor what the changes
//! are.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::SealingKey;
use espace_domain::decision::Chain;
use espace_domain::{Random, SpaceState};
use jiff::Timestamp;

use crate::traces::{TraceDraft, Traces};
use crate::transaction::{Attempted, Transaction};
use crate::{Aws, Environment, FollowUps, Repetitions, Space, Spaces, StorageError};

/// Tries of an act whose chain grows under it: many may act on one space at once.
const RACES_MAX: u32 = 60;
/// The part that the same act, traced at the same moment, refuses.
const MARK: &str = "mark";
/// The parts that a chain growing meanwhile refuses.
const GROWS: [&str; 2] = ["space", "trace"];
/// The longest first wait between two tries; doubled each time up to the longest.
const FIRST_WAIT_MS: u64 = 8;
/// The longest wait between two tries.
const LONGEST_WAIT_MS: u64 = 250;

/// The stores through which acts are written.
#[derive(Debug, Clone)]
pub struct Acts {
    spaces: Spaces,
    traces: Traces,
    repetitions: Repetitions,
    /// Only what does acts that concern someone else is given it.
    follow_ups: Option<FollowUps>,
}

/// One write that an act makes, with the name by which it is refused.
#[derive(Debug, Clone)]
pub struct Change {
    name: &'static str,
    part: TransactWriteItem,
}

/// An act to be written.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The space as it was read for the decision.
    pub space: &'a Space,
    /// Its trace, and the space's trace key; none where the same caller's same act was
    /// traced moments ago.
    pub trace: Option<(&'a TraceDraft, &'a SealingKey)>,
    /// What it changes.
    pub changes: &'a [Change],
    /// Whether acts decided before it must stop: what it takes away, they may rest on.
    pub raises_epoch: bool,
    /// What the space becomes by it, where it leaves a trace; acts decided before it stop.
    pub becomes: Option<&'a SpaceState>,
    /// Whether someone is to be told of it, or to look at it, where it leaves a trace.
    pub is_followed_up: bool,
}

/// What became of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is written, with its trace, whose number this is; 0 without one.
    Yes(u64),
    /// The space or its consents changed since they were read: nothing is written.
    Outdated,
    /// What it changes was changed since it was read: nothing is written.
    Refused,
    /// The same act by the same caller was traced at the same moment: nothing is written.
    Repeated,
}

impl Change {
    pub(crate) fn new(name: &'static str, part: TransactWriteItem) -> Self {
        Self { name, part }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn part(&self) -> &TransactWriteItem {
        &self.part
    }
}

impl Acts {
    /// Uses the tables of `ESPACE_SPACES_TABLE`, `ESPACE_TRACES_TABLE` and
    /// `ESPACE_THROTTLES_TABLE`; where acts are followed up, of `ESPACE_FOLLOW_UPS_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        let is_given = environment.optional("ESPACE_FOLLOW_UPS_TABLE").is_some();
        Self {
            follow_ups: is_given.then(|| FollowUps::new(aws, environment)),
            spaces: Spaces::new(aws, environment),
            traces: Traces::new(aws, environment),
            repetitions: Repetitions::new(aws, environment),
        }
    }

    /// The marks of repeated acts.
    pub fn repetitions(&self) -> &Repetitions {
        &self.repetitions
    }

    /// The traces.
    pub fn traces(&self) -> &Traces {
        &self.traces
    }

    /// The spaces.
    pub fn spaces(&self) -> &Spaces {
        &self.spaces
    }

    /// Writes an act. Where only the chain has grown since the space was read, it is
    /// put after what grew, a bounded number of times.
    pub async fn record(
        &self,
        act: Act<'_>,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Recorded, StorageError> {
        let mut space = act.space.clone();
        for attempt in 0..RACES_MAX {
            let (transaction, sequence) = self.transaction(&act, &space, random, now)?;
            match transaction.attempt(self.spaces.client()).await? {
                Attempted::Yes => return Ok(Recorded::Yes(sequence)),
                Attempted::Refused(names) if names.contains(&MARK) => {
                    return Ok(Recorded::Repeated);
                }
                Attempted::Refused(names) if names.iter().any(|name| !GROWS.contains(name)) => {
                    return Ok(Recorded::Refused);
                }
                Attempted::Refused(_) | Attempted::Conflict => {}
            }
            wait(attempt, random).await;
            let Some(again) = self.spaces.find(&space.space_id).await? else {
                return Ok(Recorded::Outdated);
            };
            if again.epoch != space.epoch || again.state.name() != space.state.name() {
                return Ok(Recorded::Outdated);
            }
            space = again;
        }
        Err(StorageError::Contended { what: "the traces of a space" })
    }

    /// The transaction of an act after what its chain holds now, and the number of its
    /// trace.
    fn transaction(
        &self,
        act: &Act<'_>,
        space: &Space,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<(Transaction, u64), StorageError> {
        let mut transaction = Transaction::default();
        let mut sequence = 0;
        match act.trace {
            Some((draft, key)) => {
                let chain: Chain = draft.chain;
                let before = space.heads().of(chain);
                let content = draft.content.as_bytes();
                let next = before.extended(space.space_id.as_str(), chain.name(), content);
                sequence = next.sequence;
                let extended = self.spaces.extend_in_transaction(
                    space,
                    (chain, &next),
                    act.raises_epoch,
                    act.becomes,
                )?;
                transaction = transaction.with("space", extended);
                let part = self.traces.put(space, draft, (&before, &next), key, random)?;
                transaction = transaction.with("trace", part);
                if let Some(repetition) = &draft.repetition {
                    let mark = self.repetitions.mark_in_transaction(repetition, now)?;
                    transaction = transaction.with(MARK, mark);
                }
                if act.is_followed_up {
                    let missing = StorageError::Corrupt { what: "environment: follow-ups" };
                    let follow_ups = self.follow_ups.as_ref().ok_or(missing)?;
                    let at = (chain, sequence);
                    let part = follow_ups.put_in_transaction(&space.space_id, at, now, random)?;
                    transaction = transaction.with("followUp", part);
                }
            }
            None if act.becomes.is_some() => {
                return Err(StorageError::Corrupt { what: "a state changed without a trace" });
            }
            None if act.raises_epoch => {
                let raised = self.spaces.raise_epoch_in_transaction(space)?;
                transaction = transaction.with("space", raised);
            }
            None => {
                let unchanged = self.spaces.check_unchanged_in_transaction(space)?;
                transaction = transaction.with("space", unchanged);
            }
        }
        for change in act.changes {
            transaction = transaction.with(change.name, change.part.clone());
        }
        Ok((transaction, sequence))
    }
}

/// Waits a random while, longer each time: those who collided do not collide again.
async fn wait(attempt: u32, random: &dyn Random) {
    let mut bytes = [0; 2];
    random.fill(&mut bytes);
    let longest = (FIRST_WAIT_MS << attempt.min(8)).min(LONGEST_WAIT_MS);
    let drawn = u64::from(u16::from_be_bytes(bytes)) % (longest + 1);
    tokio::time::sleep(Duration::from_millis(drawn)).await;
}
