//! The arguments of OSD ops: the union in `ceph_osd_op`.

use loligo_base::Wall;

use super::{AllocHintFlags, CmpXattrMode, CmpXattrOp, CopyFromFlags, OpCode, OpFlags, SnapId, WatchOp};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch};

/// The size of the union.
pub(super) const ARGS_SIZE: usize = 28;

/// The arguments of an op, as they stand in the 28 bytes between its flags and the length of its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OpArgs {
    /// None: all zeros.
    #[default]
    None,
    /// A range of the object. Ops on omaps put the length of their data here, too.
    Extent {
        /// Where it starts, in bytes; the new size for `TRUNCATE`.
        offset: u64,
        /// How many bytes; for a read, 0 is all that follow.
        length: u64,
        /// CephFS: the size that the file was truncated to.
        truncate_size: u64,
        /// CephFS: counts truncations.
        truncate_seq: u32,
    },
    /// An extended attribute. Name and value stand in the data, without lengths.
    Xattr {
        /// The length of the name.
        name_len: u32,
        /// The length of the value.
        value_len: u32,
        /// How to compare.
        cmp_op: CmpXattrOp,
        /// What to compare as.
        cmp_mode: CmpXattrMode,
    },
    /// A class method. Names and input stand in the data, without lengths.
    Cls {
        /// The length of the class's name.
        class_len: u8,
        /// The length of the method's name.
        method_len: u8,
        /// No longer used.
        argc: u8,
        /// The length of the input.
        indata_len: u32,
    },
    /// A part of a PG's listing. Where it starts stands in the data.
    Pgls {
        /// How many objects at most.
        count: u64,
        /// The epoch of the listing's first part.
        start_epoch: Epoch,
    },
    /// A snapshot.
    Snap {
        /// Which.
        snapid: SnapId,
    },
    /// A watch.
    Watch {
        /// The watcher's number for it.
        cookie: u64,
        /// No longer used.
        ver: u64,
        /// What to do.
        op: WatchOp,
        /// Counts the registrations.
        generation: u32,
        /// Seconds after which a silent watcher is dropped; 0 is the OSD's default.
        timeout: u32,
    },
    /// A notification.
    Notify {
        /// The watch that sends it.
        cookie: u64,
    },
    /// The version that the object must have.
    AssertVer {
        /// The version.
        ver: u64,
    },
    /// A part of an object, with all that belongs to it.
    CopyGet {
        /// How many bytes of data at most.
        max: u64,
    },
    /// The source of a copy.
    CopyFrom {
        /// Which snapshot of it.
        snapid: SnapId,
        /// The version that it must have.
        src_version: u64,
        /// How to read it.
        flags: CopyFromFlags,
        /// Advice for reading it.
        src_fadvise_flags: OpFlags,
    },
    /// The time of a hit set.
    HitSetGet {
        /// A time within it.
        stamp: Wall,
    },
    /// How to convert an old map.
    Tmap2Omap {
        /// 1: it need not exist.
        flags: u8,
    },
    /// How the object is going to be used.
    AllocHint {
        /// Its size in the end, in bytes.
        expected_object_size: u64,
        /// The size of a write, in bytes.
        expected_write_size: u64,
        /// More about it.
        flags: AllocHintFlags,
    },
    /// A pattern to write again and again.
    WriteSame {
        /// Where to start.
        offset: u64,
        /// How many bytes to write.
        length: u64,
        /// The length of the pattern.
        data_length: u64,
    },
    /// Checksums of a range.
    Checksum {
        /// Where to start.
        offset: u64,
        /// How many bytes.
        length: u64,
        /// How many bytes for each checksum.
        chunk_size: u32,
        /// Which algorithm (`CEPH_OSD_CHECKSUM_OP_TYPE_*`).
        algorithm: u8,
    },
    /// What an op holds whose code is not known here, or that holds more than its code calls for: OSDs put the length of
    /// the output into the answer to a call.
    Raw([u8; ARGS_SIZE]),
}

impl OpArgs {
    /// A range of the object.
    #[must_use]
    pub const fn extent(offset: u64, length: u64) -> Self {
        Self::Extent { offset, length, truncate_size: 0, truncate_seq: 0 }
    }

    /// Reads the 28 bytes of an op of that code.
    pub(super) fn decode(code: OpCode, bytes: [u8; ARGS_SIZE]) -> Result<Self, DecodeError> {
        if code.name().is_none() {
            return Ok(Self::Raw(bytes));
        }
        let mut d = Decoder::new(&bytes);
        let args = Self::decode_known(code, &mut d)?;
        let rest_is_padding = d.rest().iter().all(|byte| *byte == 0);
        Ok(if rest_is_padding { args } else { Self::Raw(bytes) })
    }

    fn decode_known(code: OpCode, d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match code {
            OpCode::GETXATTR | OpCode::SETXATTR | OpCode::CMPXATTR | OpCode::RMXATTR => Self::decode_xattr(d),
            OpCode::CALL => Self::decode_cls(d),
            OpCode::PGLS | OpCode::PGLS_FILTER | OpCode::PGNLS | OpCode::PGNLS_FILTER => {
                Ok(Self::Pgls { count: u64::decode(d)?, start_epoch: Epoch::decode(d)? })
            }
            OpCode::ROLLBACK => Ok(Self::Snap { snapid: SnapId::decode(d)? }),
            OpCode::WATCH => Self::decode_watch(d),
            OpCode::NOTIFY => Ok(Self::Notify { cookie: u64::decode(d)? }),
            OpCode::ASSERT_VER => {
                d.take(8)?;
                Ok(Self::AssertVer { ver: u64::decode(d)? })
            }
            OpCode::COPY_GET => Ok(Self::CopyGet { max: u64::decode(d)? }),
            OpCode::COPY_FROM | OpCode::COPY_FROM2 | OpCode::SET_REDIRECT => Self::decode_copy_from(d),
            OpCode::PG_HITSET_GET => Ok(Self::HitSetGet { stamp: Wall::decode(d)? }),
            OpCode::TMAP2OMAP => Ok(Self::Tmap2Omap { flags: u8::decode(d)? }),
            OpCode::SETALLOCHINT => Self::decode_alloc_hint(d),
            OpCode::WRITESAME => {
                let (offset, length) = <(u64, u64)>::decode(d)?;
                Ok(Self::WriteSame { offset, length, data_length: u64::decode(d)? })
            }
            OpCode::CHECKSUM => Self::decode_checksum(d),
            _ if !code.uses_extent() && d.rest().iter().all(|byte| *byte == 0) => Ok(Self::None),
            _ => Self::decode_extent(d),
        }
    }

    fn decode_extent(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::Extent {
            offset: u64::decode(d)?,
            length: u64::decode(d)?,
            truncate_size: u64::decode(d)?,
            truncate_seq: u32::decode(d)?,
        })
    }

    fn decode_xattr(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::Xattr {
            name_len: u32::decode(d)?,
            value_len: u32::decode(d)?,
            cmp_op: CmpXattrOp::decode(d)?,
            cmp_mode: CmpXattrMode::decode(d)?,
        })
    }

    fn decode_cls(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let [class_len, method_len, argc] = d.array()?;
        Ok(Self::Cls { class_len, method_len, argc, indata_len: u32::decode(d)? })
    }

    fn decode_watch(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::Watch {
            cookie: u64::decode(d)?,
            ver: u64::decode(d)?,
            op: WatchOp::decode(d)?,
            generation: u32::decode(d)?,
            timeout: u32::decode(d)?,
        })
    }

    fn decode_copy_from(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::CopyFrom {
            snapid: SnapId::decode(d)?,
            src_version: u64::decode(d)?,
            flags: CopyFromFlags::decode(d)?,
            src_fadvise_flags: OpFlags::decode(d)?,
        })
    }

    fn decode_alloc_hint(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::AllocHint {
            expected_object_size: u64::decode(d)?,
            expected_write_size: u64::decode(d)?,
            flags: AllocHintFlags::decode(d)?,
        })
    }

    fn decode_checksum(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::Checksum {
            offset: u64::decode(d)?,
            length: u64::decode(d)?,
            chunk_size: u32::decode(d)?,
            algorithm: u8::decode(d)?,
        })
    }
}

/// Always 28 bytes, padded with zeros.
impl Encode for OpArgs {
    fn encode(&self, e: &mut Encoder) {
        let start = e.len();
        match *self {
            Self::None => {}
            Self::Extent { offset, length, truncate_size, truncate_seq } => {
                ((offset, length), (truncate_size, truncate_seq)).encode(e);
            }
            Self::Xattr { name_len, value_len, cmp_op, cmp_mode } => {
                ((name_len, value_len), (cmp_op, cmp_mode)).encode(e);
            }
            Self::Cls { class_len, method_len, argc, indata_len } => {
                ([class_len, method_len, argc], indata_len).encode(e);
            }
            Self::Pgls { count, start_epoch } => (count, start_epoch).encode(e),
            Self::Snap { snapid } => snapid.encode(e),
            Self::Watch { cookie, ver, op, generation, timeout } => {
                ((cookie, ver), (op, (generation, timeout))).encode(e);
            }
            Self::Notify { cookie } => cookie.encode(e),
            Self::AssertVer { ver } => (0u64, ver).encode(e),
            Self::CopyGet { max } => max.encode(e),
            Self::CopyFrom { snapid, src_version, flags, src_fadvise_flags } => {
                ((snapid, src_version), (flags, src_fadvise_flags)).encode(e);
            }
            Self::HitSetGet { stamp } => stamp.encode(e),
            Self::Tmap2Omap { flags } => flags.encode(e),
            Self::AllocHint { expected_object_size, expected_write_size, flags } => {
                ((expected_object_size, expected_write_size), flags).encode(e);
            }
            Self::WriteSame { offset, length, data_length } => ((offset, length), data_length).encode(e),
            Self::Checksum { offset, length, chunk_size, algorithm } => {
                ((offset, length), (chunk_size, algorithm)).encode(e);
            }
            Self::Raw(bytes) => bytes.encode(e),
        }
        let written = e.len() - start;
        e.raw([0; ARGS_SIZE].get(written..).unwrap_or_default());
    }
}
