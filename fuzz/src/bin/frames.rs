//! Compressed frames, with the right checksums, for an open connection of messenger v2: at most one fault, and nothing is
//! delivered that is larger than may be.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use loligo_base::{Mono, Now, Wall};
use loligo_fuzz::{COMPRESSED_LIMIT, Frame};
use loligo_msgr_proto::compression::{CompressionMode, Compressor};
use loligo_msgr_proto::{
    Accept, Answer, Ask, AuthRequest, AuthStep, Config, Pipe, PipeEvent, Policy, PolicySet, SessionAnswer,
};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityName, EntityType};

const NOW: Now = Now { mono: Mono::ZERO, wall: Wall::ZERO };

fuzz_target!(|data: &[u8]| {
    let Some(frame) = Frame::of(data) else { return };
    let mut server = open(frame.compressor());
    let mut bytes = &frame.to_wire()[..];
    while !bytes.is_empty() {
        let Some(mut chunk) = server.recv_begin() else { break };
        let taken = chunk.fill(bytes);
        bytes = &bytes[taken..];
        server.recv_end(NOW, chunk, taken);
        drain(&mut server);
    }
});

/// Looks at what came of it.
fn drain(server: &mut Pipe) {
    while let Some(event) = server.poll() {
        if let PipeEvent::Message(arrived) = event {
            let payload = arrived.envelope.payload;
            let sizes = [payload.front.len(), payload.middle.len(), payload.data.len()];
            assert!(sizes.iter().all(|size| *size <= COMPRESSED_LIMIT as usize), "{sizes:?}");
        }
    }
}

fn config(name: EntityName, policy: Policy, compressor: Compressor) -> Arc<Config> {
    let mut config = Config::new(name, PolicySet::new(policy));
    let compression = &mut config.options.compression;
    compression.ms_osd_compress_mode = CompressionMode::Force;
    compression.ms_osd_compression_algorithm = vec![compressor.algorithm()];
    let limits = &mut config.limits;
    (limits.front, limits.middle, limits.data) = (COMPRESSED_LIMIT, COMPRESSED_LIMIT, COMPRESSED_LIMIT);
    Arc::new(config)
}

/// An OSD to which another one has an open connection, and compresses with it.
fn open(compressor: Compressor) -> Pipe {
    let there = EntityAddr::msgr2("10.0.0.1:6800".parse().expect("an address"), 7);
    let here = EntityAddr::msgr2("10.0.0.2:6800".parse().expect("an address"), 8);
    let client = config(EntityName::osd(1), Policy::lossy_client(), compressor);
    let server = config(EntityName::osd(0), Policy::stateless_server(), compressor);
    let mut client = Pipe::connect(client, NOW, EntityType::OSD, EntityAddrVec::from(there), 1);
    let mut server = Pipe::accept_v2(server, NOW, EntityAddrVec::from(there), here, 2);
    client.started(NOW, client.incarnation());
    server.started(NOW, server.incarnation());
    while !answer(&mut client, here) | !answer(&mut server, there) {
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
    }
    carry(&mut server, &mut client);
    server
}

/// Answers what a pipe asks, and says whether it is open.
fn answer(pipe: &mut Pipe, mine: EntityAddr) -> bool {
    while let Some(event) = pipe.poll() {
        let answer = match event {
            PipeEvent::Asked(Ask::MyAddrs { .. }) => {
                Answer::MyAddrs(EntityAddrVec::from(mine.with_kind(AddrType::MSGR2)))
            }
            PipeEvent::Asked(Ask::GlobalSeq { above }) => Answer::GlobalSeq { seq: above + 1, random: 4 },
            PipeEvent::Asked(Ask::Session(_)) => Answer::Session(SessionAnswer::New),
            PipeEvent::Asked(Ask::Auth(AuthRequest::Authorizer { .. })) => {
                Answer::Auth(AuthStep::Authorizer { method: 1, authorizer: Bytes::from_static(b"me") })
            }
            PipeEvent::Asked(Ask::Auth(_)) => Answer::Auth(AuthStep::Accept(Accept::default())),
            PipeEvent::Dead(fault) => panic!("{fault}"),
            _ => continue,
        };
        pipe.answer(NOW, answer);
    }
    pipe.is_open()
}

/// Carries what one pipe has to say to the other.
fn carry(from: &mut Pipe, to: &mut Pipe) {
    while let Some(batch) = from.send_begin(NOW, 4096) {
        for piece in batch.pieces() {
            let Some(mut chunk) = to.recv_begin() else { return };
            let n = chunk.fill(piece);
            to.recv_end(NOW, chunk, n);
        }
        let n = batch.len();
        from.send_end(batch, n);
    }
}
