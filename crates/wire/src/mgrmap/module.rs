//! Modules of the manager.

use alloc::vec::Vec;

use crate::codec::versioned_struct;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Features, GlobalId, Text};

versioned_struct! {
    /// An option of a module: `MgrMap::ModuleOption`.
    ModuleOption, "MgrMap::ModuleOption", version 1, compat 1 {
        /// Its name.
        name: Text,
        /// What it takes (`Option::type_t`).
        option_type: u8,
        /// Whom it is for (`Option::level_t`).
        level: u8,
        /// `Option::flag_t`.
        flags: u32,
        /// What it is where it is not set.
        default_value: Text,
        /// The least value.
        min: Text,
        /// The greatest value.
        max: Text,
        /// The only values, where these are few.
        enum_allowed: Vec<Text>,
        /// What it does, in a line.
        desc: Text,
        /// What it does.
        long_desc: Text,
        /// Words to find it by.
        tags: Vec<Text>,
        /// Other options.
        see_also: Vec<Text>,
    }
}

versioned_struct! {
    /// A module: `MgrMap::ModuleInfo`.
    ModuleInfo, "MgrMap::ModuleInfo", version 2, compat 1 {
        /// Its name.
        name: Text,
        /// Whether it could run.
        can_run: bool,
        /// Why not.
        error_string: Text,
        /// Its options by name.
        module_options: Vec<(Text, ModuleOption)>,
    }
}

/// A manager that waits: `MgrMap::StandbyInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandbyInfo {
    /// Its number as a client.
    pub gid: GlobalId,
    /// Its name.
    pub name: Text,
    /// The modules that it has.
    pub available_modules: Vec<ModuleInfo>,
    /// Its features.
    pub mgr_features: Features,
}

const STANDBY_INFO: &str = "MgrMap::StandbyInfo";
const KNOWN: u8 = 4;

impl Decode for StandbyInfo {
    const MIN_SIZE: usize = 6 + 8 + 4 + 4 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned(STANDBY_INFO, KNOWN, |d, version| {
            if version < 3 {
                return Err(DecodeError::TooOld { type_name: STANDBY_INFO, version, oldest: 3 });
            }
            let (gid, name) = <(GlobalId, Text)>::decode(d)?;
            // The names alone, for readers of before version 3.
            let _names = Vec::<Text>::decode(d)?;
            let available_modules = Vec::decode(d)?;
            let mgr_features = if version >= KNOWN { Features::decode(d)? } else { Features::NONE };
            Ok(Self { gid, name, available_modules, mgr_features })
        })
    }
}

impl Encode for StandbyInfo {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(KNOWN, 1, |e| {
            self.gid.encode(e);
            self.name.encode(e);
            let mut names: Vec<&Text> = self.available_modules.iter().map(|module| &module.name).collect();
            names.sort();
            names.dedup();
            names.encode(e);
            self.available_modules.encode(e);
            self.mgr_features.encode(e);
        });
    }
}
