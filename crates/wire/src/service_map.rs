//! The services that registered with the manager beside Ceph's own daemons: RGW, rbd-mirror, … (`mgr/ServiceMap.h`).

use alloc::vec::Vec;

use loligo_base::Wall;

use crate::codec::versioned_struct;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityAddr, Epoch, GlobalId, Text, TextMap};

/// One daemon of a service: `ServiceMap::Daemon`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceDaemon {
    /// Its number as a client.
    pub gid: GlobalId,
    /// Where it is.
    pub addr: EntityAddr,
    /// The epoch of this map when it registered.
    pub start_epoch: Epoch,
    /// When it registered.
    pub start_stamp: Wall,
    /// What it tells of itself once.
    pub metadata: TextMap,
    /// What it tells of its work.
    pub task_status: TextMap,
}

/// Version 1 (Nautilus) has no status of tasks.
impl Decode for ServiceDaemon {
    const MIN_SIZE: usize = 6 + 8 + EntityAddr::MIN_SIZE + 4 + 8 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("ServiceMap::Daemon", 2, |d, version| {
            Ok(Self {
                gid: GlobalId::decode(d)?,
                addr: EntityAddr::decode(d)?,
                start_epoch: Epoch::decode(d)?,
                start_stamp: Wall::decode(d)?,
                metadata: TextMap::decode(d)?,
                task_status: if version >= 2 { TextMap::decode(d)? } else { TextMap::default() },
            })
        })
    }
}

impl Encode for ServiceDaemon {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(2, 1, |e| {
            self.gid.encode(e);
            self.addr.encode(e);
            self.start_epoch.encode(e);
            self.start_stamp.encode(e);
            self.metadata.encode(e);
            self.task_status.encode(e);
        });
    }
}

versioned_struct! {
    /// The daemons of a service: `ServiceMap::Service`.
    Service, "ServiceMap::Service", version 1, compat 1 {
        /// The daemons by name, in the order in which they came.
        daemons: Vec<(Text, ServiceDaemon)>,
        /// A line for `ceph -s`.
        summary: Text,
    }
}

versioned_struct! {
    /// All services: `ServiceMap`.
    ServiceMap, "ServiceMap", version 1, compat 1 {
        /// Which version of the map this is.
        epoch: Epoch,
        /// When it was changed.
        modified: Wall,
        /// The services by name, in the order in which they came.
        services: Vec<(Text, Service)>,
    }
}
