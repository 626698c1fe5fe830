//! What the clients asked for, and what they were told.

use bytes::Bytes;

/// An object by its place in the list of objects.
pub(crate) type ObjectIndex = usize;

/// What an op does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    WriteFull(Bytes),
    Append(Bytes),
    CreateExclusive,
    Remove,
    Read,
    Stat,
}

impl Kind {
    pub(crate) const fn writes(&self) -> bool {
        !matches!(self, Self::Read | Self::Stat)
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::WriteFull(_) => "write_full",
            Self::Append(_) => "append",
            Self::CreateExclusive => "create",
            Self::Remove => "remove",
            Self::Read => "read",
            Self::Stat => "stat",
        }
    }
}

/// How an op ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// An OSD answered.
    Answered { result: i32, version: u64, data: Bytes },
    /// It was given up and surely did not run.
    NotRun,
    /// It was given up and may have run.
    Unknown,
}

/// One op.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) client: u16,
    /// Which of the client's ops it is: the tid that the client gives it.
    pub(crate) tid: u64,
    pub(crate) object: ObjectIndex,
    pub(crate) kind: Kind,
    /// When it was asked for, in steps of the world.
    pub(crate) asked: u64,
    /// When and how it ended.
    pub(crate) ended: Option<(u64, Ended)>,
}

impl Record {
    /// Whether it was answered before the other one was asked for. One that was given up may still run later.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        matches!(&self.ended, Some((at, Ended::Answered { .. })) if *at < other.asked)
    }

    pub(crate) const fn answer(&self) -> Option<(i32, u64, &Bytes)> {
        match &self.ended {
            Some((_, Ended::Answered { result, version, data })) => Some((*result, *version, data)),
            _ => None,
        }
    }
}

/// All ops of all clients.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) records: Vec<Record>,
}

impl History {
    pub(crate) fn pending(&self) -> usize {
        self.records.iter().filter(|record| record.ended.is_none()).count()
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Record> {
        self.records.get_mut(usize::try_from(number).ok()?)
    }
}
