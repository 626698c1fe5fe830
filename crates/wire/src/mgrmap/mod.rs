//! The map of managers (`mon/MgrMap.h`).

mod codec;
mod module;

use alloc::vec::Vec;

use loligo_base::Wall;

pub use module::{ModuleInfo, ModuleOption, StandbyInfo};

use crate::{EntityAddrVec, Epoch, Features, GlobalId, Release, Text, TextMap};

/// Which manager is active and what it offers: `MgrMap`.
///
/// Sets and maps are kept in the order in which they came: nothing here is looked up often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MgrMap {
    /// Which version of the map this is.
    pub epoch: Epoch,
    /// Where the active manager is; none while it starts.
    pub active_addrs: EntityAddrVec,
    /// Its number as a client; 0 where there is none.
    pub active_gid: GlobalId,
    /// Whether it is ready.
    pub available: bool,
    /// Its name.
    pub active_name: Text,
    /// The managers that wait.
    pub standbys: Vec<(GlobalId, StandbyInfo)>,
    /// The modules that are enabled.
    pub modules: Vec<Text>,
    /// The addresses at which modules serve, by module.
    pub services: TextMap,
    /// The modules that there are.
    pub available_modules: Vec<ModuleInfo>,
    /// When the active manager became active, or was lost.
    pub active_change: Wall,
    /// The modules that are always on, by release.
    pub always_on_modules: Vec<(u32, Vec<Text>)>,
    /// The features of the active manager.
    pub active_mgr_features: Features,
    /// The epoch of the OSD map that has the last manager blocklisted.
    pub last_failure_osd_epoch: Epoch,
    /// Clients that the modules opened, for the blocklist: names and addresses.
    pub clients: Vec<(Text, EntityAddrVec)>,
    /// [`Self::FLAG_DOWN`].
    pub flags: u64,
    /// Modules that are off although they are always on.
    pub force_disabled_modules: Vec<Text>,
}

impl MgrMap {
    /// No manager may become active.
    pub const FLAG_DOWN: u64 = 1 << 0;

    /// The modules that are always on in that release.
    pub fn always_on(&self, release: Release) -> &[Text] {
        let of_release = |(number, _): &&(u32, Vec<Text>)| *number == u32::from(release.0);
        self.always_on_modules.iter().find(of_release).map_or(&[], |(_, modules)| modules)
    }
}
