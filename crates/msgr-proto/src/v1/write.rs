//! Messages on their way out.

use loligo_base::Wall;
use loligo_wire::message::Payload;
use loligo_wire::msgr1::{FooterFlags, MessageFooter, MessageHeader, OldFooter, Tag};
use loligo_wire::{Encode, Encoder, Features, crc32c, crc32c_list};

use super::Cx;
use super::open::{Open, signed_parts};
use crate::Outgoing;

impl Open {
    /// Writes a message: its parts between a header and a footer.
    pub(super) fn write(&mut self, cx: &mut Cx<'_>, seq: u64, msg: &dyn Outgoing) {
        self.expected.sent(msg.tid(), msg.reply_len());
        let payload = msg.encode(self.features);
        let header = header(cx, seq, msg, &payload);
        let footer = self.footer_of(cx, &header, &payload);
        cx.writer.put(&[Tag::MSG.0]);
        cx.writer.put(&header.to_array());
        cx.writer.put_piece(&payload.front);
        cx.writer.put_piece(&payload.middle);
        for piece in payload.data.pieces() {
            cx.writer.put_piece(piece);
        }
        let mut e = Encoder::with_capacity(self.features, MessageFooter::SIZE);
        if self.features.has(Features::MSG_AUTH) {
            footer.encode(&mut e);
        } else {
            OldFooter::from(footer).encode(&mut e);
        }
        cx.writer.put(e.written());
    }

    fn footer_of(&self, cx: &Cx<'_>, header: &MessageHeader, payload: &Payload) -> MessageFooter {
        let options = &cx.config.options;
        let mut footer = MessageFooter { flags: FooterFlags::COMPLETE, ..MessageFooter::default() };
        if options.ms_crc_header {
            footer.front_crc = crc32c(0, &payload.front);
            footer.middle_crc = crc32c(0, &payload.middle);
        }
        if options.ms_crc_data {
            footer.data_crc = crc32c_list(0, &payload.data);
        } else {
            footer.flags = footer.flags | FooterFlags::NOCRC;
        }
        if let Some(signer) = &self.signer {
            footer.sig = signer.sign(&signed_parts(header, &footer));
            footer.flags = footer.flags | FooterFlags::SIGNED;
        }
        footer
    }

    /// Writes answers to keepalives, and keepalives.
    pub(super) fn write_chores(&self, cx: &mut Cx<'_>) {
        if let Some(stamp) = cx.chores.keepalive_ack.take() {
            stamped(cx, Tag::KEEPALIVE2_ACK, stamp);
        }
        if core::mem::take(&mut cx.chores.keepalive) {
            if self.features.has(Features::MSGR_KEEPALIVE2) {
                let stamp = cx.now.wall;
                stamped(cx, Tag::KEEPALIVE2, stamp);
                let timeout = cx.config.options.keepalive_timeout;
                cx.chores.keepalive_due.get_or_insert(cx.now.mono + timeout);
            } else {
                cx.writer.put(&[Tag::KEEPALIVE.0]);
            }
        }
    }
}

/// Writes an acknowledgement.
pub(super) fn ack(cx: &mut Cx<'_>, seq: u64) {
    cx.writer.put(&[Tag::ACK.0]);
    cx.writer.put(&seq.to_le_bytes());
}

fn stamped(cx: &mut Cx<'_>, tag: Tag, stamp: Wall) {
    cx.writer.put(&[tag.0]);
    cx.writer.put(&stamp.secs().to_le_bytes());
    cx.writer.put(&stamp.nanos().to_le_bytes());
}

fn header(cx: &Cx<'_>, seq: u64, msg: &dyn Outgoing, payload: &Payload) -> MessageHeader {
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut header = MessageHeader {
        seq,
        tid: msg.tid(),
        message_type: msg.message_type(),
        priority: msg.priority(),
        version: payload.version,
        front_len: length(payload.front.len()),
        middle_len: length(payload.middle.len()),
        data_len: length(payload.data.len()),
        data_off: payload.data_off,
        src: cx.config.myname.get(),
        compat_version: payload.compat_version,
        reserved: 0,
        crc: 0,
    };
    if cx.config.options.ms_crc_header {
        header.seal();
    }
    header
}
