//! What the pipe sees of the protocol that it speaks.

use alloc::boxed::Box;
use alloc::sync::Arc;

use bytes::Bytes;
use loligo_base::Now;
use loligo_wire::{DecodeError, Decoder};

use crate::config::Config;
use crate::pipe::{Answer, Arrived, Ask, Chores, Gather, Spares, Stage, Writer};
use crate::policy::Policy;
use crate::session::Session;
use crate::throttle::{Taken, Throttle};
use crate::v1::V1;
use crate::v2::V2;
use crate::{Fault, Outgoing, Peer};

/// The method of authentication of which peers need a challenge, and whose first version is refused (`CEPH_AUTH_CEPHX`,
/// `cephx_require_version`).
pub(crate) const CEPHX: u32 = 2;

/// What a step works with: all that belongs to the pipe and not to the protocol.
pub(crate) struct Cx<'a> {
    pub(crate) config: &'a Config,
    pub(crate) policy: &'a mut Policy,
    pub(crate) session: &'a mut Session,
    /// The peer may believe from now on that the session is open.
    pub(crate) said_open: &'a mut bool,
    /// Who was at the other end when the session was opened last.
    pub(crate) peer: &'a Option<Peer>,
    pub(crate) stage: &'a mut Stage,
    pub(crate) spares: &'a mut Spares,
    pub(crate) writer: &'a mut Writer,
    pub(crate) chores: &'a mut Chores,
    pub(crate) now: Now,
}

/// What came of a step; `O` is what a greeting comes to.
#[derive(Debug)]
pub(crate) enum Step<O = Peer> {
    /// The stage holds too little to go on.
    NeedBytes,
    /// There may be more to do.
    Again,
    /// The handshake waits for an answer.
    Ask(Ask),
    /// The greeting is over.
    Opened(O),
    /// A message.
    Message(Arrived),
    /// A throttle is full: come back a little later.
    Throttled,
    /// The peer has forgotten the session: so are we to, and go on.
    SessionReset {
        /// A random number that nobody else knows.
        random: u64,
    },
}

impl<O> Step<O> {
    /// The same, with something else made of what a greeting came to.
    pub(crate) fn opened<P>(self, open: impl FnOnce(O) -> Result<P, Fault>) -> Result<Step<P>, Fault> {
        Ok(match self {
            Self::Opened(opened) => Step::Opened(open(opened)?),
            Self::NeedBytes => Step::NeedBytes,
            Self::Again => Step::Again,
            Self::Ask(ask) => Step::Ask(ask),
            Self::Message(arrived) => Step::Message(arrived),
            Self::Throttled => Step::Throttled,
            Self::SessionReset { random } => Step::SessionReset { random },
        })
    }
}

/// The protocol of a pipe. The session, which lives beside it, knows nothing of frames.
#[derive(Debug)]
pub(crate) enum Protocol {
    /// Messenger v1.
    V1(Box<V1>),
    /// Messenger v2.
    V2(Box<V2>),
    /// Over.
    Closed,
}

impl Protocol {
    /// The socket is there: says the first words.
    pub(crate) fn start(&mut self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        match self {
            Self::V1(v1) => v1.start(cx),
            Self::V2(v2) => return v2.start(cx),
            Self::Closed => {}
        }
        Ok(())
    }

    /// Goes on with what the stage holds.
    pub(crate) fn step(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        match self {
            Self::V1(v1) => v1.step(cx),
            Self::V2(v2) => v2.step(cx),
            Self::Closed => Ok(Step::NeedBytes),
        }
    }

    /// Goes on with an answer.
    pub(crate) fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) -> Result<Step, Fault> {
        match self {
            Self::V1(v1) => v1.answer(cx, answer),
            Self::V2(v2) => v2.answer(cx, answer),
            Self::Closed => Ok(Step::Again),
        }
    }

    /// The bulk that is being read, if any.
    pub(crate) fn gather(&mut self) -> Option<&mut Gather> {
        match self {
            Self::V1(v1) => v1.gather(),
            Self::V2(v2) => v2.gather(),
            Self::Closed => None,
        }
    }

    /// The number of the message that is being read, once it has taken of the throttles.
    pub(crate) fn reading(&self) -> Option<u64> {
        match self {
            Self::V1(v1) => v1.reading(),
            Self::V2(v2) => v2.reading(),
            Self::Closed => None,
        }
    }

    /// Writes a message with its number, if the pipe is open.
    pub(crate) fn write(&mut self, cx: &mut Cx<'_>, seq: u64, msg: &dyn Outgoing) -> Result<(), Fault> {
        match self {
            Self::V1(v1) => v1.write(cx, seq, msg),
            Self::V2(v2) => return v2.write(cx, seq, msg),
            Self::Closed => {}
        }
        Ok(())
    }

    /// Writes the acknowledgement of what has come, if it is still to be said.
    pub(crate) fn write_ack(&mut self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        match self {
            Self::V1(v1) => v1.write_ack(cx),
            Self::V2(v2) => return v2.write_ack(cx),
            Self::Closed => {}
        }
        Ok(())
    }

    /// Writes what there is to say beside messages, and before them.
    pub(crate) fn write_chores(&mut self, cx: &mut Cx<'_>) -> Result<(), Fault> {
        match self {
            Self::V1(v1) => v1.write_chores(cx),
            Self::V2(v2) => return v2.write_chores(cx),
            Self::Closed => {}
        }
        Ok(())
    }

    /// Whether messages go both ways.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::V1(v1) => v1.is_open(),
            Self::V2(v2) => v2.is_open(),
            Self::Closed => false,
        }
    }

    /// What it waits for, in words.
    pub(crate) fn waits_for(&self) -> &'static str {
        match self {
            Self::V1(v1) => v1.waits_for(),
            Self::V2(v2) => v2.waits_for(),
            Self::Closed => "nothing",
        }
    }
}

/// Reads a structure of the greeting.
pub(crate) fn parse<T>(
    bytes: &[u8],
    read: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<T, Fault> {
    read(&mut Decoder::new(bytes)).map_err(Fault::Malformed)
}

/// Why the first bytes are not those of this protocol: are they those of the other one?
pub(crate) fn not_this(stage: &Stage, other: &[u8], version: u8) -> Fault {
    let is_other = stage.len() >= other.len() && stage.starts_like(other);
    if is_other { Fault::OtherProtocol { version } } else { Fault::NotCeph }
}

/// The bytes of a finished gather, in one piece.
pub(crate) fn whole(gather: Gather) -> Bytes {
    gather.finish().0.to_contiguous()
}

/// Checks a checksum.
pub(crate) fn same(what: &'static str, computed: u32, found: u32) -> Result<(), Fault> {
    if computed == found { Ok(()) } else { Err(Fault::Checksum { what }) }
}

/// Checks what a peer announces.
pub(crate) fn within(what: &'static str, size: u32, limit: u32) -> Result<(), Fault> {
    if size <= limit {
        return Ok(());
    }
    Err(Fault::TooLarge { what, size: u64::from(size), limit: u64::from(limit) })
}

/// Takes of a throttle what was not taken yet; says whether it is taken now.
pub(crate) fn pass(held: &mut Option<Taken>, throttle: Option<&Arc<Throttle>>, amount: u64) -> bool {
    match throttle {
        Some(throttle) if held.is_none() && amount > 0 => {
            *held = throttle.take(amount);
            held.is_some()
        }
        _ => true,
    }
}
