//! State changes that span tables, each one transaction whose conditions repeat
//! the domain's transition: of two racing requests one wins, and a kill leaves
//! all or nothing. Must not know who asks nor what is told to whom.

mod activate;
mod feed;
mod login;
mod open;
mod oppose;
mod replace_code;

pub use activate::{Activation, ActivationRefused, ActivationStores, NewSpaceContact, activate};
pub use feed::{Fed, FeedLine, FeedStores, feed};
pub use login::begin_login;
pub use open::{OpenStores, Opened, open_automatically};
pub use oppose::{OpposeRefused, OppositionStores, Refusal, oppose};
pub use replace_code::replace_code;
