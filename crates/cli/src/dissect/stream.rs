//! What the bytes of one direction say.

use bytes::{Buf, Bytes, BytesMut};
use loligo_wire::message::Payload;
use loligo_wire::msgr1::{BANNER, Footer, Item, MessageHeader, Side, StreamReader, Tag};
use loligo_wire::msgr2::{self, BANNER_PREFIX, Preamble};
use loligo_wire::{Decode, DecodeError, Decoder, Features};

use super::frames::{Frames, Next};

/// The most bytes that an item may have: a message with the largest data that a daemon takes.
pub(super) const MAX_ITEM: usize = 256 << 20;
/// The tag and the header of a message.
const TAG_AND_HEADER: usize = 1 + MessageHeader::SIZE;
/// What is found.
#[derive(Debug)]
pub(crate) enum Found {
    /// An item of messenger v1.
    Item(Item),
    /// A message of messenger v2.
    Message(Box<(MessageHeader, Payload, Footer)>),
    /// What else messenger v2 says, in words.
    Frame(String),
    /// What follows is encrypted.
    Encrypted,
    /// The first message of a direction whose beginning was not captured; so many bytes before it cannot be read.
    Middle(u64),
    /// An item that cannot be read. What follows begins with the next message that can.
    Broken(DecodeError),
}

/// One direction of a connection, as far as it is read.
#[derive(Debug)]
pub(crate) struct Stream {
    state: State,
    bytes: BytesMut,
    /// Below this length another look is of no use.
    needed: usize,
    /// How many bytes were passed over, where the direction begins somewhere within the connection and nothing was found yet.
    passed_over: Option<u64>,
}

#[derive(Debug)]
enum State {
    /// The banner decides.
    Beginning(Side),
    Items(StreamReader),
    /// Messenger v2.
    Frames(Frames),
    /// Somewhere within a connection: the next header of a message is looked for.
    Seeking,
    /// Nothing that is read here.
    Other,
}

impl Stream {
    /// Begins with the first byte of a direction.
    pub(crate) fn start(side: Side) -> Self {
        Self { state: State::Beginning(side), bytes: BytesMut::new(), needed: 1, passed_over: None }
    }

    /// Begins somewhere within a connection.
    pub(crate) fn middle() -> Self {
        Self { passed_over: Some(0), ..Self::seeking() }
    }

    fn seeking() -> Self {
        Self { state: State::Seeking, bytes: BytesMut::new(), needed: TAG_AND_HEADER, passed_over: None }
    }

    /// How many bytes are held.
    pub(crate) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes are missing: begins anew behind them.
    pub(crate) fn lost(&mut self) {
        match &self.state {
            State::Items(_) => *self = Self::seeking(),
            State::Frames(frames) if !frames.is_over() => *self = Self::seeking(),
            _ => {}
        }
        self.bytes.clear();
    }

    /// Takes the next bytes, and passes on what is found in them.
    pub(crate) fn take(&mut self, bytes: &[u8], mut pass: impl FnMut(Found)) {
        if matches!(self.state, State::Other) {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        while self.bytes.len() >= self.needed.max(1) {
            let go_on = match &mut self.state {
                State::Beginning(side) => {
                    let side = *side;
                    self.begin(side)
                }
                State::Items(_) => self.items(&mut pass),
                State::Frames(_) => self.frames(&mut pass),
                State::Seeking => self.seek(&mut pass),
                State::Other => false,
            };
            if !go_on {
                return;
            }
        }
    }

    /// Looks at the banner. Gives whether there is more to do with the bytes that are there.
    fn begin(&mut self, side: Side) -> bool {
        let is = |banner: &[u8]| banner.starts_with(&self.bytes) || self.bytes.starts_with(banner);
        let (v1, v2) = (is(BANNER), is(BANNER_PREFIX));
        if v1 && self.bytes.len() >= BANNER.len() {
            self.state = State::Items(StreamReader::new(side));
            self.needed = 1;
            return true;
        }
        if v2 && self.bytes.len() >= BANNER_PREFIX.len() {
            self.state = State::Frames(Frames::new());
            return true;
        }
        if v1 || v2 {
            return false;
        }
        self.state = State::Other;
        self.bytes = BytesMut::new();
        false
    }

    /// Reads the items that are there.
    fn items(&mut self, pass: &mut impl FnMut(Found)) -> bool {
        let State::Items(reader) = &mut self.state else { return true };
        // Items share these bytes; what is left of them is kept.
        let shown: Bytes = self.bytes.split().freeze();
        let mut d = Decoder::of(&shown);
        let error = loop {
            let mut attempt = d.clone();
            match reader.read(&mut attempt) {
                Ok(item) => pass(Found::Item(item)),
                Err(error) => break error,
            }
            d = attempt;
        };
        let rest = d.rest();
        self.bytes = BytesMut::from(rest);
        if let DecodeError::Truncated { wanted, left } = error {
            let missing = usize::try_from(wanted.saturating_sub(left)).unwrap_or(usize::MAX);
            self.needed = rest.len().saturating_add(missing.max(1));
            if self.needed <= MAX_ITEM {
                return false;
            }
        }
        self.skip(error, pass);
        true
    }

    fn frames(&mut self, pass: &mut impl FnMut(Found)) -> bool {
        let State::Frames(frames) = &mut self.state else { return true };
        match frames.read(&mut self.bytes, pass) {
            Next::More => {
                self.needed = 1;
                true
            }
            Next::Needs(all) => {
                self.needed = all;
                self.bytes.len() >= all
            }
            Next::Over => {
                self.bytes = BytesMut::new();
                self.state = State::Other;
                false
            }
        }
    }

    fn skip(&mut self, error: DecodeError, pass: &mut impl FnMut(Found)) {
        pass(Found::Broken(error));
        self.state = State::Seeking;
        self.needed = TAG_AND_HEADER;
        self.bytes.advance(1.min(self.bytes.len()));
    }

    /// Looks for a header whose checksum is right, and drops what is before it.
    fn seek(&mut self, pass: &mut impl FnMut(Found)) -> bool {
        let found = self.bytes.windows(TAG_AND_HEADER).enumerate().find_map(|(place, window)| {
            if is_header(window) {
                // All releases since Nautilus have it.
                return Some((place, State::Items(StreamReader::open(Features::MSG_AUTH))));
            }
            is_preamble(window).then(|| (place, State::Frames(Frames::middle())))
        });
        let Some((place, state)) = found else {
            let kept = TAG_AND_HEADER - 1;
            self.pass_over(self.bytes.len().saturating_sub(kept));
            self.needed = TAG_AND_HEADER;
            return false;
        };
        self.pass_over(place);
        if let Some(passed_over) = self.passed_over.take() {
            pass(Found::Middle(passed_over));
        }
        self.state = state;
        self.needed = 1;
        true
    }

    fn pass_over(&mut self, bytes: usize) {
        self.bytes.advance(bytes);
        self.passed_over = self.passed_over.map(|all| all + bytes as u64);
    }
}

/// Whether a message of v1 may begin so.
fn is_header(window: &[u8]) -> bool {
    let checked =
        |header| MessageHeader::decode(&mut Decoder::new(header)).is_ok_and(|header| header.verify().is_ok());
    window.first() == Some(&Tag::MSG.0) && window.get(1..).is_some_and(checked)
}

/// Whether a frame of v2 may begin so.
fn is_preamble(window: &[u8]) -> bool {
    let is_tag = window.first().is_some_and(|tag| msgr2::Tag(*tag).name().is_some());
    is_tag && Preamble::decode(&mut Decoder::new(window)).is_ok()
}
