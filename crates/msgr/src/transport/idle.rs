//! An endpoint for tests of transports.

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{Endpoint, Envelope, Input, Output, PeerError};

/// Wants nothing and says nothing.
pub(super) struct Idle;

impl Endpoint for Idle {
    type Msg = ();
    type Call = ();
    type Done = ();

    fn decode(_envelope: Envelope) -> Result<(), PeerError> {
        Ok(())
    }

    fn handle(&mut self, _now: Now, _input: Input<(), ()>) {}

    fn poll(&mut self) -> Option<Output<()>> {
        None
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}
