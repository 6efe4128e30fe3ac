//! The one way to a space.
//!
//! For: every route that is about a space. It finds out who asks and what is true (one
//! read), asks the one decision, tells refusals apart for those who may know, and writes
//! what is done together with its trace (one transaction). The keys of a space are given
//! to the bearer of a [`Permit`] alone, and only a decision makes one. Must not know: any route, what an act changes,
//! any AWS type.

mod guard;
mod refused;
mod trace;
mod visit;

pub use guard::{Done, Guard, Permit};
pub use refused::problem_of;
pub use visit::{Delegate, Opened, Visit};
