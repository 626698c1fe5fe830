//! The first words of messenger v1.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use loligo_base::Wall;
use loligo_wire::entity::{EntityAddr, EntityType};
use loligo_wire::msgr1::{BANNER, ConnectMessage, ConnectReply, LEGACY_ADDR_SIZE, Tag, protocol};
use loligo_wire::{Encode, Encoder, Features};

use super::found::{Found, Rtt, Session};
use super::stream::Stream;
use super::{Ping, PingError};

/// A version of the protocol that nobody has: whoever hears it tells their own.
const NO_VERSION: u32 = 1;

/// Who says which version of the protocol to clients. That with managers has never had a number.
const BY_VERSION: [(u32, EntityType); 4] = [
    (protocol::MONC, EntityType::MON),
    (protocol::OSDC, EntityType::OSD),
    (protocol::MDSC, EntityType::MDS),
    (0, EntityType::MGR),
];

/// What somebody says on messenger v1. To say more, all but monitors want to see a ticket; what is no good one, they write into
/// their logs, so that they are not shown any.
pub(super) fn ask(mut stream: Stream, ping: &Ping) -> Result<Found, PingError> {
    stream.hear_banner(BANNER)?;
    let addr: EntityAddr = stream.hear_value("address", LEGACY_ADDR_SIZE)?;
    let our_addr: EntityAddr = stream.hear_value("view of our address", LEGACY_ADDR_SIZE)?;
    let mut greeting = Encoder::new(Features::NONE);
    greeting.raw(BANNER);
    EntityAddr::legacy(our_addr.host.socket_addr().unwrap_or(ping.addr.addr), 0).encode_legacy(&mut greeting);
    let mut message = ConnectMessage {
        features: Features::TENTACLE,
        host_type: EntityType::CLIENT,
        global_seq: 1,
        protocol_version: NO_VERSION,
        flags: ConnectMessage::LOSSY,
        ..ConnectMessage::default()
    };
    message.encode(&mut greeting);
    let start = Instant::now();
    stream.say("the banner and a connect message", &greeting.finish())?;
    let reply = hear_reply(&mut stream)?;
    let rtt = Rtt { of: "handshake", time: start.elapsed() };
    if reply.tag != Tag::BADPROTOVER {
        return Err(unexpected("a connect message without a version", reply.tag));
    }
    let entity = BY_VERSION.iter().find(|(version, _)| *version == reply.protocol_version);
    let mut found = Found {
        addr: ping.addr.entity_addr(super::Protocol::V1),
        protocol: "v1",
        entity: entity.map(|(_, entity)| *entity),
        protocol_version: Some(reply.protocol_version),
        addrs: vec![addr],
        our_addr: Some(our_addr),
        features: Some(reply.features),
        rtt: Some(rtt),
        session: Session::NeedsKey,
        ..Found::default()
    };
    if found.entity == Some(EntityType::MON) {
        message.protocol_version = reply.protocol_version;
        session(&mut stream, &message, &mut found)?;
    }
    Ok(found)
}

/// A monitor opens a session to everybody: the login comes later, by messages.
fn session(stream: &mut Stream, message: &ConnectMessage, found: &mut Found) -> Result<(), PingError> {
    let mut bytes = Encoder::new(Features::NONE);
    message.encode(&mut bytes);
    stream.say("a connect message", &bytes.finish())?;
    let reply = hear_reply(stream)?;
    match reply.tag {
        Tag::READY => {}
        // Each tells the number of the last message that it had.
        Tag::SEQ => {
            let _: u64 = stream.hear_value("number of messages", 8)?;
            stream.say("the number of messages", &[0; 8])?;
        }
        tag => return Err(unexpected("a connect message", tag)),
    }
    found.features = Some(reply.features);
    let mut bytes = Encoder::new(Features::NONE);
    bytes.raw(&[Tag::KEEPALIVE2.0]);
    now().encode(&mut bytes);
    let start = Instant::now();
    stream.say("a keepalive", &bytes.finish())?;
    let tag = Tag(stream.hear_value("item", 1)?);
    if tag != Tag::KEEPALIVE2_ACK {
        return Err(unexpected("a keepalive", tag));
    }
    let _: Wall = stream.hear_value("answer to a keepalive", 8)?;
    found.rtt = Some(Rtt { of: "keepalive", time: start.elapsed() });
    found.session = Session::Open;
    Ok(())
}

fn hear_reply(stream: &mut Stream) -> Result<ConnectReply, PingError> {
    let reply: ConnectReply = stream.hear_value("connect reply", ConnectReply::SIZE)?;
    if reply.authorizer_len > 0 {
        return Err(unexpected("a connect message that shows nothing", reply.tag));
    }
    Ok(reply)
}

fn unexpected(what: &'static str, tag: Tag) -> PingError {
    PingError::Unexpected { what, answer: tag.to_string() }
}

/// The time by the clock on the wall.
pub(super) fn now() -> Wall {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(Wall::ZERO, Wall::from_since_epoch)
}
