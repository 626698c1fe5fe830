//! Messenger v2, revision 2.1 (Ceph 18.2, `msg/async/ProtocolV2.cc`, and `doc/dev/msgr2.rst`): banners, then frames. Both ends
//! say what they are, authenticate, sign what was said, and open a session; from then on there are messages.

mod banner;
mod client;
mod compress;
mod frames;
mod open;
mod server;
mod write;

use loligo_auth::{SessionKey, Side};
use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityType};
use loligo_wire::msgr2::{AckFrame, AuthSignatureFrame, ControlFrame};

use bytes::Bytes;

use crate::pipe::{Answer, Gather};
use crate::protocol::{CEPHX, Cx};
use crate::{Fault, Outgoing, Peer};
use frames::Frames;
use open::Open;

/// What came of a step of the greeting.
type Step = crate::protocol::Step<Peer>;

/// Where the protocol stands.
#[derive(Debug)]
pub(crate) struct V2 {
    frames: Frames,
    role: Role,
}

/// Each state of the parts is named for what it waits for.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is what a connection is for almost all of its life"
)]
enum Role {
    /// We called and greet.
    Client(client::Client),
    /// A peer called and is greeted.
    Server(server::Server),
    /// Messages go both ways.
    Open(Open),
}

impl V2 {
    /// For a call to a peer of that type at that address.
    pub(crate) const fn client(peer_type: EntityType, target: EntityAddr) -> Self {
        Self { frames: Frames::new(Side::Client), role: Role::Client(client::Client::new(peer_type, target)) }
    }

    /// For a call that came from `seen`, to a messenger at `my_addrs`.
    pub(crate) fn server(my_addrs: EntityAddrVec, seen: EntityAddr) -> Self {
        Self { frames: Frames::new(Side::Server), role: Role::Server(server::Server::new(my_addrs, seen)) }
    }

    /// The socket is there: says the first words.
    pub(crate) fn start(&mut self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        banner::put(&mut self.frames, cx)
    }

    /// Goes on with what the stage holds.
    pub(crate) fn step(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let step = match &mut self.role {
            Role::Client(client) => client.step(&mut self.frames, cx),
            Role::Server(server) => server.step(&mut self.frames, cx),
            // Messages come by here: they take no detour.
            Role::Open(open) => return open.step(&mut self.frames, cx),
        };
        Ok(self.opened(step?))
    }

    /// Goes on with an answer.
    pub(crate) fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) -> Result<Step, Fault> {
        let step = match &mut self.role {
            Role::Client(client) => client.answer(&mut self.frames, cx, answer),
            Role::Server(server) => server.answer(&mut self.frames, cx, answer),
            Role::Open(_) => Ok(Step::Again),
        };
        Ok(self.opened(step?))
    }

    /// From the greeting to messages.
    fn opened(&mut self, step: Step) -> Step {
        if let Step::Opened(peer) = &step {
            self.role = Role::Open(Open::new(peer));
        }
        step
    }

    /// The bulk that is being read, if any.
    pub(crate) fn gather(&mut self) -> Option<&mut Gather> {
        match &mut self.role {
            Role::Open(open) => open.gather().or(self.frames.gather()),
            Role::Client(_) | Role::Server(_) => self.frames.gather(),
        }
    }

    /// The number of the message that is being read, once it has taken of the throttles.
    pub(crate) fn reading(&self) -> Option<u64> {
        match &self.role {
            Role::Open(open) => open.reading(),
            Role::Client(_) | Role::Server(_) => None,
        }
    }

    /// Writes a message, if the pipe is open.
    pub(crate) fn write(&mut self, cx: &mut Cx<'_>, seq: u64, msg: &dyn Outgoing) -> Result<(), Fault> {
        match &mut self.role {
            Role::Open(open) => open.write(&mut self.frames, cx, seq, msg),
            Role::Client(_) | Role::Server(_) => Ok(()),
        }
    }

    /// Writes what there is to say beside messages.
    pub(crate) fn write_chores(&mut self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        match &self.role {
            Role::Open(_) => write::chores(&mut self.frames, cx),
            Role::Client(_) | Role::Server(_) => Ok(()),
        }
    }

    /// Writes the acknowledgement of what has come.
    pub(crate) fn write_ack(&mut self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        match (&self.role, cx.chores.ack.take()) {
            (Role::Open(_), Some(seq)) => self.frames.put_control(cx, &AckFrame { seq }),
            _ => Ok(()),
        }
    }

    /// Whether messages go both ways.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.role, Role::Open(_))
    }

    /// What it waits for, in words.
    pub(crate) const fn waits_for(&self) -> &'static str {
        match &self.role {
            Role::Client(client) => client.waits_for(),
            Role::Server(server) => server.waits_for(),
            Role::Open(open) => open.waits_for(),
        }
    }
}

/// Reads the segment of a control frame.
fn read<F: ControlFrame>(segment: &Bytes) -> Result<F, Fault> {
    F::from_segment(segment).map_err(Fault::Malformed)
}

/// What the peer's signature must be.
#[derive(Debug)]
struct Expected {
    key: Option<SessionKey>,
    /// What was sent.
    transcript: alloc::vec::Vec<u8>,
}

impl Expected {
    /// Checks the peer's signature over all that it received.
    fn check(&self, segment: &Bytes) -> Result<(), Fault> {
        let signature = read::<AuthSignatureFrame>(segment)?.signature;
        let is_right = match &self.key {
            Some(key) => key.check_transcript(&self.transcript, &signature).is_ok(),
            None => signature == [0; 32],
        };
        if is_right { Ok(()) } else { Err(Fault::Signature) }
    }
}

/// A number of v2 as a session of both protocols keeps it.
fn small(seq: u64) -> u32 {
    u32::try_from(seq).unwrap_or(u32::MAX)
}
