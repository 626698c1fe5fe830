//! A request to an OSD.

mod old;

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::payload::at_least;
use super::{Message, msg_type};
use crate::codec::OpaqueStruct;
use crate::msgr1::priority;
use crate::types::{
    HObject, OSD_OP_SIZE, ObjectLocator, OsdFlags, OsdOp, ReqId, SnapContext, SnapId, SpgId, split_data,
};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features};

/// The size of `blkin_trace_info`, which is always empty here.
const TRACE_SIZE: usize = 24;

/// A request to an OSD: `MOSDOp`.
///
/// Its `features` on the wire are those that it is encoded for. Before version 8 it has no PG, only the hash of the object: then
/// [`Self::pgid`] has that hash as its seed, to be folded by whoever knows the pool. Version 1 has not even that, but leaves it to
/// the OSD to hash the name, and is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MOSDOp {
    /// The PG, after folding, and its shard.
    pub pgid: SpgId,
    /// The client's map, by which the PG was chosen.
    pub osdmap_epoch: Epoch,
    /// What is asked for, and how.
    pub flags: OsdFlags,
    /// The request's name where it is not that of the message; else empty but for the incarnation. See
    /// [`Self::reqid_from`].
    pub reqid: ReqId,
    /// The client's incarnation.
    pub client_inc: i32,
    /// The modification time that a write gives the object.
    pub mtime: Wall,
    /// The object, or where the name is empty, a place in the PG; with the snapshot to read. Its pool is that of the PG.
    pub hobj: HObject,
    /// What to do.
    pub ops: Vec<OsdOp>,
    /// The snapshots that a write has to keep the object for.
    pub snapc: SnapContext,
    /// Counts the attempts from 0; -1 where that is not known.
    pub retry_attempt: i32,
}

/// What an OSD needs to know to queue a request: the fields that Ceph decodes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OsdOpTarget {
    /// The PG, after folding, and its shard.
    pub pgid: SpgId,
    /// The hash of the object, before folding.
    pub hash: u32,
    /// The client's map.
    pub osdmap_epoch: Epoch,
    /// What is asked for, and how.
    pub flags: OsdFlags,
    /// See [`MOSDOp::reqid`].
    pub reqid: ReqId,
}

impl OsdOpTarget {
    /// Reads the first fields of the front of an [`MOSDOp`] of that version: 7, 8, or 9 of Squid. In older ones they do not stand
    /// first.
    ///
    /// # Errors
    ///
    /// When they are not there, or of a version that no supported release writes.
    pub fn decode(version: u16, d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        at_least::<MOSDOp>(version, 7)?;
        if version == 7 {
            return Self::decode_v7(d);
        }
        let target = Self {
            pgid: SpgId::decode(d)?,
            hash: u32::decode(d)?,
            osdmap_epoch: Epoch::decode(d)?,
            flags: OsdFlags::decode(d)?,
            reqid: ReqId::decode(d)?,
        };
        d.take(TRACE_SIZE)?;
        if version >= MOSDOp::HEAD_VERSION {
            OpaqueStruct::decode(d)?;
        }
        Ok(target)
    }
}

impl MOSDOp {
    /// The object's locator (`get_object_locator`).
    #[must_use]
    pub fn locator(&self) -> ObjectLocator {
        let object = &self.hobj;
        let nspace = object.nspace.clone();
        if object.oid.is_empty() {
            let hash = i64::from(object.hash);
            ObjectLocator { pool: object.pool, key: Bytes::new(), nspace, hash }
        } else {
            ObjectLocator { pool: object.pool, key: object.key.clone(), nspace, hash: -1 }
        }
    }

    /// The name under which the OSD remembers the request (`get_reqid`): its own where it has one, else that of the
    /// message, made of its sender and its transaction.
    #[must_use]
    pub fn reqid_from(&self, header: &crate::msgr1::MessageHeader) -> ReqId {
        let ReqId { name, tid, inc } = self.reqid;
        if name == crate::EntityName::default() && tid.0 == 0 {
            ReqId { name: header.src, tid: header.tid, inc }
        } else {
            self.reqid
        }
    }

    /// What an OSD queues by, from version 8 on.
    fn encode_target(&self, version: u16, e: &mut Encoder) {
        self.pgid.encode(e);
        self.hobj.hash.encode(e);
        self.osdmap_epoch.encode(e);
        self.flags.encode(e);
        self.reqid.encode(e);
        e.raw(&[0; TRACE_SIZE]);
        if version >= Self::HEAD_VERSION {
            // The context of an OpenTelemetry span: none.
            e.versioned(1, 1, |e| false.encode(e));
        }
    }

    /// What follows it, from version 7 on.
    fn encode_rest(&self, e: &mut Encoder) {
        self.client_inc.encode(e);
        self.mtime.encode(e);
        self.locator().encode(e);
        self.encode_object_and_ops(e);
    }

    /// From the object's name to the features.
    fn encode_object_and_ops(&self, e: &mut Encoder) {
        self.hobj.oid.encode(e);
        let count = u16::try_from(self.ops.len());
        loligo_base::never!(count.is_err(), "a request with more than 65535 ops");
        let count = count.unwrap_or(u16::MAX);
        count.encode(e);
        for op in self.ops.iter().take(usize::from(count)) {
            op.encode_head(e);
        }
        self.hobj.snap.encode(e);
        self.snapc.encode(e);
        self.retry_attempt.encode(e);
        let features: Features = e.features();
        features.encode(e);
    }
}

impl Message for MOSDOp {
    const TYPE: u16 = msg_type::OSD_OP;
    const NAME: &'static str = "MOSDOp";
    const HEAD_VERSION: u16 = 9;
    const COMPAT_VERSION: u16 = 3;
    const PRIORITY: u16 = priority::OSD_CLIENT_OP;

    /// An OSD before Squid drops version 9 without a word. Older versions than 8 are for OSDs before Luminous.
    fn versions(features: Features) -> (u16, u16) {
        let version = if features.has(Features::SERVER_SQUID) {
            Self::HEAD_VERSION
        } else if features.has(Features::RESEND_ON_SPLIT) {
            8
        } else if features.has(Features::NEW_OSDOP_ENCODING) {
            7
        } else {
            6
        };
        (version, Self::COMPAT_VERSION)
    }

    fn encode_front(&self, e: &mut Encoder) {
        match Self::versions(e.features()) {
            (..=6, _) => self.encode_v6(e),
            (7, _) => self.encode_v7(e),
            (version, _) => {
                self.encode_target(version, e);
                self.encode_rest(e);
            }
        }
    }

    fn data(&self) -> BufferList {
        self.ops.iter().flat_map(|op| op.data.pieces().iter().cloned()).collect()
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 2)?;
        if version < 7 {
            return Self::decode_v6(version, d, data);
        }
        let OsdOpTarget { pgid, hash, osdmap_epoch, flags, reqid } = OsdOpTarget::decode(version, d)?;
        let client_inc = i32::decode(d)?;
        let mtime = Wall::decode(d)?;
        let ObjectLocator { key, nspace, .. } = ObjectLocator::decode(d)?;
        let oid = Bytes::decode(d)?;
        let heads = decode_heads(d)?;
        let snap = SnapId::decode(d)?;
        let snapc = SnapContext::decode(d)?;
        let retry_attempt = i32::decode(d)?;
        let _features = Features::decode(d)?;
        let hobj = HObject::new(pgid.pgid.pool, nspace, key, oid, snap, hash);
        let ops = split_data(heads, data)?;
        Ok(Self { pgid, osdmap_epoch, flags, reqid, client_inc, mtime, hobj, ops, snapc, retry_attempt })
    }
}

fn decode_heads(d: &mut Decoder<'_>) -> Result<Vec<(OsdOp, usize)>, DecodeError> {
    let count = usize::from(u16::decode(d)?);
    let wanted = count * OSD_OP_SIZE;
    if wanted > d.left() {
        return Err(DecodeError::Truncated { wanted: wanted as u64, left: d.left() as u64 });
    }
    (0..count).map(|_| OsdOp::decode_head(d)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msgr1::MessageHeader;
    use crate::types::PgId;
    use crate::{EntityName, PoolId, Tid};

    fn listing() -> MOSDOp {
        let pool = PoolId(3);
        let object = HObject::new(pool, Bytes::new(), Bytes::new(), Bytes::new(), SnapId::HEAD, 7);
        MOSDOp { pgid: SpgId::whole(PgId::new(pool, 7)), hobj: object, ..MOSDOp::default() }
    }

    #[test]
    fn a_request_about_a_pg_is_placed_by_its_hash() {
        assert_eq!(listing().locator().hash, 7);
        let mut named = listing();
        named.hobj.oid = Bytes::from_static(b"a");
        named.hobj.key = Bytes::from_static(b"k");
        assert_eq!((named.locator().hash, named.locator().key), (-1, Bytes::from_static(b"k")));
    }

    #[test]
    fn the_messages_own_name_serves_where_the_request_has_none() {
        let header = MessageHeader { src: EntityName::client(9), tid: Tid(5), ..MessageHeader::default() };
        let mut request = listing();
        request.reqid.inc = 2;
        let own = ReqId { name: EntityName::client(9), inc: 2, tid: Tid(5) };
        assert_eq!(request.reqid_from(&header), own);
        request.reqid.tid = Tid(4);
        assert_eq!(request.reqid_from(&header), request.reqid);
    }
}
