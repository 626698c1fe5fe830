//! What the bytes of one direction of messenger v2 say, as long as they are not encrypted.

use bytes::{Buf, Bytes, BytesMut};
use loligo_wire::message::Payload;
use loligo_wire::msgr1::{Footer, FooterFlags, MessageFooter};
use loligo_wire::msgr2::{
    AckFrame, AuthDoneFrame, BANNER_PREFIX, Banner, ClientIdentFrame, ConMode, ControlFrame, CrcEpilogueRev0,
    HelloFrame, LateStatus, Layout, MessageHeader2, Msgr2Features, PREAMBLE_SIZE, Preamble, Revision,
    ServerIdentFrame, Tag, segment_crc,
};
use loligo_wire::{BufferList, Decode, DecodeError, Decoder, EntityName};

use super::stream::{Found, MAX_ITEM};

/// One direction, behind the first bytes of its banner.
#[derive(Debug)]
pub(super) struct Frames {
    state: State,
    revision: Revision,
    /// Who sends, as far as it has said so.
    src: EntityName,
    /// Whether the direction may be encrypted by now: only its client has asked to be let in.
    asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The rest of the banner.
    Banner,
    Frames,
    /// What follows is not read: it is encrypted, or makes no sense.
    Over,
}

/// What there is to do next.
pub(super) enum Next {
    /// There may be more in the bytes.
    More,
    /// So many bytes are needed in all.
    Needs(usize),
    /// Nothing that follows is read.
    Over,
}

impl Frames {
    pub(super) fn new() -> Self {
        let src = EntityName::default();
        Self { state: State::Banner, revision: Revision::Rev1, src, asked: false }
    }

    /// Somewhere behind the handshake, before a frame.
    pub(super) fn middle() -> Self {
        Self { state: State::Frames, ..Self::new() }
    }

    /// Whether nothing that follows is read.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Reads what stands at the start of the bytes, and takes it away.
    pub(super) fn read(&mut self, bytes: &mut BytesMut, pass: &mut impl FnMut(Found)) -> Next {
        let read = match self.state {
            State::Banner => self.banner(bytes, pass),
            State::Frames => self.frame(bytes, pass),
            State::Over => Ok(Next::Over),
        };
        read.unwrap_or_else(|error| {
            self.state = State::Over;
            // A client's frames are encrypted from the first one on that the server does not answer in the clear.
            pass(if self.asked { Found::Encrypted } else { Found::Broken(error) });
            Next::Over
        })
    }

    fn banner(&mut self, bytes: &mut BytesMut, pass: &mut impl FnMut(Found)) -> Result<Next, DecodeError> {
        let start = BANNER_PREFIX.len();
        let Some(length) = bytes.get(start..Banner::PREFIX_SIZE) else {
            return Ok(Next::Needs(Banner::PREFIX_SIZE));
        };
        let length = usize::from(u16::decode(&mut Decoder::new(length))?);
        let whole = Banner::PREFIX_SIZE + length;
        let Some(body) = bytes.get(Banner::PREFIX_SIZE..whole) else { return Ok(Next::Needs(whole)) };
        let banner = Banner::decode(&mut Decoder::new(body))?;
        if !banner.supported.has(Msgr2Features::REVISION_1) {
            self.revision = Revision::Rev0;
        }
        bytes.advance(whole);
        self.state = State::Frames;
        pass(Found::Frame(format!("banner with features {:#x}", banner.supported.0)));
        Ok(Next::More)
    }

    fn frame(&mut self, bytes: &mut BytesMut, pass: &mut impl FnMut(Found)) -> Result<Next, DecodeError> {
        let Some(preamble) = bytes.get(..PREAMBLE_SIZE) else { return Ok(Next::Needs(PREAMBLE_SIZE)) };
        let preamble = Preamble::decode(&mut Decoder::new(preamble))?;
        let layout = Layout { revision: self.revision, is_secure: false };
        let whole = usize::try_from(layout.frame_len(&preamble)).unwrap_or(usize::MAX);
        if whole > MAX_ITEM {
            return Err(DecodeError::Invalid { what: "length of a frame", value: whole as u64 });
        }
        if bytes.len() < whole {
            return Ok(Next::Needs(whole));
        }
        let frame = bytes.split_to(whole).freeze();
        let segments = self.segments(layout, &preamble, &frame)?;
        if is_given_up(layout, &preamble, &frame)? {
            pass(Found::Frame(format!("{} that its sender gave up", preamble.tag)));
            return Ok(Next::More);
        }
        if preamble.flags & Preamble::COMPRESSED != 0 {
            pass(Found::Frame(format!("{} that is compressed", preamble.tag)));
            return Ok(Next::More);
        }
        if preamble.tag == Tag::MESSAGE {
            pass(Found::Message(Box::new(self.message(&segments)?)));
            return Ok(Next::More);
        }
        let [first, ..] = &segments;
        pass(Found::Frame(self.control(preamble.tag, first)?));
        if self.state == State::Over {
            pass(Found::Encrypted);
            return Ok(Next::Over);
        }
        Ok(Next::More)
    }

    /// The segments, of which the first is checked: that of revision 2.1 has a checksum of its own.
    fn segments(
        &self,
        layout: Layout,
        preamble: &Preamble,
        frame: &Bytes,
    ) -> Result<[Bytes; 4], DecodeError> {
        let mut segments: [Bytes; 4] = Default::default();
        let mut d = Decoder::of(frame);
        d.take(layout.preamble_len())?;
        for (at, slot) in segments.iter_mut().enumerate() {
            let length = usize::try_from(preamble.length(at)).unwrap_or(usize::MAX);
            let segment = frame.slice_ref(d.take(length)?);
            if at == 0 && self.revision == Revision::Rev1 && length > 0 {
                let (found, computed) = (u32::decode(&mut d)?, segment_crc(&segment.clone().into()));
                if found != computed {
                    return Err(DecodeError::Checksum { what: "first segment", found, computed });
                }
            }
            *slot = segment;
        }
        Ok(segments)
    }

    fn message(
        &self,
        [header, front, middle, data]: &[Bytes; 4],
    ) -> Result<(loligo_wire::msgr1::MessageHeader, Payload, Footer), DecodeError> {
        let header = MessageHeader2::decode(&mut Decoder::of(header))?;
        let [front_len, middle_len, data_len] =
            [front, middle, data].map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX));
        let header = header.to_v1(self.src, front_len, middle_len, data_len);
        let data = BufferList::from(data.clone());
        let payload = Payload::received(&header, front.clone(), middle.clone(), data);
        let footer =
            MessageFooter { front_crc: 0, middle_crc: 0, data_crc: 0, sig: 0, flags: FooterFlags::COMPLETE };
        Ok((header, payload, Footer::New(footer)))
    }

    /// What a frame says, in words.
    fn control(&mut self, tag: Tag, segment: &Bytes) -> Result<String, DecodeError> {
        Ok(match tag {
            Tag::HELLO => {
                let hello = HelloFrame::from_segment(segment)?;
                self.src = EntityName::new(hello.entity_type, EntityName::NEW);
                format!("{tag} of {} to {}", hello.entity_type, hello.peer_addr)
            }
            Tag::AUTH_REQUEST | Tag::AUTH_REQUEST_MORE => {
                self.asked = true;
                format!("{tag} of {} bytes", segment.len())
            }
            Tag::AUTH_DONE => {
                let done = AuthDoneFrame::from_segment(segment)?;
                if done.con_mode != ConMode::CRC {
                    self.state = State::Over;
                }
                format!("{tag} for {} in mode {}", done.global_id, done.con_mode)
            }
            Tag::CLIENT_IDENT => {
                let ident = ClientIdentFrame::from_segment(segment)?;
                self.src.num = ident.gid;
                format!("{tag} of {} with features {:?}", self.src, ident.supported_features)
            }
            Tag::SERVER_IDENT => {
                let ident = ServerIdentFrame::from_segment(segment)?;
                self.src.num = ident.gid;
                format!("{tag} of {} with features {:?}", self.src, ident.supported_features)
            }
            Tag::ACK => format!("{tag} {}", AckFrame::from_segment(segment)?.seq),
            _ => format!("{tag} of {} bytes", segment.len()),
        })
    }
}

/// Whether the sender took the frame back in its midst, as its end says.
fn is_given_up(layout: Layout, preamble: &Preamble, frame: &Bytes) -> Result<bool, DecodeError> {
    let start = frame.len().saturating_sub(layout.epilogue_len(preamble));
    Ok(match (layout.revision, frame.get(start)) {
        (Revision::Rev1, Some(status)) => LateStatus::from_byte(*status)? == LateStatus::Aborted,
        (Revision::Rev0, Some(flags)) => flags & CrcEpilogueRev0::ABORTED != 0,
        (_, None) => false,
    })
}
