//! One direction of a recorded connection, item by item.

use alloc::boxed::Box;

use bytes::Bytes;
use loligo_base::Wall;

use super::{BANNER, ConnectMessage, ConnectReply, MessageFooter, MessageHeader, OldFooter, Tag};
use crate::message::Payload;
use crate::{
    BufferList, Decode, DecodeError, Decoder, Encode, Encoder, EntityAddr, Features, crc32c, crc32c_list,
};

/// Who sent the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who opened the connection.
    Client,
    /// Who accepted it.
    Server,
}

/// What the stream is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Ceph's banner.
    Banner,
    /// An address: the sender's own; from a server then also the one that it sees of the client.
    Addr(EntityAddr),
    /// What a client proposes, with its authorizer.
    Connect(ConnectMessage, Bytes),
    /// What a server answers, with a challenge or a proof.
    Reply(ConnectReply, Bytes),
    /// The last message of the session that the sender has; 0 for none.
    LastSeen(u64),
    /// A message.
    Message(Box<(MessageHeader, Payload, Footer)>),
    /// Messages up to this one have arrived.
    Ack(u64),
    /// A sign of life.
    Keepalive,
    /// A sign of life that is to be sent back.
    Keepalive2(Wall),
    /// One that is sent back.
    Keepalive2Ack(Wall),
    /// The end.
    Close,
}

/// What stands behind a message, as the features of the connection say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footer {
    /// With room for a signature.
    New(MessageFooter),
    /// Without.
    Old(OldFooter),
}

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Banner,
    Addr,
    PeerAddr,
    Connect,
    /// The client has proposed something. What it says next depends on the server's answer, which is not in its stream.
    Proposed,
    Reply,
    LastSeen,
    Open,
}

/// Reads the items of a recorded stream, one after the other, for those who look on: it believes whatever it is shown. After
/// an error other than [`DecodeError::Truncated`] the rest makes no sense.
///
/// The client of a session that goes on over a second connection tells the last message that it has seen, of which this
/// reader takes only the number 0 for what it is.
#[derive(Clone, Debug)]
pub struct StreamReader {
    side: Side,
    place: Place,
    features: Features,
}

impl StreamReader {
    /// Reads a connection from its first byte.
    #[must_use]
    pub const fn new(side: Side) -> Self {
        Self { side, place: Place::Banner, features: Features::NONE }
    }

    /// Reads a connection between peers with those features from some item behind the handshake.
    #[must_use]
    pub const fn open(features: Features) -> Self {
        Self { side: Side::Client, place: Place::Open, features }
    }

    /// Whether the handshake is over, as far as this direction tells.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.place == Place::Open
    }

    /// Reads an item. Where that fails this reader is as before, and may be shown the same bytes again with more behind them.
    ///
    /// # Errors
    ///
    /// When the bytes are no item, or end within one.
    pub fn read(&mut self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        match self.place {
            Place::Banner => self.banner(d),
            Place::Addr => {
                self.addr(d, if self.side == Side::Client { Place::Connect } else { Place::PeerAddr })
            }
            Place::PeerAddr => self.addr(d, Place::Reply),
            Place::Connect => self.connect(d),
            Place::Proposed => self.proposed(d),
            Place::Reply => self.reply(d),
            Place::LastSeen => self.last_seen(d),
            Place::Open => self.item(d),
        }
    }

    fn banner(&mut self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        let found: [u8; BANNER.len()] = d.array()?;
        if found != *BANNER {
            return Err(DecodeError::Invalid { what: "banner", value: u64::from(found[0]) });
        }
        self.place = Place::Addr;
        Ok(Item::Banner)
    }

    fn addr(&mut self, d: &mut Decoder<'_>, next: Place) -> Result<Item, DecodeError> {
        let addr = EntityAddr::decode(d)?;
        self.place = next;
        Ok(Item::Addr(addr))
    }

    fn connect(&mut self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        let connect = ConnectMessage::decode(d)?;
        let authorizer = sized(d, connect.authorizer_len)?;
        self.features = connect.features;
        self.place = Place::Proposed;
        Ok(Item::Connect(connect, authorizer))
    }

    /// The first byte tells: another proposal begins with features, of which some are always there that have a bit which
    /// no tag has; and no tag is 0.
    fn proposed(&mut self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        match d.rest().first() {
            Some(byte) if Features(u64::from(*byte)).has(Features::RECONNECT_SEQ) => self.connect(d),
            Some(0) => self.last_seen(d),
            _ => self.item(d),
        }
    }

    fn last_seen(&mut self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        let seq = u64::decode(d)?;
        self.place = Place::Open;
        Ok(Item::LastSeen(seq))
    }

    fn reply(&mut self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        let reply = ConnectReply::decode(d)?;
        let authorizer = sized(d, reply.authorizer_len)?;
        self.features = reply.features;
        self.place = match reply.tag {
            Tag::READY => Place::Open,
            Tag::SEQ => Place::LastSeen,
            // The client is to try again.
            _ => Place::Reply,
        };
        Ok(Item::Reply(reply, authorizer))
    }

    fn item(&mut self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        let item = match Tag(u8::decode(d)?) {
            Tag::MSG => self.message(d),
            Tag::ACK => u64::decode(d).map(Item::Ack),
            Tag::KEEPALIVE => Ok(Item::Keepalive),
            Tag::KEEPALIVE2 => Wall::decode(d).map(Item::Keepalive2),
            Tag::KEEPALIVE2_ACK => Wall::decode(d).map(Item::Keepalive2Ack),
            Tag::CLOSE => Ok(Item::Close),
            tag => Err(DecodeError::Invalid { what: "tag", value: u64::from(tag.0) }),
        }?;
        self.place = Place::Open;
        Ok(item)
    }

    fn message(&self, d: &mut Decoder<'_>) -> Result<Item, DecodeError> {
        let header = MessageHeader::decode(d)?;
        header.verify()?;
        let front = sized(d, header.front_len)?;
        let middle = sized(d, header.middle_len)?;
        let data = BufferList::from(sized(d, header.data_len)?);
        let footer = if self.features.has(Features::MSG_AUTH) {
            Footer::New(MessageFooter::decode(d)?)
        } else {
            Footer::Old(OldFooter::decode(d)?)
        };
        let payload = Payload::received(&header, front, middle, data);
        footer.check(&payload)?;
        Ok(Item::Message(Box::new((header, payload, footer))))
    }
}

fn sized(d: &mut Decoder<'_>, size: u32) -> Result<Bytes, DecodeError> {
    d.bytes(usize::try_from(size).unwrap_or(usize::MAX))
}

impl Footer {
    /// Front, middle and data may each come without a checksum, which then is 0.
    fn check(&self, payload: &Payload) -> Result<(), DecodeError> {
        let sums = match self {
            Self::New(footer) => OldFooter::from(*footer),
            Self::Old(footer) => *footer,
        };
        let parts = [
            ("front", sums.front_crc, crc32c(0, &payload.front)),
            ("middle", sums.middle_crc, crc32c(0, &payload.middle)),
            ("data", sums.data_crc, crc32c_list(0, &payload.data)),
        ];
        for (what, found, computed) in parts {
            if found != 0 && found != computed {
                return Err(DecodeError::Checksum { what, found, computed });
            }
        }
        Ok(())
    }
}

/// As it stood in the stream.
impl Encode for Item {
    fn encode(&self, e: &mut Encoder) {
        match self {
            Self::Banner => e.raw(BANNER),
            Self::Addr(addr) => addr.encode_legacy(e),
            Self::Connect(connect, authorizer) => {
                connect.encode(e);
                e.raw(authorizer);
            }
            Self::Reply(reply, authorizer) => {
                reply.encode(e);
                e.raw(authorizer);
            }
            Self::LastSeen(seq) => seq.encode(e),
            Self::Message(message) => {
                let (header, payload, footer) = &**message;
                (Tag::MSG.0, *header).encode(e);
                e.raw(&payload.front);
                e.raw(&payload.middle);
                payload.data.pieces().iter().for_each(|piece| e.raw(piece));
                match footer {
                    Footer::New(footer) => footer.encode(e),
                    Footer::Old(footer) => footer.encode(e),
                }
            }
            Self::Ack(seq) => (Tag::ACK.0, *seq).encode(e),
            Self::Keepalive => Tag::KEEPALIVE.0.encode(e),
            Self::Keepalive2(stamp) => (Tag::KEEPALIVE2.0, *stamp).encode(e),
            Self::Keepalive2Ack(stamp) => (Tag::KEEPALIVE2_ACK.0, *stamp).encode(e),
            Self::Close => Tag::CLOSE.0.encode(e),
        }
    }
}
