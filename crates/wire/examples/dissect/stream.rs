//! One direction of a recorded messenger v1 connection, item by item.

use bytes::Bytes;
use loligo_base::Wall;
use loligo_wire::message::Payload;
use loligo_wire::msgr1::{
    BANNER, ConnectMessage, ConnectReply, MessageFooter, MessageHeader, OldFooter, Tag,
};
use loligo_wire::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, EntityAddr, Features, crc32c};

/// Who sent the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Who opened the connection.
    Client,
    /// Who accepted it.
    Server,
}

/// What the stream is made of.
#[derive(Debug, PartialEq)]
pub(crate) enum Item {
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
pub(crate) enum Footer {
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

/// Reads the items of a stream, one after the other. After an error the rest makes no sense.
///
/// The client of a session that goes on over a second connection tells the last message that it has seen, of which this
/// reader takes only the number 0 for what it is.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    d: Decoder<'a>,
    side: Side,
    place: Place,
    features: Features,
}

impl<'a> Reader<'a> {
    /// Reads a connection from its first byte.
    #[must_use]
    pub(crate) fn new(stream: &'a Bytes, side: Side) -> Self {
        Self { d: Decoder::of(stream), side, place: Place::Banner, features: Features::NONE }
    }

    /// How many bytes are left.
    #[must_use]
    pub(crate) fn left(&self) -> usize {
        self.d.left()
    }

    /// Reads an item; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the bytes are no item, or end within one.
    pub(crate) fn read(&mut self) -> Result<Option<Item>, DecodeError> {
        if self.d.is_empty() {
            return Ok(None);
        }
        match self.place {
            Place::Banner => self.banner(),
            Place::Addr => {
                self.addr(if self.side == Side::Client { Place::Connect } else { Place::PeerAddr })
            }
            Place::PeerAddr => self.addr(Place::Reply),
            Place::Connect => self.connect(),
            Place::Proposed => self.proposed(),
            Place::Reply => self.reply(),
            Place::LastSeen => self.last_seen(),
            Place::Open => self.open(),
        }
        .map(Some)
    }

    fn banner(&mut self) -> Result<Item, DecodeError> {
        let found: [u8; BANNER.len()] = self.d.array()?;
        if found != *BANNER {
            return Err(DecodeError::Invalid { what: "banner", value: u64::from(found[0]) });
        }
        self.place = Place::Addr;
        Ok(Item::Banner)
    }

    fn addr(&mut self, next: Place) -> Result<Item, DecodeError> {
        self.place = next;
        EntityAddr::decode(&mut self.d).map(Item::Addr)
    }

    fn connect(&mut self) -> Result<Item, DecodeError> {
        let connect = ConnectMessage::decode(&mut self.d)?;
        let authorizer = self.sized(connect.authorizer_len)?;
        self.features = connect.features;
        self.place = Place::Proposed;
        Ok(Item::Connect(connect, authorizer))
    }

    /// The first byte tells: another proposal begins with features, of which some are always there that have a bit which
    /// no tag has; and no tag is 0.
    fn proposed(&mut self) -> Result<Item, DecodeError> {
        match self.d.rest().first() {
            Some(byte) if Features(u64::from(*byte)).has(Features::RECONNECT_SEQ) => self.connect(),
            Some(0) => self.last_seen(),
            _ => {
                self.place = Place::Open;
                self.open()
            }
        }
    }

    fn last_seen(&mut self) -> Result<Item, DecodeError> {
        self.place = Place::Open;
        u64::decode(&mut self.d).map(Item::LastSeen)
    }

    fn reply(&mut self) -> Result<Item, DecodeError> {
        let reply = ConnectReply::decode(&mut self.d)?;
        let authorizer = self.sized(reply.authorizer_len)?;
        self.features = reply.features;
        self.place = match reply.tag {
            Tag::READY => Place::Open,
            Tag::SEQ => Place::LastSeen,
            // The client is to try again.
            _ => Place::Reply,
        };
        Ok(Item::Reply(reply, authorizer))
    }

    fn open(&mut self) -> Result<Item, DecodeError> {
        match Tag(u8::decode(&mut self.d)?) {
            Tag::MSG => self.message(),
            Tag::ACK => u64::decode(&mut self.d).map(Item::Ack),
            Tag::KEEPALIVE => Ok(Item::Keepalive),
            Tag::KEEPALIVE2 => Wall::decode(&mut self.d).map(Item::Keepalive2),
            Tag::KEEPALIVE2_ACK => Wall::decode(&mut self.d).map(Item::Keepalive2Ack),
            Tag::CLOSE => Ok(Item::Close),
            tag => Err(DecodeError::Invalid { what: "tag", value: u64::from(tag.0) }),
        }
    }

    fn message(&mut self) -> Result<Item, DecodeError> {
        let header = MessageHeader::decode(&mut self.d)?;
        header.verify()?;
        let front = self.sized(header.front_len)?;
        let middle = self.sized(header.middle_len)?;
        let data = BufferList::from(self.sized(header.data_len)?);
        let footer = if self.features.has(Features::MSG_AUTH) {
            Footer::New(MessageFooter::decode(&mut self.d)?)
        } else {
            Footer::Old(OldFooter::decode(&mut self.d)?)
        };
        let payload = Payload::received(&header, front, middle, data);
        footer.check(&payload)?;
        Ok(Item::Message(Box::new((header, payload, footer))))
    }

    fn sized(&mut self, size: u32) -> Result<Bytes, DecodeError> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.d.bytes(size)
    }
}

impl Footer {
    /// Front, middle and data may each come without a checksum, which then is 0.
    fn check(&self, payload: &Payload) -> Result<(), DecodeError> {
        let sums = match self {
            Self::New(footer) => OldFooter::from(*footer),
            Self::Old(footer) => *footer,
        };
        let data: Vec<u8> = payload.data.pieces().iter().flatten().copied().collect();
        let parts = [
            ("front", sums.front_crc, &payload.front[..]),
            ("middle", sums.middle_crc, &payload.middle),
            ("data", sums.data_crc, &data),
        ];
        for (what, found, part) in parts {
            let computed = crc32c(0, part);
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
