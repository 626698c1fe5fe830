//! The answer to a request to an OSD.

use alloc::vec::Vec;

use bytes::Bytes;

use super::payload::at_least;
use super::{Message, msg_type};
use crate::types::{EVersion, ErrorCode, OSD_OP_SIZE, OsdFlags, OsdOp, PgId, RequestRedirect, split_data};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features};

/// The size of `blkin_trace_info`, which is always empty here.
const TRACE_SIZE: usize = 24;

/// The version in which a redirect is always there.
const WITH_REDIRECT: u16 = 6;

/// What came of one op of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpResult {
    /// The op as it was asked, with the data that came of it in place of its own.
    pub op: OsdOp,
    /// Whether it went well.
    pub rval: ErrorCode,
}

/// The answer to a request to an OSD: `MOSDOpReply`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MOSDOpReply {
    /// The object's name.
    pub oid: Bytes,
    /// The PG.
    pub pgid: PgId,
    /// Those of the request, with [`OsdFlags::ONDISK`] and its like as it was done.
    pub flags: OsdFlags,
    /// The result of the whole request.
    pub result: ErrorCode,
    /// The version for clients before Emperor: see `set_reply_versions`.
    pub bad_replay_version: EVersion,
    /// The OSD's map.
    pub osdmap_epoch: Epoch,
    /// What came of each op.
    pub ops: Vec<OpResult>,
    /// Which attempt is answered; -1 where that is not known.
    pub retry_attempt: i32,
    /// The version of the PG's log at which a write was done.
    pub replay_version: EVersion,
    /// The version of the object.
    pub user_version: u64,
    /// Where else to ask. An empty redirect is none.
    pub redirect: Option<RequestRedirect>,
}

impl MOSDOpReply {
    /// Puts the versions of a write in, also in the form for old clients (`set_reply_versions`).
    pub const fn set_reply_versions(&mut self, version: EVersion, user_version: u64) {
        self.replay_version = version;
        self.user_version = user_version;
        self.bad_replay_version = version;
        if user_version != 0 {
            self.bad_replay_version.version = user_version;
        }
    }
}

impl Message for MOSDOpReply {
    const TYPE: u16 = msg_type::OSD_OPREPLY;
    const NAME: &'static str = "MOSDOpReply";
    const HEAD_VERSION: u16 = 8;
    const COMPAT_VERSION: u16 = 2;

    /// Clients before Jewel want a redirect in every answer.
    fn versions(features: Features) -> (u16, u16) {
        let version =
            if features.has(Features::NEW_OSDOPREPLY_ENCODING) { Self::HEAD_VERSION } else { WITH_REDIRECT };
        (version, Self::COMPAT_VERSION)
    }

    fn encode_front(&self, e: &mut Encoder) {
        self.oid.encode(e);
        self.pgid.encode(e);
        i64::from(self.flags.0).encode(e);
        self.result.encode(e);
        self.bad_replay_version.encode(e);
        self.osdmap_epoch.encode(e);
        e.count(self.ops.len());
        for done in &self.ops {
            done.op.encode_head(e);
        }
        self.retry_attempt.encode(e);
        for done in &self.ops {
            done.rval.encode(e);
        }
        self.replay_version.encode(e);
        self.user_version.encode(e);
        let redirect = self.redirect.as_ref().filter(|redirect| !redirect.is_empty());
        if Self::versions(e.features()).0 == WITH_REDIRECT {
            redirect.unwrap_or(&RequestRedirect::default()).encode(e);
        } else {
            redirect.encode(e);
        }
        e.raw(&[0; TRACE_SIZE]);
    }

    fn data(&self) -> BufferList {
        self.ops.iter().flat_map(|done| done.op.data.pieces().iter().cloned()).collect()
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 4)?;
        let oid = Bytes::decode(d)?;
        let pgid = PgId::decode(d)?;
        // 64 bits, of which the flags take the lower half.
        let (flags, _) = <(OsdFlags, u32)>::decode(d)?;
        let result = ErrorCode::decode(d)?;
        let bad_replay_version = EVersion::decode(d)?;
        let osdmap_epoch = Epoch::decode(d)?;
        let heads = d.list(OSD_OP_SIZE + ErrorCode::MIN_SIZE, OsdOp::decode_head)?;
        let retry_attempt = i32::decode(d)?;
        let rvals = (0..heads.len()).map(|_| ErrorCode::decode(d)).collect::<Result<Vec<_>, _>>()?;
        let (replay_version, user_version) = if version >= 5 {
            <(EVersion, u64)>::decode(d)?
        } else {
            (bad_replay_version, bad_replay_version.version)
        };
        let redirect = match version {
            ..WITH_REDIRECT => None,
            WITH_REDIRECT => RequestRedirect::decode(d).map(Some)?,
            _ => Option::decode(d)?,
        };
        if version >= 8 {
            d.take(TRACE_SIZE)?;
        }
        let done = split_data(heads, data)?.into_iter().zip(rvals);
        Ok(Self {
            oid,
            pgid,
            flags,
            result,
            bad_replay_version,
            osdmap_epoch,
            ops: done.map(|(op, rval)| OpResult { op, rval }).collect(),
            retry_attempt,
            replay_version,
            user_version,
            redirect: redirect.filter(|redirect| !redirect.is_empty()),
        })
    }
}
