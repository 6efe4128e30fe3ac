//! State changes that span tables, each one transaction whose conditions repeat
//! the domain's transition: of two racing requests one wins, and a kill leaves
//! all or nothing. Must not know who asks nor what is told to whom.

mod activate;
mod attach;
mod challenge;
mod come_of_age;
mod contact;
mod feed;
mod feed_held;
mod finish_follow_up;
mod freeze;
mod open;
mod oppose;
mod replace_code;
mod reverse;
mod secrets;
mod tell_waiting;

pub use activate::{Activation, ActivationRefused, ActivationStores, NewSpaceContact, activate};
pub use attach::{Attachment, attach};
pub use challenge::{begin_challenge, begin_unconfirmed, resend_challenge, reveal_challenge};
pub use come_of_age::{Majority, MajorityStores, come_of_age};
pub use contact::{AddedContact, add_contact, remove_contact, resend_contact_code};
pub use feed::{Fed, FeedLine, FeedStores, feed};
pub use finish_follow_up::finish_follow_up;
pub use freeze::{FreezeStores, freeze};
pub use open::{OpenStores, Opened, open_automatically};
pub(crate) use oppose::reduced;
pub use oppose::{
    OpposeRefused, OppositionStores, Refusal, RefusedBy, Settled, dmp_closes_at, oppose,
    settle_opposed,
};
pub use replace_code::replace_code;
pub use reverse::{Reversal, reverse};
pub use secrets::{SecretsChange, SecretsStores, change_secrets};
pub use tell_waiting::tell_waiting;
