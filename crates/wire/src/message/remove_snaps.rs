//! Deletes snapshots that clients manage.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Message, msg_type, paxos};
use crate::types::SnapId;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder};

/// Asks the monitors to delete snapshots that their users manage, those of several pools at once: `MRemoveSnaps`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MRemoveSnaps {
    /// The version of the OSD map that the sender has.
    pub version: u64,
    /// The snapshots, by the number of their pool.
    pub snaps: BTreeMap<i32, Vec<SnapId>>,
}

impl Message for MRemoveSnaps {
    const TYPE: u16 = msg_type::REMOVE_SNAPS;
    const NAME: &'static str = "MRemoveSnaps";
    const COMPAT_VERSION: u16 = 0;

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.snaps.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { version: paxos::decode(d)?, snaps: BTreeMap::decode(d)? })
    }
}
