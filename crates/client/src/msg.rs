//! Messages on their way in and out: the only place that looks at a message's type.

use alloc::sync::Arc;

use loligo_monclient::{FromMon, ToMon};
use loligo_msgr_proto::{Envelope, Outgoing, PeerError, Posted};
use loligo_wire::message::{
    MAuthReply, MConfig, MGetPoolStatsReply, MMonCommandAck, MMonGetVersionReply, MMonMap, MMonSubscribeAck,
    MOSDBackoff, MOSDMap, MOSDOp, MOSDOpReply, MStatfsReply, Message, Payload, msg_type,
};
use loligo_wire::monmap::MonMap;
use loligo_wire::types::{OpArgs, OpCode, OsdOp};
use loligo_wire::{Decode, Features, Tid};

/// A message that a client understands.
#[derive(Debug)]
pub enum ClientMsg {
    /// For the monitor client.
    Mon(FromMon),
    /// New maps, of a monitor or an OSD, not decoded: which of them are new is known when they are looked at.
    OsdMap(MOSDMap),
    /// The result of an op.
    OsdOpReply(MOSDOpReply),
    /// An OSD asks to hold back, or no longer.
    OsdBackoff(MOSDBackoff),
    /// A sign of life.
    Ping,
    /// Something that no client asks for.
    Unknown {
        /// Its type.
        message_type: u16,
    },
}

impl ClientMsg {
    /// What it is, for a log: what is in it may be secret.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Mon(_) => "a monitor's",
            Self::OsdMap(_) => "maps",
            Self::OsdOpReply(_) => "the result of an op",
            Self::OsdBackoff(_) => "a back-off",
            Self::Ping => "a ping",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// When it is not what its type says.
    pub(crate) fn decode(envelope: Envelope) -> Result<Self, PeerError> {
        Ok(match envelope.header.message_type {
            msg_type::AUTH_REPLY => Self::Mon(FromMon::AuthReply(envelope.decode::<MAuthReply>()?)),
            msg_type::MON_MAP => Self::Mon(FromMon::MonMap(Arc::new(decode_monmap(envelope)?))),
            msg_type::MON_SUBSCRIBE_ACK => {
                Self::Mon(FromMon::SubscribeAck(envelope.decode::<MMonSubscribeAck>()?))
            }
            msg_type::MON_GET_VERSION_REPLY => {
                Self::Mon(FromMon::GetVersionReply(envelope.decode::<MMonGetVersionReply>()?))
            }
            msg_type::MON_COMMAND_ACK => Self::Mon(FromMon::CommandAck(envelope.decode::<MMonCommandAck>()?)),
            msg_type::STATFS_REPLY => Self::Mon(FromMon::StatfsReply(envelope.decode::<MStatfsReply>()?)),
            msg_type::GETPOOLSTATSREPLY => {
                Self::Mon(FromMon::GetPoolStatsReply(envelope.decode::<MGetPoolStatsReply>()?))
            }
            msg_type::CONFIG => Self::Mon(FromMon::Config(envelope.decode::<MConfig>()?)),
            msg_type::OSD_MAP => Self::OsdMap(envelope.decode::<MOSDMap>()?),
            msg_type::OSD_OPREPLY => Self::OsdOpReply(envelope.decode::<MOSDOpReply>()?),
            msg_type::OSD_BACKOFF => Self::OsdBackoff(envelope.decode::<MOSDBackoff>()?),
            msg_type::PING => Self::Ping,
            message_type => Self::Unknown { message_type },
        })
    }
}

fn decode_monmap(envelope: Envelope) -> Result<MonMap, PeerError> {
    let message_type = envelope.header.message_type;
    let message = envelope.decode::<MMonMap>()?;
    MonMap::decode_all(&message.monmap).map_err(|source| PeerError { message_type, source })
}

/// An op that is shared with its row in the Objecter, which may send it again.
#[derive(Debug)]
pub(crate) struct SharedOp {
    pub(crate) tid: Tid,
    pub(crate) message: Arc<MOSDOp>,
}

impl Outgoing for SharedOp {
    fn message_type(&self) -> u16 {
        MOSDOp::TYPE
    }

    fn tid(&self) -> Tid {
        self.tid
    }

    fn priority(&self) -> u16 {
        MOSDOp::PRIORITY
    }

    fn encode(&self, features: Features) -> Payload {
        Message::encode(&*self.message, features)
    }

    fn reply_len(&self) -> usize {
        let length = |op: &OsdOp| match (op.code, &op.args) {
            (OpCode::READ, OpArgs::Extent { length, .. }) => usize::try_from(*length).unwrap_or(usize::MAX),
            _ => 0,
        };
        self.message.ops.iter().map(length).fold(0, usize::saturating_add)
    }
}

/// A message to a monitor, ready for the messenger.
pub(crate) fn to_mon(tid: Tid, message: ToMon) -> alloc::boxed::Box<dyn Outgoing> {
    use alloc::boxed::Box;
    match message {
        ToMon::Auth(message) => Box::new(Posted { tid, message }),
        ToMon::Subscribe(message) => Box::new(Posted { tid, message }),
        ToMon::GetVersion(message) => Box::new(Posted { tid, message }),
        ToMon::Command(message) => Box::new(Posted { tid, message }),
        ToMon::Statfs(message) => Box::new(Posted { tid, message }),
        ToMon::GetPoolStats(message) => Box::new(Posted { tid, message }),
    }
}
