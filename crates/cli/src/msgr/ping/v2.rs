//! The first words of messenger v2, in clear text with checksums.

use std::time::Instant;

use bytes::Bytes;
use loligo_wire::cephx::{AuthMethod, AuthNoneAuthorizer, AuthRequestMon};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::msgr2::{
    AuthBadMethodFrame, AuthDoneFrame, AuthRequestFrame, AuthSignatureFrame, BANNER_PREFIX, Banner,
    ClientIdentFrame, ConMode, ControlFrame, CrcEpilogueRev0, HelloFrame, KeepAliveFrame, KeepAliveFrameAck,
    Layout, Msgr2Features, PREAMBLE_SIZE, Preamble, Revision, Secretive, ServerIdentFrame, Tag,
};
use loligo_wire::{Decode, DecodeError, Decoder, Encode, Encoder, Features, GlobalId, crc32c};

use super::found::{Found, Rtt, Session};
use super::stream::Stream;
use super::{Ping, PingError, v1};

/// More than anybody says before a session.
const MAX_FRAME: u32 = 64 << 10;
/// `CEPH_MSG_CONNECT_LOSSY`
const LOSSY: u64 = 1;

/// What somebody says on messenger v2.
pub(super) fn ask(stream: Stream, ping: &Ping) -> Result<Found, PingError> {
    let mut frames = Frames { stream, revision: Revision::Rev1 };
    let banner = frames.greet()?;
    frames.say(&HelloFrame { entity_type: EntityType::CLIENT, peer_addr: addr_for(ping) })?;
    let hello: HelloFrame = frames.hear()?;
    let start = Instant::now();
    // Without a mode that could be had, no method is looked at: the peer tells what it allows.
    frames.say(&AuthRequestFrame { method: AuthMethod::UNKNOWN, ..AuthRequestFrame::default() })?;
    let allowed: AuthBadMethodFrame = frames.hear()?;
    let rtt = Rtt { of: "handshake", time: start.elapsed() };
    let is_open = allowed.allowed_methods.contains(&AuthMethod::NONE);
    let mut found = Found {
        addr: ping.addr.entity_addr(super::Protocol::V2),
        protocol: "v2",
        revision: Some(if frames.revision == Revision::Rev1 { "2.1" } else { "2.0" }),
        compression: Some(banner.supported.has(Msgr2Features::COMPRESSION)),
        entity: Some(hello.entity_type),
        our_addr: Some(hello.peer_addr),
        methods: Some(allowed.allowed_methods),
        modes: Some(allowed.allowed_modes),
        rtt: Some(rtt),
        session: Session::NeedsKey,
        ..Found::default()
    };
    if is_open {
        match session(&mut frames, ping, &hello, &mut found) {
            Ok(()) => found.session = Session::Open,
            // What was said until then is worth telling.
            Err(why) => found.session = Session::Refused(why.to_string()),
        }
    }
    Ok(found)
}

/// Logs in by name alone and opens a session.
fn session(frames: &mut Frames, ping: &Ping, hello: &HelloFrame, found: &mut Found) -> Result<(), PingError> {
    let (name, global_id) = (ping.name.clone(), GlobalId(0));
    let auth_payload = match hello.entity_type {
        EntityType::MON => AuthRequestMon { name, global_id }.to_bytes(Features::NONE),
        _ => AuthNoneAuthorizer { name, global_id }.to_bytes(Features::NONE),
    };
    frames.say(&AuthRequestFrame {
        method: AuthMethod::NONE,
        preferred_modes: vec![ConMode::CRC],
        auth_payload: Secretive(auth_payload),
    })?;
    let done: AuthDoneFrame = frames.hear()?;
    // There is no key: both signatures are zeros.
    frames.say(&AuthSignatureFrame::default())?;
    let _: AuthSignatureFrame = frames.hear()?;
    let our_addr = hello.peer_addr.host.socket_addr().unwrap_or(ping.addr.addr);
    frames.say(&ClientIdentFrame {
        addrs: EntityAddr::new(AddrType::MSGR2, our_addr, std::process::id()).into(),
        target_addr: addr_for(ping),
        gid: i64::try_from(done.global_id.0).unwrap_or_default(),
        global_seq: 1,
        supported_features: Features::TENTACLE,
        required_features: Features::NONE,
        flags: LOSSY,
        cookie: 0,
    })?;
    let ident: ServerIdentFrame = frames.hear()?;
    let EntityAddrVec(addrs) = ident.addrs;
    found.name = Some(EntityName::new(hello.entity_type, ident.gid));
    (found.addrs, found.features) = (addrs, Some(ident.supported_features));
    let start = Instant::now();
    frames.say(&KeepAliveFrame { timestamp: v1::now() })?;
    let _: KeepAliveFrameAck = frames.hear()?;
    found.rtt = Some(Rtt { of: "keepalive", time: start.elapsed() });
    Ok(())
}

fn addr_for(ping: &Ping) -> EntityAddr {
    ping.addr.entity_addr(super::Protocol::V2)
}

/// Frames of one segment over a connection.
struct Frames {
    stream: Stream,
    revision: Revision,
}

impl Frames {
    /// Exchanges banners.
    fn greet(&mut self) -> Result<Banner, PingError> {
        let ours = Banner { supported: Msgr2Features::REVISION_1, required: Msgr2Features::NONE };
        self.stream.say("the banner", &ours.to_array())?;
        self.stream.hear_banner(BANNER_PREFIX)?;
        let len: u16 = self.stream.hear_value("banner", 2)?;
        let bytes = self.stream.hear(usize::from(len))?;
        let theirs = Banner::decode(&mut Decoder::of(&bytes))
            .map_err(|why| PingError::Malformed { what: "banner", why })?;
        if !theirs.supported.has(Msgr2Features::REVISION_1) {
            self.revision = Revision::Rev0;
        }
        Ok(theirs)
    }

    fn say<F: ControlFrame>(&mut self, frame: &F) -> Result<(), PingError> {
        let segment = frame.to_segment();
        let len = u32::try_from(segment.len()).unwrap_or(u32::MAX);
        let preamble = Preamble::new(F::TAG, [len, 0, 0, 0]);
        let mut bytes = Encoder::new(Features::NONE);
        preamble.encode(&mut bytes);
        bytes.raw(&segment);
        let crc = crc32c(u32::MAX, &segment);
        match self.revision {
            Revision::Rev1 if segment.is_empty() => {}
            Revision::Rev1 => crc.encode(&mut bytes),
            Revision::Rev0 => {
                CrcEpilogueRev0 { late_flags: 0, crc_values: [crc, 0, 0, 0] }.encode(&mut bytes);
            }
        }
        self.stream.say(F::TAG.name().unwrap_or("a frame"), &bytes.finish())
    }

    fn hear<F: ControlFrame>(&mut self) -> Result<F, PingError> {
        let what = F::TAG.name().unwrap_or("frame");
        let preamble: Preamble = self.stream.hear_value("preamble", PREAMBLE_SIZE)?;
        let len = preamble.length(0);
        if len > MAX_FRAME || preamble.segments().len() > 1 {
            return Err(PingError::TooLong { what, len: u64::from(len) });
        }
        let bytes = self.stream.hear(usize::try_from(len).unwrap_or(0))?;
        self.check(&preamble, &bytes)?;
        if preamble.tag != F::TAG {
            return Err(PingError::Unexpected { what: waited_for(F::TAG), answer: preamble.tag.to_string() });
        }
        F::from_segment(&bytes).map_err(|why| PingError::Malformed { what, why })
    }

    /// Reads what is behind a segment, and compares.
    fn check(&mut self, preamble: &Preamble, segment: &Bytes) -> Result<(), PingError> {
        let layout = Layout { revision: self.revision, is_secure: false };
        let len = usize::try_from(layout.segment_len(preamble, 0)).unwrap_or(0).saturating_sub(segment.len());
        let computed = crc32c(u32::MAX, segment);
        let found = match self.revision {
            Revision::Rev1 if segment.is_empty() => computed,
            Revision::Rev1 => self.stream.hear_value("checksum", len)?,
            Revision::Rev0 => {
                let epilogue: CrcEpilogueRev0 =
                    self.stream.hear_value("epilogue", layout.epilogue_len(preamble))?;
                epilogue.crc_values.first().copied().unwrap_or(0)
            }
        };
        if found == computed {
            return Ok(());
        }
        let why = DecodeError::Checksum { what: "segment", found, computed };
        Err(PingError::Malformed { what: "frame", why })
    }
}

/// What we had said when that frame was due.
fn waited_for(tag: Tag) -> &'static str {
    match tag {
        Tag::HELLO => "HELLO",
        Tag::AUTH_BAD_METHOD | Tag::AUTH_DONE => "AUTH_REQUEST",
        Tag::AUTH_SIGNATURE => "AUTH_SIGNATURE",
        Tag::SERVER_IDENT => "CLIENT_IDENT",
        _ => "a keepalive",
    }
}
