//! Creates or deletes a pool, or a snapshot of one.

use alloc::string::String;

use super::{Message, msg_type, paxos};
use crate::types::SnapId;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Uuid};

/// What is to be done to a pool (`POOL_OP_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PoolOpCode(pub u32);

impl PoolOpCode {
    /// Create it.
    pub const CREATE: Self = Self(0x01);
    /// Delete it.
    pub const DELETE: Self = Self(0x02);
    /// Take a snapshot.
    pub const CREATE_SNAP: Self = Self(0x11);
    /// Delete a snapshot.
    pub const DELETE_SNAP: Self = Self(0x12);
    /// Give a number for a snapshot that the client manages.
    pub const CREATE_UNMANAGED_SNAP: Self = Self(0x21);
    /// Delete such a snapshot.
    pub const DELETE_UNMANAGED_SNAP: Self = Self(0x22);
}

/// Creates or deletes a pool, or a snapshot of one: `MPoolOp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MPoolOp {
    /// The version of the OSD map that the sender has.
    pub version: u64,
    /// The cluster.
    pub fsid: Uuid,
    /// The pool.
    pub pool: u32,
    /// What to do.
    pub op: PoolOpCode,
    /// The snapshot.
    pub snapid: SnapId,
    /// The name of the pool, or of its snapshot.
    pub name: String,
    /// The CRUSH rule of a new pool; -1 is the default one.
    pub crush_rule: i16,
}

impl Message for MPoolOp {
    const TYPE: u16 = msg_type::POOLOP;
    const NAME: &'static str = "MPoolOp";
    const HEAD_VERSION: u16 = 4;
    const COMPAT_VERSION: u16 = 2;

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.fsid.encode(e);
        self.pool.encode(e);
        self.op.0.encode(e);
        // Once an owner.
        0u64.encode(e);
        self.snapid.encode(e);
        self.name.encode(e);
        // Where version 3 had the rule.
        0u8.encode(e);
        self.crush_rule.encode(e);
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        let form = version;
        let (version, fsid, pool) = (paxos::decode(d)?, Uuid::decode(d)?, u32::decode(d)?);
        let early_name = if form < 2 { Some(String::decode(d)?) } else { None };
        let op = PoolOpCode(u32::decode(d)?);
        let _owner = u64::decode(d)?;
        let snapid = SnapId::decode(d)?;
        let name = early_name.map_or_else(|| String::decode(d), Ok)?;
        let crush_rule = match form {
            ..3 => -1,
            3 => i16::from(u8::decode(d)?),
            _ => <(u8, i16)>::decode(d)?.1,
        };
        Ok(Self { version, fsid, pool, op, snapid, name, crush_rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Features;

    /// No corpus has such old ones: they are put together as `MPoolOp::decode_payload` takes them apart.
    #[test]
    fn older_versions_have_the_name_first_or_another_rule() {
        let op = MPoolOp { pool: 3, op: PoolOpCode::CREATE, name: "rbd".into(), ..MPoolOp::default() };
        let front = op.encode(Features::PACIFIC).front;
        // Before the pool: the monitors' fields and the cluster. Behind it: op, owner and snapshot.
        let (start, rest) = front.split_at(18 + 16 + 4);
        let (middle, tail) = rest.split_at(4 + 8 + 8);
        let (name, rule) = tail.split_at(4 + 3);
        let read = |version, parts: &[&[u8]]| {
            let front = parts.concat();
            MPoolOp::decode_parts(version, &mut Decoder::new(&front), BufferList::new())
        };
        let without_rule = MPoolOp { crush_rule: -1, ..op.clone() };
        assert_eq!(read(1, &[start, name, middle]), Ok(without_rule.clone()));
        assert_eq!(read(2, &[start, middle, name]), Ok(without_rule));
        assert_eq!(read(3, &[start, middle, name, &[5]]), Ok(MPoolOp { crush_rule: 5, ..op.clone() }));
        assert_eq!(read(4, &[start, middle, name, rule]), Ok(op));
    }
}
