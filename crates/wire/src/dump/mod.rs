//! Values as JSON, with the field names and the nesting of Ceph's `dump()`: what `ceph-dencoder … dump_json` prints.
//!
//! Follows Ceph 18.2; what it has no `dump()` for, and what only newer releases know of a value, follows 20.2. Two things are
//! left out: secrets, of which only the length is told, and what is computed from a whole OSD map by placing all its PGs
//! (`read_balance`).

mod cephx;
mod cls;
mod crush;
mod entity;
mod formatter;
mod incremental;
mod item;
mod maps;
mod message;
mod mgr;
mod osdmap;
mod pool;
mod registry;
mod stamp;
mod types;

pub use formatter::Formatter;
pub use message::{MessageEntry, find_message, messages};
pub use registry::{TypeEntry, Value, find, types};
pub use stamp::{GmStamp, Stamp};

/// A value whose fields can be printed: Ceph's `dump(Formatter *f)`.
pub trait Dump {
    /// Writes the fields into the section that is open.
    fn dump(&self, f: &mut Formatter);
}
