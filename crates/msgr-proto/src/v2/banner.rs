//! The banners: the same at both ends.

use loligo_wire::Decode;
use loligo_wire::msgr1::BANNER;
use loligo_wire::msgr2::{BANNER_PREFIX, Banner, Msgr2Features};

use super::Cx;
use super::frames::Frames;
use crate::Fault;
use crate::compression::CompressionMode;
use crate::config::Config;
use crate::protocol::{not_this, parse, within};

/// What this end can do, and what the other must. Compression is not offered where it is not wanted: asking for it takes a round
/// trip, even if the answer is no.
fn ours(config: &Config) -> Banner {
    let compression = match config.options.compression.ms_osd_compress_mode {
        CompressionMode::None => Msgr2Features::NONE,
        CompressionMode::Force => Msgr2Features::COMPRESSION,
    };
    Banner { supported: Msgr2Features::REVISION_1 | compression, required: Msgr2Features::REVISION_1 }
}

/// Writes our banner.
pub(super) fn put(frames: &mut Frames, cx: &mut Cx<'_>) -> Result<(), Fault> {
    frames.put(cx, &ours(cx.config).to_array())
}

/// Takes what stands before the payload, once it is there; gives the length of the payload.
pub(super) fn take_prefix(frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Option<usize>, Fault> {
    // Something that is not Ceph may never send so much: look at what there is.
    if !cx.stage.starts_like(BANNER_PREFIX) {
        return Err(not_this(cx.stage, BANNER, 1));
    }
    let Some(bytes) = cx.stage.take(Banner::PREFIX_SIZE) else { return Ok(None) };
    let length = parse(bytes.get(BANNER_PREFIX.len()..).unwrap_or_default(), u16::decode)?;
    within("banner", u32::from(length), cx.config.limits.banner)?;
    frames.heard(cx.config, bytes)?;
    Ok(Some(usize::from(length)))
}

/// Takes the payload, once it is there, and says whether it was.
pub(super) fn take_payload(frames: &mut Frames, cx: &mut Cx<'_>, length: usize) -> Result<bool, Fault> {
    let Some(bytes) = cx.stage.take(length) else { return Ok(false) };
    let theirs = parse(bytes, Banner::decode)?;
    frames.heard(cx.config, bytes)?;
    let ours = ours(cx.config);
    if !theirs.supported.has(ours.required) || !ours.supported.has(theirs.required) {
        return Err(Fault::NoCommonRevision);
    }
    frames.talk_of_compression = ours.supported.both(theirs.supported).has(Msgr2Features::COMPRESSION);
    Ok(true)
}
