//! The other side: monitors that let clients in, and services that look at what clients show them. For clusters of
//! our own and for tests; a client needs none of it.

mod authorize;
mod cephx;
mod keys;
mod login;
mod tickets;

pub use authorize::{Accepted, AuthorizeHandler, Verdict};
pub use keys::{EntityAuth, KeyServer, KeyServerOptions, ServiceKeys};
pub use login::{LoggedInClient, LoginAnswer, LoginHandler};
