//! What the two ends say about compression, between the signatures and the session: a caller asks, who is called decides.

use bytes::Bytes;
use loligo_wire::entity::EntityType;
use loligo_wire::msgr2::{CompressionAlgorithm, CompressionDoneFrame, CompressionRequestFrame};

use super::frames::Frames;
use super::{Cx, read};
use crate::Fault;
use crate::compression::{CompressionMode, Compressor};

/// Asks the peer (`send_compression_request`).
pub(super) fn request(frames: &mut Frames, cx: &mut Cx<'_>, peer: EntityType) -> Result<(), Fault> {
    let compression = &cx.config.options.compression;
    let request = CompressionRequestFrame {
        is_compress: compression.get_mode(peer, frames.is_secure()) != CompressionMode::None,
        preferred_methods: compression.get_methods(peer).to_vec(),
    };
    frames.put_control(cx, &request)
}

/// The peer has decided (`handle_compression_done`). It may not choose what was not offered.
pub(super) fn done(frames: &mut Frames, cx: &Cx<'_>, peer: EntityType, segment: &Bytes) -> Result<(), Fault> {
    let CompressionDoneFrame { is_compress, method } = read(segment)?;
    let compression = &cx.config.options.compression;
    let is_wanted = compression.get_mode(peer, frames.is_secure()) != CompressionMode::None;
    if !is_wanted || !is_compress {
        return Ok(());
    }
    if !compression.get_methods(peer).contains(&method) {
        return Err(Fault::AlgorithmNotOffered(method));
    }
    agree(frames, cx, peer, method)
}

/// A peer asks: decides, and says so (`handle_compression_request`).
pub(super) fn answer(
    frames: &mut Frames,
    cx: &mut Cx<'_>,
    peer: EntityType,
    segment: &Bytes,
) -> Result<(), Fault> {
    let CompressionRequestFrame { is_compress, preferred_methods } = read(segment)?;
    let compression = &cx.config.options.compression;
    let is_wanted = compression.get_mode(peer, frames.is_secure()) != CompressionMode::None;
    let method = if is_wanted && is_compress {
        compression.pick_method(peer, &preferred_methods)
    } else {
        CompressionAlgorithm::NONE
    };
    let is_compress = method != CompressionAlgorithm::NONE;
    frames.put_control(cx, &CompressionDoneFrame { is_compress, method })?;
    if is_compress { agree(frames, cx, peer, method) } else { Ok(()) }
}

fn agree(
    frames: &mut Frames,
    cx: &Cx<'_>,
    peer: EntityType,
    method: CompressionAlgorithm,
) -> Result<(), Fault> {
    let compressor = Compressor::create(method).ok_or(Fault::AlgorithmNotOffered(method))?;
    frames.compress_with(compressor, cx.config.options.compression.get_min_compression_size(peer));
    Ok(())
}
