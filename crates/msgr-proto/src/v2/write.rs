//! Messages on their way out.

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_wire::message::Payload;
use loligo_wire::msgr1::FooterFlags;
use loligo_wire::msgr2::{
    CrcEpilogue, KeepAliveFrame, KeepAliveFrameAck, LateStatus, MessageHeader2, Preamble,
    SECURE_EPILOGUE_SIZE, TAG_SIZE, Tag, padded_len, segment_crc,
};
use loligo_wire::{BufferList, crc32c};

use super::Cx;
use super::frames::{Frames, pad};
use super::open::Open;
use crate::compression::Compressor;
use crate::{Fault, Outgoing};

impl Open {
    /// Writes a message: a frame of up to four segments.
    pub(super) fn write(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        seq: u64,
        msg: &dyn Outgoing,
    ) -> Result<(), Fault> {
        self.expected.sent(msg.tid(), msg.reply_len());
        let payload = msg.encode(self.features);
        let header = header(cx, seq, msg, &payload).to_array();
        let preamble = preamble(&header, &payload);
        let size = (0..preamble.segments().len()).map(|segment| u64::from(preamble.length(segment))).sum();
        let compressor = frames.compressor(size);
        match compressor.and_then(|compressor| compressed(compressor, &header, &payload)) {
            Some((header, payload)) => {
                let preamble = self::preamble(&header, &payload).compressed();
                put(frames, cx, &preamble, &header, &payload)
            }
            None => put(frames, cx, &preamble, &header, &payload),
        }
    }
}

fn preamble(header: &[u8], payload: &Payload) -> Preamble {
    let lengths = [header.len(), payload.front.len(), payload.middle.len(), payload.data.len()];
    Preamble::new(Tag::MESSAGE, lengths.map(|length| u32::try_from(length).unwrap_or(u32::MAX)))
}

/// The header and the other parts, each compressed; `None` where that cannot be.
fn compressed(compressor: Compressor, header: &[u8], payload: &Payload) -> Option<(Bytes, Payload)> {
    let data = compressor.segment(&payload.data.to_contiguous())?;
    let payload = Payload {
        front: compressor.segment(&payload.front)?,
        middle: compressor.segment(&payload.middle)?,
        data: if data.is_empty() { BufferList::new() } else { BufferList::from(data) },
        ..*payload
    };
    Some((compressor.segment(header)?, payload))
}

/// Writes a frame.
fn put(
    frames: &mut Frames,
    cx: &mut Cx<'_>,
    preamble: &Preamble,
    header: &[u8],
    payload: &Payload,
) -> Result<(), Fault> {
    frames.begin_frame(cx, preamble, header)?;
    if preamble.segments().len() == 1 {
        return Ok(());
    }
    if frames.is_secure() {
        return sealed(frames, cx, payload);
    }
    cx.writer.put_piece(&payload.front);
    cx.writer.put_piece(&payload.middle);
    for piece in payload.data.pieces() {
        cx.writer.put_piece(piece);
    }
    let crc_values = crc_values(payload, preamble.segments().len());
    cx.writer.put(&CrcEpilogue { late_status: LateStatus::Complete, crc_values }.to_array());
    Ok(())
}

/// What is behind the header in secure mode: sealed as one.
fn sealed(frames: &mut Frames, cx: &mut Cx<'_>, payload: &Payload) -> Result<(), Fault> {
    let lengths = [payload.front.len(), payload.middle.len(), payload.data.len()];
    let padded = lengths.map(|length| padded_len(u32::try_from(length).unwrap_or(u32::MAX)));
    let room = usize::try_from(padded.into_iter().sum::<u64>()).unwrap_or(0);
    let mut rest = Vec::with_capacity(room + SECURE_EPILOGUE_SIZE + TAG_SIZE);
    rest.extend_from_slice(&payload.front);
    pad(&mut rest);
    rest.extend_from_slice(&payload.middle);
    pad(&mut rest);
    for piece in payload.data.pieces() {
        rest.extend_from_slice(piece);
    }
    pad(&mut rest);
    rest.push(LateStatus::Complete.to_byte());
    pad(&mut rest);
    frames.seal_rest(&mut rest)?;
    cx.writer.put_piece(&rest.into());
    Ok(())
}

/// The checksums of those segments that the frame has. Also where `ms_crc_data` is off: unlike a footer of v1, a frame cannot
/// say that there are none, and a peer that looks at them would see wrong ones.
fn crc_values(payload: &Payload, segments: usize) -> [u32; 3] {
    let front = crc32c(u32::MAX, &payload.front);
    let middle = if segments > 2 { crc32c(u32::MAX, &payload.middle) } else { 0 };
    let data = if segments > 3 { segment_crc(&payload.data) } else { 0 };
    [front, middle, data]
}

fn header(cx: &mut Cx<'_>, seq: u64, msg: &dyn Outgoing, payload: &Payload) -> MessageHeader2 {
    // It acknowledges what has come.
    cx.chores.ack = None;
    MessageHeader2 {
        seq,
        tid: msg.tid(),
        message_type: msg.message_type(),
        priority: msg.priority(),
        version: payload.version,
        data_pre_padding_len: 0,
        data_off: payload.data_off,
        ack_seq: cx.session.in_seq(),
        flags: FooterFlags::COMPLETE.0,
        compat_version: payload.compat_version,
        reserved: 0,
    }
}

/// Writes answers to keepalives, and keepalives.
pub(super) fn chores(frames: &mut Frames, cx: &mut Cx<'_>) -> Result<(), Fault> {
    if let Some(timestamp) = cx.chores.keepalive_ack.take() {
        frames.put_control(cx, &KeepAliveFrameAck { timestamp })?;
    }
    if core::mem::take(&mut cx.chores.keepalive) {
        let timestamp = cx.now.wall;
        frames.put_control(cx, &KeepAliveFrame { timestamp })?;
        let due = cx.now.mono + cx.config.options.keepalive_timeout;
        cx.chores.keepalive_due.get_or_insert(due);
    }
    Ok(())
}
