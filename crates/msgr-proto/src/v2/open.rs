//! Messages on their way in.

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_wire::entity::EntityName;
use loligo_wire::message::Payload;
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::msgr2::{
    AckFrame, CrcEpilogue, KeepAliveFrame, KeepAliveFrameAck, LateStatus, MessageHeader2, Preamble,
    SECURE_EPILOGUE_SIZE, TAG_SIZE, Tag, padded_len,
};
use loligo_wire::{BufferList, Decode, DecodeError, Decoder, Features};

use super::frames::Frames;
use super::{Cx, Step, read};
use crate::compression::most;
use crate::config::{Config, Limits};
use crate::pipe::{Arrived, Expected, Gather, Held, PIECE_MAX};
use crate::protocol::{parse, pass, same, whole, within};
use crate::session::Arrival;
use crate::{Envelope, Fault, Peer};

/// What a header takes.
const HEADER_LEN: u32 = 41;
/// The largest front and middle that room is made for ahead of them, with the data that were asked for: nobody asked for
/// their size.
const BESIDE_MAX: u32 = 64 << 10;

/// An open connection.
#[derive(Debug)]
pub(super) struct Open {
    expect: Expect,
    body: Body,
    /// How large the answers may be to what was written.
    pub(super) expected: Expected,
    pub(super) features: Features,
    /// Who is at the other end: messages do not say.
    peer_name: EntityName,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Frame,
    Header,
    Throttle,
    Front,
    Middle,
    Data,
    Epilogue,
    /// In secure mode, all that is behind the header.
    Sealed,
}

/// The message that is being read.
#[derive(Debug)]
struct Body {
    header: MessageHeader,
    ack_seq: u64,
    preamble: Preamble,
    held: Held,
    front: Gather,
    middle: Gather,
    data: Gather,
    sealed: Gather,
}

impl Body {
    /// Whether there is anything behind the first segment.
    fn has_epilogue(&self) -> bool {
        self.preamble.segments().len() > 1
    }

    fn none() -> Self {
        let nothing = || Gather::new(0, false);
        Self {
            header: MessageHeader::default(),
            ack_seq: 0,
            preamble: Preamble::new(Tag::MESSAGE, [0; 4]),
            held: Held::default(),
            front: nothing(),
            middle: nothing(),
            data: nothing(),
            sealed: nothing(),
        }
    }

    fn of(
        header: MessageHeader,
        ack_seq: u64,
        preamble: Preamble,
        is_secure: bool,
        summed: bool,
        expected: &mut Expected,
    ) -> Self {
        let data_len = header.data_len as usize;
        let piece_max = expected.piece_max(header.tid, data_len);
        let body = Self { header, ack_seq, preamble, ..Self::none() };
        if is_secure {
            let sealed = sealed_len(&header, body.has_epilogue());
            let beside = header.front_len.max(header.middle_len);
            let ahead = if piece_max > PIECE_MAX && beside <= BESIDE_MAX { sealed } else { PIECE_MAX };
            return Self { sealed: Gather::new(sealed, false).in_one_piece(ahead), ..body };
        }
        let part = |length: u32| Gather::new(length as usize, summed).seeded();
        Self {
            front: part(header.front_len),
            middle: part(header.middle_len),
            data: part(header.data_len).in_pieces_of(piece_max),
            ..body
        }
    }
}

/// How many bytes stand behind the header in secure mode.
fn sealed_len(header: &MessageHeader, has_epilogue: bool) -> usize {
    if !has_epilogue {
        return 0;
    }
    let parts =
        [header.front_len, header.middle_len, header.data_len].map(padded_len).into_iter().sum::<u64>();
    usize::try_from(parts).unwrap_or(usize::MAX).saturating_add(SECURE_EPILOGUE_SIZE + TAG_SIZE)
}

impl Open {
    pub(super) fn new(peer: &Peer) -> Self {
        Self {
            expect: Expect::Frame,
            body: Body::none(),
            expected: Expected::default(),
            features: peer.features,
            peer_name: peer.name,
        }
    }

    pub(super) const fn waits_for(&self) -> &'static str {
        match self.expect {
            Expect::Frame => "waiting for a frame",
            Expect::Header => "waiting for a header",
            Expect::Throttle => "waiting for a throttle",
            Expect::Front => "waiting for a front",
            Expect::Middle => "waiting for a middle",
            Expect::Data => "waiting for data",
            Expect::Epilogue => "waiting for an epilogue",
            Expect::Sealed => "waiting for sealed parts",
        }
    }

    pub(super) fn reading(&self) -> Option<u64> {
        let in_body = !matches!(self.expect, Expect::Frame | Expect::Header | Expect::Throttle);
        in_body.then_some(self.body.header.seq)
    }

    pub(super) const fn gather(&mut self) -> Option<&mut Gather> {
        match self.expect {
            Expect::Front => Some(&mut self.body.front),
            Expect::Middle => Some(&mut self.body.middle),
            Expect::Data => Some(&mut self.body.data),
            Expect::Sealed => Some(&mut self.body.sealed),
            _ => None,
        }
    }

    /// Goes on until something comes of it.
    pub(super) fn step(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        loop {
            match self.next_part(frames, cx)? {
                Step::Again => {}
                step => return Ok(step),
            }
        }
    }

    fn next_part(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        match self.expect {
            Expect::Frame => self.frame(frames, cx),
            Expect::Header => self.header(frames, cx),
            Expect::Throttle => Ok(self.throttle(frames, cx)),
            Expect::Front => Ok(Self::part(&mut self.body.front, cx, &mut self.expect, Expect::Middle)),
            Expect::Middle => Ok(Self::part(&mut self.body.middle, cx, &mut self.expect, Expect::Data)),
            Expect::Data => Ok(Self::part(&mut self.body.data, cx, &mut self.expect, Expect::Epilogue)),
            Expect::Epilogue => self.epilogue(frames, cx),
            Expect::Sealed => self.sealed(frames, cx),
        }
    }

    const fn then(&mut self, expect: Expect) -> Step {
        self.expect = expect;
        Step::Again
    }

    fn frame(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let state = self.waits_for();
        let Some(head) = frames.head(cx)? else { return Ok(Step::NeedBytes) };
        if head.preamble.tag == Tag::MESSAGE {
            Self::check_lengths(cx, &head.preamble)?;
            return Ok(self.then(Expect::Header));
        }
        let Some((tag, segment)) = frames.control(cx, state)? else { return Ok(Step::NeedBytes) };
        match tag {
            // Only the last of many is answered, so that a peer cannot make us hold answers that it does not read.
            Tag::KEEPALIVE2 => cx.chores.keepalive_ack = Some(read::<KeepAliveFrame>(&segment)?.timestamp),
            Tag::KEEPALIVE2_ACK => {
                let _: KeepAliveFrameAck = read(&segment)?;
                cx.chores.keepalive_due = None;
            }
            Tag::ACK => acknowledged(cx, read::<AckFrame>(&segment)?.seq)?,
            Tag(tag) => return Err(Fault::Unexpected { tag, state }),
        }
        Ok(Step::Again)
    }

    fn check_lengths(cx: &Cx<'_>, preamble: &Preamble) -> Result<(), Fault> {
        let Limits { front, middle, data, .. } = cx.config.limits;
        let limits = [("header", HEADER_LEN), ("front", front), ("middle", middle), ("data", data)];
        if preamble.is_compressed() {
            // What comes out is looked at when it comes out.
            for (segment, (what, limit)) in limits.into_iter().enumerate() {
                within(what, preamble.length(segment), most(limit))?;
            }
            return Ok(());
        }
        if preamble.length(0) != HEADER_LEN {
            return Err(Fault::Malformed(DecodeError::Invalid {
                what: "size of a header",
                value: u64::from(preamble.length(0)),
            }));
        }
        for (segment, (what, limit)) in limits.into_iter().enumerate().skip(1) {
            within(what, preamble.length(segment), limit)?;
        }
        Ok(())
    }

    fn header(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let decode = |segment: &[u8]| parse(segment, MessageHeader2::decode);
        let Some((preamble, header2)) = frames.first_segment(cx, HEADER_LEN, decode)? else {
            return Ok(Step::NeedBytes);
        };
        let [front, middle, data] = [1, 2, 3].map(|segment| preamble.length(segment));
        let header = header2.to_v1(self.peer_name, front, middle, data);
        let summed = cx.config.options.ms_crc_data;
        let is_secure = frames.is_secure();
        self.body = Body::of(header, header2.ack_seq, preamble, is_secure, summed, &mut self.expected);
        Ok(self.then(Expect::Throttle))
    }

    /// Takes of the throttles, one after the other, and keeps what it has while it waits for the next.
    fn throttle(&mut self, frames: &Frames, cx: &Cx<'_>) -> Step {
        let header = &self.body.header;
        let size = u64::from(header.front_len) + u64::from(header.middle_len) + u64::from(header.data_len);
        let held = &mut self.body.held;
        let passed = pass(&mut held.message, cx.policy.throttler_messages.as_ref(), 1)
            && pass(&mut held.bytes, cx.policy.throttler_bytes.as_ref(), size)
            && pass(&mut held.dispatch, Some(&cx.config.dispatch_throttle), size);
        match (passed, frames.is_secure()) {
            (false, _) => Step::Throttled,
            (true, true) => self.then(Expect::Sealed),
            (true, false) => self.then(Expect::Front),
        }
    }

    fn part(gather: &mut Gather, cx: &mut Cx<'_>, expect: &mut Expect, next: Expect) -> Step {
        if !gather.absorb(cx.stage, cx.spares) {
            return Step::NeedBytes;
        }
        *expect = next;
        Step::Again
    }

    fn epilogue(&mut self, frames: &Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let size = if self.body.has_epilogue() { CrcEpilogue::SIZE } else { 0 };
        let Some(bytes) = cx.stage.take(size) else { return Ok(Step::NeedBytes) };
        let epilogue = if bytes.is_empty() { None } else { Some(parse(bytes, CrcEpilogue::decode)?) };
        self.expect = Expect::Frame;
        let body = core::mem::replace(&mut self.body, Body::none());
        let lengths = [body.header.front_len, body.header.middle_len, body.header.data_len];
        let (front, front_crc) = body.front.finish();
        let (middle, middle_crc) = body.middle.finish();
        let (data, data_crc) = body.data.finish();
        if let Some(epilogue) = epilogue {
            if cx.config.options.ms_crc_data {
                check_crcs(lengths, [front_crc, middle_crc, data_crc], epilogue.crc_values)?;
            }
            if epilogue.late_status == LateStatus::Aborted {
                return Ok(Step::Again);
            }
        }
        let parts = Parts { front: front.to_contiguous(), middle: middle.to_contiguous(), data };
        let message = Whole { header: body.header, ack_seq: body.ack_seq, held: body.held, parts };
        arrived(cx, message.plain(frames, cx.config, &body.preamble)?)
    }

    fn sealed(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        if !self.body.sealed.absorb(cx.stage, cx.spares) {
            return Ok(Step::NeedBytes);
        }
        self.expect = Expect::Frame;
        let body = core::mem::replace(&mut self.body, Body::none());
        let mut parts = Parts::default();
        if body.has_epilogue() {
            // Nobody else holds it: what it is in is not copied.
            let mut bytes = Vec::from(whole(body.sealed));
            let plain_len = frames.open_rest(&mut bytes)?.len();
            let bytes = Bytes::from(bytes);
            cx.spares.keep(&bytes);
            let (unsealed, late_status) = Parts::of(bytes.slice(..plain_len), &body.header)?;
            if late_status == LateStatus::Aborted {
                return Ok(Step::Again);
            }
            parts = unsealed;
        }
        let message = Whole { header: body.header, ack_seq: body.ack_seq, held: body.held, parts };
        arrived(cx, message.plain(frames, cx.config, &body.preamble)?)
    }
}

/// The parts of a message.
#[derive(Default)]
struct Parts {
    front: Bytes,
    middle: Bytes,
    data: BufferList,
}

impl Parts {
    /// Finds them in what was sealed, padded as they are, with the epilogue behind them.
    fn of(plain: Bytes, header: &MessageHeader) -> Result<(Self, LateStatus), Fault> {
        let mut d = Decoder::of(&plain);
        let mut part = |length: u32| -> Result<Bytes, Fault> {
            let padding = padded_len(length) - u64::from(length);
            let part = d.bytes(length as usize).map_err(Fault::Malformed)?;
            d.take(usize::try_from(padding).unwrap_or_default()).map_err(Fault::Malformed)?;
            Ok(part)
        };
        let (front, middle, data) =
            (part(header.front_len)?, part(header.middle_len)?, part(header.data_len)?);
        let late_status = u8::decode(&mut d).and_then(LateStatus::from_byte).map_err(Fault::Malformed)?;
        let data = if data.is_empty() { BufferList::new() } else { BufferList::from(data) };
        Ok((Self { front, middle, data }, late_status))
    }
}

/// A message that is there, all of it and right.
struct Whole {
    header: MessageHeader,
    ack_seq: u64,
    held: Held,
    parts: Parts,
}

impl Whole {
    /// The same as it was before it was compressed, if it was.
    fn plain(mut self, frames: &Frames, config: &Config, preamble: &Preamble) -> Result<Self, Fault> {
        if !preamble.is_compressed() {
            return Ok(self);
        }
        let limits = &config.limits;
        let plain = |segment: &Bytes, what: &'static str, limit: u32| {
            frames.plain(preamble, segment, what, limit).map(|plain| Bytes::from(plain.into_owned()))
        };
        let came = self.size();
        let data = plain(&self.parts.data.to_contiguous(), "data", limits.data)?;
        self.parts = Parts {
            front: plain(&self.parts.front, "front", limits.front)?,
            middle: plain(&self.parts.middle, "middle", limits.middle)?,
            data: if data.is_empty() { BufferList::new() } else { BufferList::from(data) },
        };
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        self.header.front_len = length(self.parts.front.len());
        self.header.middle_len = length(self.parts.middle.len());
        self.header.data_len = length(self.parts.data.len());
        // What came was taken of the throttles before anybody knew what comes out of it.
        let grown = self.size().saturating_sub(came);
        for taken in [&mut self.held.bytes, &mut self.held.dispatch].into_iter().flatten() {
            taken.grow(grown);
        }
        Ok(self)
    }

    /// What the throttles count.
    fn size(&self) -> u64 {
        let MessageHeader { front_len, middle_len, data_len, .. } = self.header;
        u64::from(front_len) + u64::from(middle_len) + u64::from(data_len)
    }
}

/// Checks the checksums of those segments that the frame has: all up to the last that is not empty.
fn check_crcs(lengths: [u32; 3], computed: [u32; 3], found: [u32; 3]) -> Result<(), Fault> {
    let last = lengths.iter().rposition(|length| *length > 0).unwrap_or_default();
    let sums = ["front", "middle", "data"].into_iter().zip(computed).zip(found);
    for ((what, computed), found) in sums.take(last + 1) {
        same(what, computed, found)?;
    }
    Ok(())
}

/// The peer has messages up to that number.
fn acknowledged(cx: &mut Cx<'_>, seq: u64) -> Result<(), Fault> {
    let is_true = cx.session.acknowledged(seq);
    if is_true { Ok(()) } else { Err(Fault::Unexpected { tag: Tag::ACK.0, state: "open" }) }
}

/// All of a message is there and right: is it new?
fn arrived(cx: &mut Cx<'_>, message: Whole) -> Result<Step, Fault> {
    let Whole { header, ack_seq, held, parts } = message;
    acknowledged(cx, ack_seq)?;
    if cx.session.arrived(header.seq) == Arrival::Old {
        return Ok(Step::Again);
    }
    if !cx.policy.lossy {
        cx.chores.ack = Some(cx.session.in_seq());
    }
    let payload = Payload::received(&header, parts.front, parts.middle, parts.data);
    Ok(Step::Message(Arrived { envelope: Envelope { header, payload }, held }))
}

#[cfg(test)]
mod tests {
    use loligo_wire::Tid;

    use super::*;

    #[test]
    fn room_is_made_ahead_for_what_was_asked_for_alone() {
        const ASKED: u32 = 4 << 20;
        let ahead = |front_len, middle_len, data_len| {
            let mut expected = Expected::default();
            expected.sent(Tid(1), ASKED as usize);
            let header = MessageHeader { tid: Tid(1), front_len, middle_len, data_len, ..Default::default() };
            let preamble = Preamble::new(Tag::MESSAGE, [41, front_len, middle_len, data_len]);
            Body::of(header, 0, preamble, true, true, &mut expected).sealed.ahead()
        };
        assert_eq!(ahead(1_000, 1_000, ASKED), ASKED as usize + 2 * 1_008 + 32);
        for (front, middle, data) in [(64 << 20, 0, ASKED), (0, 64 << 20, ASKED), (0, 0, ASKED + 1)] {
            assert_eq!(ahead(front, middle, data), PIECE_MAX);
        }
    }
}
