//! Messages on their way in.

use loligo_auth::{MessageSigner, SignedParts};
use loligo_base::Wall;
use loligo_wire::message::Payload;
use loligo_wire::msgr1::{FooterFlags, MessageFooter, MessageHeader, OldFooter, Tag};
use loligo_wire::{Decode, Decoder, Features};

use super::{Cx, parse};
use crate::pipe::{Arrived, Expected, Gather, Held};
use crate::protocol::{Step, pass, same, within};
use crate::session::Arrival;
use crate::{Envelope, Fault};

/// The size of a stamp, of an acknowledgement.
const NUMBER: usize = 8;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Open {
    expect: Expect,
    body: Body,
    /// How large the answers may be to what was written.
    pub(super) expected: Expected,
    pub(super) features: Features,
    pub(super) signer: Option<MessageSigner>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Tag,
    KeepaliveStamp,
    KeepaliveAckStamp,
    AckSeq,
    Header,
    Throttle,
    Front,
    Middle,
    Data,
    Footer,
}

/// The message that is being read.
#[derive(Debug)]
struct Body {
    header: MessageHeader,
    held: Held,
    front: Gather,
    middle: Gather,
    data: Gather,
}

impl Body {
    fn of(header: MessageHeader, cx: &Cx<'_>, expected: &mut Expected) -> Self {
        let options = &cx.config.options;
        Self {
            front: Gather::new(header.front_len as usize, options.ms_crc_header),
            middle: Gather::new(header.middle_len as usize, options.ms_crc_header),
            data: Gather::new(header.data_len as usize, options.ms_crc_data)
                .in_pieces_of(expected.piece_max(header.tid, header.data_len as usize)),
            held: Held::default(),
            header,
        }
    }

    fn none() -> Self {
        Self {
            header: MessageHeader::default(),
            held: Held::default(),
            front: Gather::new(0, false),
            middle: Gather::new(0, false),
            data: Gather::new(0, false),
        }
    }
}

impl Open {
    pub(crate) fn new(features: Features, signer: Option<MessageSigner>) -> Self {
        Self { expect: Expect::Tag, body: Body::none(), expected: Expected::default(), features, signer }
    }

    pub(super) const fn waits_for(&self) -> &'static str {
        match self.expect {
            Expect::Tag => "waiting for a tag",
            Expect::KeepaliveStamp | Expect::KeepaliveAckStamp => "waiting for the stamp of a keepalive",
            Expect::AckSeq => "waiting for an acknowledgement",
            Expect::Header => "waiting for a header",
            Expect::Throttle => "waiting for a throttle",
            Expect::Front => "waiting for a front",
            Expect::Middle => "waiting for a middle",
            Expect::Data => "waiting for data",
            Expect::Footer => "waiting for a footer",
        }
    }

    pub(super) fn reading(&self) -> Option<u64> {
        let in_body = matches!(self.expect, Expect::Front | Expect::Middle | Expect::Data | Expect::Footer);
        in_body.then_some(self.body.header.seq)
    }

    pub(super) const fn gather(&mut self) -> Option<&mut Gather> {
        match self.expect {
            Expect::Front => Some(&mut self.body.front),
            Expect::Middle => Some(&mut self.body.middle),
            Expect::Data => Some(&mut self.body.data),
            _ => None,
        }
    }

    /// Goes on until something comes of it.
    pub(super) fn step(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        loop {
            match self.next_part(cx)? {
                Step::Again => {}
                step => return Ok(step),
            }
        }
    }

    fn next_part(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        match self.expect {
            Expect::Tag => self.tag(cx),
            Expect::KeepaliveStamp => self.keepalive(cx),
            Expect::KeepaliveAckStamp => self.keepalive_ack(cx),
            Expect::AckSeq => self.ack(cx),
            Expect::Header => self.header(cx),
            Expect::Throttle => Ok(self.throttle(cx)),
            Expect::Front => Ok(Self::part(&mut self.body.front, cx, &mut self.expect, Expect::Middle)),
            Expect::Middle => Ok(Self::part(&mut self.body.middle, cx, &mut self.expect, Expect::Data)),
            Expect::Data => Ok(Self::part(&mut self.body.data, cx, &mut self.expect, Expect::Footer)),
            Expect::Footer => self.footer(cx),
        }
    }

    const fn then(&mut self, expect: Expect) -> Step {
        self.expect = expect;
        Step::Again
    }

    fn tag(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(&[tag]) = cx.stage.take(1) else {
            return Ok(Step::NeedBytes);
        };
        match Tag(tag) {
            Tag::MSG => Ok(self.then(Expect::Header)),
            Tag::ACK => Ok(self.then(Expect::AckSeq)),
            Tag::KEEPALIVE => Ok(Step::Again),
            Tag::KEEPALIVE2 => Ok(self.then(Expect::KeepaliveStamp)),
            Tag::KEEPALIVE2_ACK => Ok(self.then(Expect::KeepaliveAckStamp)),
            Tag::CLOSE => Err(Fault::Closed),
            Tag(tag) => Err(Fault::Unexpected { tag, state: self.waits_for() }),
        }
    }

    fn keepalive(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(bytes) = cx.stage.take(NUMBER) else {
            return Ok(Step::NeedBytes);
        };
        // Only the last of many is answered, so that a peer cannot make us hold answers that it does not read.
        cx.chores.keepalive_ack = Some(parse(bytes, wall)?);
        Ok(self.then(Expect::Tag))
    }

    fn keepalive_ack(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        if cx.stage.take(NUMBER).is_none() {
            return Ok(Step::NeedBytes);
        }
        cx.chores.keepalive_due = None;
        Ok(self.then(Expect::Tag))
    }

    fn ack(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(bytes) = cx.stage.take(NUMBER) else {
            return Ok(Step::NeedBytes);
        };
        let seq = parse(bytes, u64::decode)?;
        if !cx.session.acknowledged(seq) {
            return Err(Fault::Unexpected { tag: Tag::ACK.0, state: self.waits_for() });
        }
        Ok(self.then(Expect::Tag))
    }

    fn header(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(bytes) = cx.stage.take(MessageHeader::SIZE) else {
            return Ok(Step::NeedBytes);
        };
        let header = parse(bytes, MessageHeader::decode)?;
        if cx.config.options.ms_crc_header && header.verify().is_err() {
            return Err(Fault::Checksum { what: "header" });
        }
        let limits = &cx.config.limits;
        within("front", header.front_len, limits.front)?;
        within("middle", header.middle_len, limits.middle)?;
        within("data", header.data_len, limits.data)?;
        self.body = Body::of(header, cx, &mut self.expected);
        Ok(self.then(Expect::Throttle))
    }

    /// Takes of the throttles, one after the other, and keeps what it has while it waits for the next.
    fn throttle(&mut self, cx: &Cx<'_>) -> Step {
        let header = &self.body.header;
        let size = u64::from(header.front_len) + u64::from(header.middle_len) + u64::from(header.data_len);
        let held = &mut self.body.held;
        let passed = pass(&mut held.message, cx.policy.throttler_messages.as_ref(), 1)
            && pass(&mut held.bytes, cx.policy.throttler_bytes.as_ref(), size)
            && pass(&mut held.dispatch, Some(&cx.config.dispatch_throttle), size);
        if passed { self.then(Expect::Front) } else { Step::Throttled }
    }

    fn part(gather: &mut Gather, cx: &mut Cx<'_>, expect: &mut Expect, next: Expect) -> Step {
        if !gather.absorb(cx.stage, cx.spares) {
            return Step::NeedBytes;
        }
        *expect = next;
        Step::Again
    }

    fn footer(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let signed = self.features.has(Features::MSG_AUTH);
        let size = if signed { MessageFooter::SIZE } else { OldFooter::SIZE };
        let Some(bytes) = cx.stage.take(size) else {
            return Ok(Step::NeedBytes);
        };
        let footer = parse(bytes, |d| {
            if signed { MessageFooter::decode(d) } else { OldFooter::decode(d).map(Into::into) }
        })?;
        self.expect = Expect::Tag;
        self.finish(cx, &footer)
    }

    /// All of a message is there: is it whole, is it right, is it new?
    fn finish(&mut self, cx: &mut Cx<'_>, footer: &MessageFooter) -> Result<Step, Fault> {
        let body = core::mem::replace(&mut self.body, Body::none());
        let (front, front_crc) = body.front.finish();
        let (middle, middle_crc) = body.middle.finish();
        let (data, data_crc) = body.data.finish();
        let options = &cx.config.options;
        let sums = [("front", front_crc, footer.front_crc), ("middle", middle_crc, footer.middle_crc)];
        for (what, computed, found) in sums.into_iter().filter(|_| options.ms_crc_header) {
            same(what, computed, found)?;
        }
        if options.ms_crc_data && !footer.flags.has(FooterFlags::NOCRC) {
            same("data", data_crc, footer.data_crc)?;
        }
        if !footer.flags.has(FooterFlags::COMPLETE) {
            return Err(Fault::Aborted);
        }
        self.check_signature(&body.header, footer)?;
        if cx.session.arrived(body.header.seq) == Arrival::Old {
            return Ok(Step::Again);
        }
        if !cx.policy.lossy {
            cx.chores.ack = Some(cx.session.in_seq());
        }
        let (front, middle) = (front.to_contiguous(), middle.to_contiguous());
        let payload = Payload::received(&body.header, front, middle, data);
        let envelope = Envelope { header: body.header, payload };
        Ok(Step::Message(Arrived { envelope, held: body.held }))
    }

    fn check_signature(&self, header: &MessageHeader, footer: &MessageFooter) -> Result<(), Fault> {
        let Some(signer) = &self.signer else {
            return Ok(());
        };
        let right = signer.check(&signed_parts(header, footer), footer.sig).is_ok();
        if right && footer.flags.has(FooterFlags::SIGNED) { Ok(()) } else { Err(Fault::Signature) }
    }
}

/// What a signature covers.
pub(super) const fn signed_parts(header: &MessageHeader, footer: &MessageFooter) -> SignedParts {
    SignedParts {
        header_crc: header.crc,
        front_crc: footer.front_crc,
        front_len: header.front_len,
        middle_crc: footer.middle_crc,
        middle_len: header.middle_len,
        data_crc: footer.data_crc,
        data_len: header.data_len,
        seq: header.seq,
    }
}

/// A `ceph_timespec`.
fn wall(d: &mut Decoder<'_>) -> Result<Wall, loligo_wire::DecodeError> {
    Ok(Wall::new(u32::decode(d)?, u32::decode(d)?))
}
