//! Ops of requests to OSDs, as Ceph's log shows them.

use core::fmt;

use crate::dump::Stamp;
use crate::types::{OpArgs, OpCode, OsdOp, WatchOp};

/// A number in hexadecimal.
pub(super) struct Hex(pub u64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// The names of the bits that are set, with a plus between them; `-` for none.
pub(super) fn write_bits(f: &mut fmt::Formatter<'_>, bits: u32, names: &[&str]) -> fmt::Result {
    if bits == 0 {
        return f.write_str("-");
    }
    let set = (0..32usize).filter(|bit| bits >> bit & 1 != 0);
    for (i, bit) in set.enumerate() {
        write!(f, "{}{}", if i == 0 { "" } else { "+" }, names.get(bit).unwrap_or(&"???"))?;
    }
    Ok(())
}

/// An op: its name, its arguments, and how much data it has.
pub(super) struct Op<'a> {
    pub(super) op: &'a OsdOp,
    /// Whether its data came of it.
    pub(super) has_output: bool,
}

impl fmt::Display for Op<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OsdOp { code, data, .. } = self.op;
        f.write_str(code.name().unwrap_or("???"))?;
        self.write_args(f)?;
        match (data.is_empty(), self.has_output) {
            (true, _) => Ok(()),
            (false, false) => write!(f, " in={}b", data.len()),
            (false, true) => write!(f, " out={}b", data.len()),
        }
    }
}

impl Op<'_> {
    fn write_args(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op.args {
            OpArgs::AssertVer { ver } => write!(f, " v{ver}"),
            OpArgs::Extent { .. } => self.write_extent(f),
            OpArgs::Snap { snapid } => write!(f, " {snapid}"),
            OpArgs::Watch { cookie, op, generation, .. } => {
                write!(f, " {} cookie {cookie}", watch_op_name(op))?;
                if generation == 0 { Ok(()) } else { write!(f, " gen {generation}") }
            }
            OpArgs::Notify { cookie } => write!(f, " cookie {cookie}"),
            OpArgs::CopyGet { max } => write!(f, " max {max}"),
            OpArgs::CopyFrom { src_version, .. } if self.op.code == OpCode::COPY_FROM => {
                write!(f, " ver {src_version}")
            }
            OpArgs::AllocHint { expected_object_size, expected_write_size, .. } => {
                write!(f, " object_size {expected_object_size} write_size {expected_write_size}")
            }
            OpArgs::Xattr { name_len, value_len, cmp_op, cmp_mode } => {
                self.write_name(f, 0, name_len)?;
                if value_len != 0 {
                    write!(f, " ({value_len})")?;
                }
                let compares = self.op.code == OpCode::CMPXATTR;
                if compares { write!(f, " op {} mode {}", cmp_op.0, cmp_mode.0) } else { Ok(()) }
            }
            OpArgs::Cls { class_len, method_len, .. } => {
                self.write_name(f, 0, class_len.into())?;
                if class_len == 0 || self.has_output || self.op.data.is_empty() {
                    return Ok(());
                }
                f.write_str(".")?;
                self.write_bytes(f, class_len.into(), method_len.into())
            }
            OpArgs::Pgls { start_epoch, .. } => write!(f, " start_epoch {start_epoch}"),
            OpArgs::HitSetGet { stamp } => write!(f, " {}", Stamp(stamp)),
            _ => Ok(()),
        }
    }

    fn write_extent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OpArgs::Extent { offset, length, truncate_size, truncate_seq } = self.op.args else {
            return Ok(());
        };
        let truncate_size = truncate_size.cast_signed();
        match self.op.code {
            OpCode::TRUNCATE => write!(f, " {offset}"),
            OpCode::MASKTRUNC | OpCode::TRIMTRUNC => write!(f, " {truncate_seq}@{truncate_size}"),
            code if code.uses_extent() => {
                write!(f, " {offset}~{length}")?;
                if truncate_seq != 0 {
                    write!(f, " [{truncate_seq}@{truncate_size}]")?;
                }
                if self.op.flags.0 == 0 {
                    return Ok(());
                }
                f.write_str(" [")?;
                write_bits(f, self.op.flags.0, &OP_FLAGS)?;
                f.write_str("]")
            }
            _ => Ok(()),
        }
    }

    /// A name at the start of the data, behind a blank; a reply has none.
    fn write_name(&self, f: &mut fmt::Formatter<'_>, start: usize, length: u32) -> fmt::Result {
        if length == 0 || self.has_output || self.op.data.is_empty() {
            return Ok(());
        }
        f.write_str(" ")?;
        self.write_bytes(f, start, usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn write_bytes(&self, f: &mut fmt::Formatter<'_>, start: usize, length: usize) -> fmt::Result {
        let data = self.op.data.pieces().iter().flatten();
        let bytes: alloc::vec::Vec<u8> = data.skip(start).take(length).copied().collect();
        f.write_str(&alloc::string::String::from_utf8_lossy(&bytes))
    }
}

/// The flags of an op, by bit (`ceph_osd_op_flag_name`, with its typo).
const OP_FLAGS: [&str; 9] = [
    "excl",
    "failok",
    "fadvise_random",
    "fadvise_sequential",
    "favise_willneed",
    "fadvise_dontneed",
    "fadvise_nocache",
    "with_reference",
    "bypass_clean_cache",
];

/// `ceph_osd_watch_op_name`
const fn watch_op_name(op: WatchOp) -> &'static str {
    match op {
        WatchOp::UNWATCH => "unwatch",
        WatchOp::WATCH => "watch",
        WatchOp::RECONNECT => "reconnect",
        WatchOp::PING => "ping",
        _ => "???",
    }
}
