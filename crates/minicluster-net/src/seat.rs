//! A place on a node that an endpoint can leave.

use loligo_base::{Mono, Now};
use loligo_msgr::proto::{Endpoint, Envelope, Input, Output, PeerError};

/// An endpoint that can be taken back from its node. Afterwards the node hears and says nothing, as a process that was
/// killed.
#[derive(Debug)]
pub(crate) struct Seat<E>(Option<E>);

impl<E> Seat<E> {
    pub(crate) const fn new(endpoint: E) -> Self {
        Self(Some(endpoint))
    }

    /// Takes the endpoint back, once.
    pub(crate) const fn take(&mut self) -> Option<E> {
        self.0.take()
    }
}

impl<E: Endpoint> Endpoint for Seat<E> {
    type Msg = E::Msg;
    type Call = E::Call;
    type Done = E::Done;

    fn decode(envelope: Envelope) -> Result<E::Msg, PeerError> {
        E::decode(envelope)
    }

    fn handle(&mut self, now: Now, input: Input<E::Msg, E::Call>) {
        if let Some(endpoint) = &mut self.0 {
            endpoint.handle(now, input);
        }
    }

    fn poll(&mut self) -> Option<Output<E::Done>> {
        self.0.as_mut()?.poll()
    }

    fn next_timeout(&self) -> Option<Mono> {
        self.0.as_ref()?.next_timeout()
    }
}
