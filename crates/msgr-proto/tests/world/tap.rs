//! What moves on a stream, one item after the other: each structure of a greeting, each frame, each message.

use loligo_auth::{ConnectionSecret, FrameCiphers, FrameOpener, Side};
use loligo_wire::Decode;
use loligo_wire::Decoder;
use loligo_wire::msgr1::{self, BANNER, ConnectMessage, ConnectReply, LEGACY_ADDR_SIZE, MessageHeader};
use loligo_wire::msgr2::{Banner, ConMode, Layout, PREAMBLE_SIZE, Preamble, Revision, Tag};

/// What is read of the greeting of messenger v1 (both ends have the features of a signed footer).
const FOOTER: usize = msgr1::MessageFooter::SIZE;
/// The item of a banner, in both protocols.
pub(crate) const BANNER_ITEM: &str = "BANNER";
/// A message, in both protocols.
pub(crate) const MESSAGE: &str = "MESSAGE";

/// An item with its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Finds the items in what both ends write: that of the caller is end 0.
pub(crate) struct Tap {
    is_v2: bool,
    ways: [Half; 2],
    /// How the peer answered last, on messenger v1.
    reply: Option<msgr1::Tag>,
    is_secure: bool,
}

/// What one end writes.
#[derive(Default)]
struct Half {
    held: Vec<u8>,
    /// How many items there were.
    items: usize,
    /// On messenger v1: tags come now.
    is_open: bool,
    /// On messenger v2: the frame that is under way.
    preamble: Option<Preamble>,
    opener: Option<FrameOpener>,
}

impl Tap {
    pub(crate) fn new(is_v2: bool) -> Self {
        Self { is_v2, ways: Default::default(), reply: None, is_secure: false }
    }

    /// Takes what an end wrote; gives what is whole of it.
    pub(crate) fn feed(&mut self, end: usize, bytes: &[u8]) -> Vec<Item> {
        self.ways[end].held.extend(bytes);
        let mut items = Vec::new();
        loop {
            let next = if self.is_v2 { self.next_v2(end) } else { self.next_v1(end) };
            let Some((name, length)) = next.filter(|(_, length)| *length <= self.ways[end].held.len()) else {
                return items;
            };
            let way = &mut self.ways[end];
            let bytes: Vec<u8> = way.held.drain(..length).collect();
            way.items += 1;
            if self.is_v2 {
                self.after_v2(end, name, &bytes)
            } else {
                self.after_v1(end, name, &bytes)
            }
            items.push(Item { name, bytes });
        }
    }

    fn next_v1(&self, end: usize) -> Option<(&'static str, usize)> {
        let way = &self.ways[end];
        let u32_at = |at: usize| {
            let bytes = way.held.get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().unwrap()) as usize)
        };
        let is_seq = self.reply == Some(msgr1::Tag::SEQ);
        match (way.items, end) {
            (0, _) => Some((BANNER_ITEM, BANNER.len())),
            (1, 0) => Some(("ADDRESS", LEGACY_ADDR_SIZE)),
            (1, _) => Some(("ADDRESSES", 2 * LEGACY_ADDR_SIZE)),
            _ if way.is_open => self.tag(end, u32_at),
            _ if is_seq => Some(("RECEIVED_SEQ", 8)),
            (_, 0) => Some(("CONNECT", ConnectMessage::SIZE + u32_at(28)?)),
            _ => {
                let tag = msgr1::Tag(*way.held.first()?);
                Some((tag.name().unwrap_or("UNKNOWN"), ConnectReply::SIZE + u32_at(21)?))
            }
        }
    }

    fn tag(&self, end: usize, u32_at: impl Fn(usize) -> Option<usize>) -> Option<(&'static str, usize)> {
        let tag = msgr1::Tag(*self.ways[end].held.first()?);
        match tag {
            msgr1::Tag::MSG => {
                let parts = u32_at(23)? + u32_at(27)? + u32_at(31)?;
                Some((MESSAGE, 1 + MessageHeader::SIZE + parts + FOOTER))
            }
            msgr1::Tag::CLOSE | msgr1::Tag::KEEPALIVE => Some((tag.name().unwrap(), 1)),
            _ => Some((tag.name().unwrap_or("UNKNOWN"), 9)),
        }
    }

    fn after_v1(&mut self, end: usize, name: &'static str, bytes: &[u8]) {
        let is_reply = end == 1 && self.ways[1].items > 2 && !self.ways[1].is_open && name != "RECEIVED_SEQ";
        if is_reply {
            self.reply = bytes.first().copied().map(msgr1::Tag);
        }
        if self.reply == Some(msgr1::Tag::READY) {
            self.ways[0].is_open = true;
            self.ways[1].is_open = true;
        }
        self.ways[end].is_open |= name == "RECEIVED_SEQ";
    }

    fn next_v2(&mut self, end: usize) -> Option<(&'static str, usize)> {
        let way = &mut self.ways[end];
        match way.items {
            0 => Some((BANNER_ITEM, Banner::PREFIX_SIZE)),
            1 => Some(("BANNER_PAYLOAD", Banner::SIZE - Banner::PREFIX_SIZE)),
            _ => {
                let layout = Layout { revision: Revision::Rev1, is_secure: way.opener.is_some() };
                if way.preamble.is_none() {
                    let mut block = way.held.get(..layout.preamble_len())?.to_vec();
                    let plain = match &mut way.opener {
                        Some(opener) => opener.open(&mut block).unwrap(),
                        None => &mut block,
                    };
                    let preamble = Preamble::decode(&mut Decoder::new(&plain[..PREAMBLE_SIZE])).unwrap();
                    way.preamble = Some(preamble);
                }
                let preamble = way.preamble.as_ref()?;
                let length = usize::try_from(layout.frame_len(preamble)).unwrap();
                Some((preamble.tag.name().unwrap_or("UNKNOWN"), length))
            }
        }
    }

    fn after_v2(&mut self, end: usize, name: &'static str, bytes: &[u8]) {
        let way = &mut self.ways[end];
        way.preamble = None;
        if let Some(opener) = &mut way.opener {
            let mut rest = bytes[PREAMBLE_SIZE + 64..].to_vec();
            if !rest.is_empty() {
                opener.open(&mut rest).unwrap();
            }
        }
        if Some(name) == Tag::AUTH_DONE.name() {
            // Behind the preamble: the number of the client, and the mode.
            let mode = u32::from_le_bytes(bytes[PREAMBLE_SIZE + 8..][..4].try_into().unwrap());
            self.is_secure = ConMode(mode) == ConMode::SECURE;
            if self.is_secure {
                for (way, side) in self.ways.iter_mut().zip([Side::Server, Side::Client]) {
                    way.opener = Some(FrameCiphers::new(&secret(), side).unwrap().opener);
                }
            }
        }
    }
}

/// The secret that all connections have by [`crate::common::keyed`].
fn secret() -> ConnectionSecret {
    let request =
        loligo_msgr_proto::AuthRequest::Done { global_id: loligo_wire::GlobalId(0), reply: "proof".into() };
    match crate::common::keyed(&request) {
        Some(loligo_msgr_proto::AuthStep::Accept(accept)) => accept.connection_secret.unwrap(),
        step => panic!("{step:?}"),
    }
}
