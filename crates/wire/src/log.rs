//! Lines of the cluster log (`common/LogEntry.h`).

use core::fmt;

use loligo_base::Wall;

use crate::codec::as_inner;
use crate::{
    AuthEntityName, Decode, DecodeError, Decoder, Encode, Encoder, EntityAddrVec, EntityInst, EntityName,
    Features, Text,
};

/// How serious a line is: `clog_type`. Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPriority(pub u16);

as_inner!(LogPriority(u16));

impl LogPriority {
    /// `CLOG_DEBUG`
    pub const DEBUG: Self = Self(0);
    /// `CLOG_INFO`
    pub const INFO: Self = Self(1);
    /// `CLOG_SEC`
    pub const SEC: Self = Self(2);
    /// `CLOG_WARN`
    pub const WARN: Self = Self(3);
    /// `CLOG_ERROR`
    pub const ERROR: Self = Self(4);
}

/// As in the log: `[WRN]`.
impl fmt::Display for LogPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match *self {
            Self::DEBUG => "[DBG]",
            Self::INFO => "[INF]",
            Self::SEC => "[SEC]",
            Self::WARN => "[WRN]",
            Self::ERROR => "[ERR]",
            _ => "[???]",
        })
    }
}

/// A line of the log: `LogEntry`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEntry {
    /// Who wrote it, by its name in the cluster.
    pub name: AuthEntityName,
    /// Who wrote it, by its number.
    pub rank: EntityName,
    /// Where it was.
    pub addrs: EntityAddrVec,
    /// When.
    pub stamp: Wall,
    /// Counts its lines.
    pub seq: u64,
    /// How serious it is.
    pub prio: LogPriority,
    /// The line.
    pub msg: Text,
    /// The log that it belongs to: `cluster` or `audit`.
    pub channel: Text,
}

const LOG_ENTRY: &str = "LogEntry";
const KNOWN: u8 = 5;

/// Versions 4 (before Nautilus) and 5.
impl Decode for LogEntry {
    const MIN_SIZE: usize = 6 + AuthEntityName::MIN_SIZE + EntityName::MIN_SIZE + 1 + 8 + 8 + 2 + 4 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned(LOG_ENTRY, KNOWN, |d, version| match version {
            0..4 => Err(DecodeError::TooOld { type_name: LOG_ENTRY, version, oldest: 4 }),
            4 => {
                let EntityInst { name: rank, addr } = EntityInst::decode(d)?;
                let mut entry = Self { rank, addrs: addr.into(), ..Self::default() };
                entry.decode_line(d)?;
                entry.name = AuthEntityName::decode(d)?;
                Ok(entry)
            }
            _ => {
                let (name, rank) = <(AuthEntityName, EntityName)>::decode(d)?;
                let mut entry = Self { name, rank, addrs: EntityAddrVec::decode(d)?, ..Self::default() };
                entry.decode_line(d)?;
                Ok(entry)
            }
        })
    }
}

impl Encode for LogEntry {
    fn encode(&self, e: &mut Encoder) {
        if !e.features().has(Features::SERVER_NAUTILUS) {
            e.versioned(4, 2, |e| {
                EntityInst { name: self.rank, addr: self.addrs.legacy_addr() }.encode(e);
                self.encode_line(e);
                self.name.encode(e);
            });
            return;
        }
        e.versioned(KNOWN, KNOWN, |e| {
            self.name.encode(e);
            self.rank.encode(e);
            self.addrs.encode(e);
            self.encode_line(e);
        });
    }
}

impl LogEntry {
    fn decode_line(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.stamp = Wall::decode(d)?;
        self.seq = u64::decode(d)?;
        self.prio = LogPriority::decode(d)?;
        self.msg = Text::decode(d)?;
        self.channel = Text::decode(d)?;
        Ok(())
    }

    fn encode_line(&self, e: &mut Encoder) {
        self.stamp.encode(e);
        self.seq.encode(e);
        self.prio.encode(e);
        self.msg.encode(e);
        self.channel.encode(e);
    }
}

/// What tells one line from all others: `LogEntryKey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogEntryKey {
    /// Who wrote it.
    pub rank: EntityName,
    /// When.
    pub stamp: Wall,
    /// Which of its lines it is.
    pub seq: u64,
}

impl Decode for LogEntryKey {
    const MIN_SIZE: usize = EntityName::MIN_SIZE + 16;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { rank: EntityName::decode(d)?, stamp: Wall::decode(d)?, seq: u64::decode(d)? })
    }
}

impl Encode for LogEntryKey {
    fn encode(&self, e: &mut Encoder) {
        self.rank.encode(e);
        self.stamp.encode(e);
        self.seq.encode(e);
    }
}
