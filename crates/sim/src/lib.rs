//! A client and the small cluster in one deterministic world of virtual time and faults.
//!
//! The second driver of endpoints, pools and pipes, beside `msgr::Node`: the same client, the same monitor, the same OSDs,
//! on a network of this crate's own, where one seed decides when each byte arrives, which mailbox moves next, and what goes
//! wrong. Every seed draws its own world: how many hosts and pools, what the clients do, how often which fault comes.
//! First things go wrong (safety), then everything is put right (heal), and then all must come to an end.
//!
//! What must hold stands in [`Violation`]: each op ends once; each write is executed at most once, and exactly once where
//! it was acknowledged; writes on an object are done in the order in which their client asked; each request goes where
//! the map of its epoch sends it; reads give what was there; nothing hangs once faults stop; what was taken of budgets
//! and throttles is given back.
//!
//! ```
//! let report = loligo_sim::run(1, None, None);
//! assert!(report.violations.is_empty(), "{report}");
//! // The same seed, the same world, byte for byte.
//! assert_eq!(report.hash, loligo_sim::run(1, None, None).hash);
//! ```
//!
//! A [`Canary`] breaks something on purpose: what the checkers then find shows that they look.
#![forbid(unsafe_code)]

mod check;
mod event;
mod fault;
mod history;
mod host;
mod ids;
mod line;
mod net;
mod plan;
mod report;
mod roles;
mod shared;
mod trace;
mod world;

pub use check::Violation;
pub use report::{Report, run};
pub use trace::Print;

/// Something that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// A request that is sent again has another name: the OSD does not know it for a replay.
    NewReqidOnResend,
    /// Requests get lost although their connection lives.
    LoseRequest,
    /// Reads give nothing although there is something.
    StaleRead,
}

impl Canary {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NewReqidOnResend, Self::LoseRequest, Self::StaleRead];

    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewReqidOnResend => "new-reqid-on-resend",
            Self::LoseRequest => "lose-request",
            Self::StaleRead => "stale-read",
        }
    }
}
