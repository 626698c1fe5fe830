//! Requests to an OSD in the forms before version 8, in which the object's hash is the seed of the PG and no more.

use bytes::Bytes;
use loligo_base::Wall;

use super::{MOSDOp, OsdOpTarget, decode_heads};
use crate::types::{
    EVersion, HObject, ObjectLocator, OsdFlags, PgId, ReqId, SnapContext, SnapId, SpgId, split_data,
};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, EntityName, Epoch, Features, PoolId};

impl MOSDOp {
    /// The PG before folding (`get_raw_pg`).
    const fn raw_pg(&self) -> PgId {
        PgId { pool: self.pgid.pgid.pool, seed: self.hobj.hash }
    }

    /// Version 7, for a peer without `RESEND_ON_SPLIT`: what an OSD queues by stands first, as in version 8.
    pub(super) fn encode_v7(&self, e: &mut Encoder) {
        self.raw_pg().encode(e);
        self.osdmap_epoch.encode(e);
        self.flags.encode(e);
        EVersion::default().encode(e);
        self.reqid.encode(e);
        self.encode_rest(e);
    }

    /// Version 6, for a peer without `NEW_OSDOP_ENCODING`.
    pub(super) fn encode_v6(&self, e: &mut Encoder) {
        self.client_inc.encode(e);
        self.osdmap_epoch.encode(e);
        self.flags.encode(e);
        self.mtime.encode(e);
        EVersion::default().encode(e);
        self.locator().encode(e);
        self.raw_pg().encode(e);
        self.encode_object_and_ops(e);
        // Older peers take the incarnation from the field above.
        if self.has_reqid() { self.reqid } else { ReqId::default() }.encode(e);
    }

    fn has_reqid(&self) -> bool {
        self.reqid.name != EntityName::default() || self.reqid.tid.0 != 0
    }

    /// Versions 2 to 6. Each but 3 added a field at the end; 3 made the PG wider.
    pub(super) fn decode_v6(
        version: u16,
        d: &mut Decoder<'_>,
        data: BufferList,
    ) -> Result<Self, DecodeError> {
        let client_inc = i32::decode(d)?;
        let osdmap_epoch = Epoch::decode(d)?;
        let flags = OsdFlags::decode(d)?;
        let mtime = Wall::decode(d)?;
        let _reassert_version = EVersion::decode(d)?;
        let ObjectLocator { key, nspace, .. } = ObjectLocator::decode(d)?;
        let pgid = if version < 3 { old_pg(d)? } else { PgId::decode(d)? };
        let oid = Bytes::decode(d)?;
        let heads = decode_heads(d)?;
        let snap = SnapId::decode(d)?;
        let snapc = SnapContext::decode(d)?;
        let retry_attempt = if version >= 4 { i32::decode(d)? } else { -1 };
        let _features = if version >= 5 { Features::decode(d)? } else { Features::NONE };
        let reqid = if version >= 6 { ReqId::decode(d)? } else { ReqId::default() };

        let hobj = HObject::new(pgid.pool, nspace, key, oid, snap, pgid.seed);
        let (pgid, ops) = (SpgId::whole(pgid), split_data(heads, data)?);
        let mut request =
            Self { pgid, osdmap_epoch, flags, reqid, client_inc, mtime, hobj, ops, snapc, retry_attempt };
        if !request.has_reqid() {
            request.reqid.inc = client_inc;
        }
        Ok(request)
    }
}

impl OsdOpTarget {
    /// The first fields of version 7.
    pub(super) fn decode_v7(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let pgid = PgId::decode(d)?;
        let osdmap_epoch = Epoch::decode(d)?;
        let flags = OsdFlags::decode(d)?;
        let _reassert_version = EVersion::decode(d)?;
        let reqid = ReqId::decode(d)?;
        Ok(Self { pgid: SpgId::whole(pgid), hash: pgid.seed, osdmap_epoch, flags, reqid })
    }
}

/// `ceph_pg`, which has room for 16 bits of the seed.
fn old_pg(d: &mut Decoder<'_>) -> Result<PgId, DecodeError> {
    let _preferred = u16::decode(d)?;
    let (seed, pool) = <(u16, u32)>::decode(d)?;
    Ok(PgId { pool: PoolId(pool.into()), seed: seed.into() })
}
