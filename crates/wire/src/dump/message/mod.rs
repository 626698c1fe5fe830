//! Messages in a line, as Ceph's log shows them (`Message::print`).

mod envelope;
mod monitor;
mod ops;
mod osd;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Display};

use super::Value;
use crate::message::{
    MAuth, MAuthReply, MCommand, MCommandReply, MConfig, MGetConfig, MGetPoolStats, MGetPoolStatsReply,
    MKVData, MLog, MLogAck, MMgrClose, MMgrCommand, MMgrCommandReply, MMgrConfigure, MMgrMap, MMgrOpen,
    MMgrReport, MMgrUpdate, MMonCommand, MMonCommandAck, MMonGetMap, MMonGetOSDMap, MMonGetVersion,
    MMonGetVersionReply, MMonMap, MMonSubscribe, MMonSubscribeAck, MOSDBackoff, MOSDMap, MOSDOp, MOSDOpReply,
    MPing, MPoolOp, MPoolOpReply, MRemoveSnaps, MServiceMap, MStatfs, MStatfsReply, MWatchNotify, Message,
    Payload,
};
use crate::msgr1::MessageHeader;
use crate::types::ErrorCode;
use crate::{DecodeError, Decoder, Text};

/// A message that can be shown in a line.
trait Print: Message {
    /// Writes the line. Some of it stands in the header.
    fn print(&self, header: &MessageHeader, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A type of messages by Ceph's name.
#[derive(Clone, Copy, Debug)]
pub struct MessageEntry {
    /// What the header calls it.
    pub message_type: u16,
    /// The name, as `ceph-dencoder` has it.
    pub name: &'static str,
    /// Reads a message and shows it in a line.
    pub summary: fn(&MessageHeader, Payload) -> Result<String, DecodeError>,
    /// Reads a message with its header, as Ceph keeps one in a file; what follows it is left.
    pub decode: fn(&mut Decoder<'_>) -> Result<Box<dyn Value>, DecodeError>,
}

/// A message and its header, to be shown.
struct Line<'a, M>(&'a M, &'a MessageHeader);

impl<M: Print> Display for Line<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.print(self.1, f)
    }
}

fn summary<M: Print>(header: &MessageHeader, payload: Payload) -> Result<String, DecodeError> {
    M::decode(header, payload).map(|message| format!("{}", Line(&message, header)))
}

macro_rules! messages {
    ($($type:ident,)*) => {
        /// All types of messages, in the order of their names.
        const MESSAGES: &[MessageEntry] = &[$(
            MessageEntry {
                message_type: $type::TYPE,
                name: $type::NAME,
                summary: summary::<$type>,
                decode: envelope::decode::<$type>,
            }
        ),*];
    };
}

messages! {
    MAuth,
    MAuthReply,
    MCommand,
    MCommandReply,
    MConfig,
    MGetConfig,
    MGetPoolStats,
    MGetPoolStatsReply,
    MKVData,
    MLog,
    MLogAck,
    MMgrClose,
    MMgrCommand,
    MMgrCommandReply,
    MMgrConfigure,
    MMgrMap,
    MMgrOpen,
    MMgrReport,
    MMgrUpdate,
    MMonCommand,
    MMonCommandAck,
    MMonGetMap,
    MMonGetOSDMap,
    MMonGetVersion,
    MMonGetVersionReply,
    MMonMap,
    MMonSubscribe,
    MMonSubscribeAck,
    MOSDBackoff,
    MOSDMap,
    MOSDOp,
    MOSDOpReply,
    MPing,
    MPoolOp,
    MPoolOpReply,
    MRemoveSnaps,
    MServiceMap,
    MStatfs,
    MStatfsReply,
    MWatchNotify,
}

/// All types of messages, ordered by name.
#[must_use]
pub const fn messages() -> &'static [MessageEntry] {
    MESSAGES
}

/// The type of messages that a header calls that.
#[must_use]
pub fn find_message(message_type: u16) -> Option<&'static MessageEntry> {
    MESSAGES.iter().find(|entry| entry.message_type == message_type)
}

/// An error as `cpp_strerror` prints it: `(2) No such file or directory`.
struct StrError(ErrorCode);

impl Display for StrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = self.0.0.unsigned_abs();
        let text = match self.0.description() {
            Some((_, text)) => text,
            None if errno == 0 => "Success",
            None => "Unknown error",
        };
        write!(f, "({errno}) {text}")
    }
}

/// Things with something between them.
struct Joined<'a, T>(&'a [T], &'static str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if i == 0 { "" } else { self.1 })?;
        }
        Ok(())
    }
}

/// The name of a daemon of a service; Ceph's own daemons have the kind of the sender in its place.
fn print_daemon(
    f: &mut fmt::Formatter<'_>,
    header: &MessageHeader,
    service: &Text,
    daemon: &Text,
) -> fmt::Result {
    if service.is_empty() {
        write!(f, "{}.{daemon}", header.src.kind)
    } else {
        write!(f, "{service}.{daemon}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_names_are_there_once() {
        assert!(MESSAGES.is_sorted_by(|one, other| one.name < other.name));
        for entry in MESSAGES {
            assert_eq!(find_message(entry.message_type).map(|found| found.name), Some(entry.name));
        }
        assert!(find_message(0).is_none());
    }

    #[test]
    fn errors_are_those_of_strerror() {
        assert_eq!(format!("{}", StrError(ErrorCode::ENOENT)), "(2) No such file or directory");
        assert_eq!(format!("{}", StrError(ErrorCode::OK)), "(0) Success");
        assert_eq!(format!("{}", StrError(ErrorCode(-4000))), "(4000) Unknown error");
    }
}
