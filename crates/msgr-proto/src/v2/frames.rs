//! Frames in and out: what is summed or sealed, and what both ends sign of the handshake.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_auth::{AuthError, ConnectionSecret, FrameCiphers, SessionKey, Side};
use loligo_wire::msgr2::{
    ControlFrame, INLINE_SIZE, Layout, PREAMBLE_SIZE, Preamble, Revision, TAG_SIZE, Tag,
};
use loligo_wire::{Decode, DecodeError, crc32c};

use super::Cx;
use crate::Fault;
use crate::compression::{CompressionError, Compressor, most};
use crate::config::Config;
use crate::pipe::Gather;
use crate::protocol::{parse, same, whole, within};

/// What sealed bytes are filled up to.
const BLOCK: usize = 16;
/// The size of the checksum behind a first segment.
const CRC_SIZE: usize = 4;
/// The size of a secure preamble: with what is in it of the first segment, and the proof that it is whole.
const BLOCK_SIZE: usize = PREAMBLE_SIZE + INLINE_SIZE + TAG_SIZE;
/// The largest segment that is read through the stage, which must be able to hold all of it.
const STAGED_MAX: usize = 16 << 10;

/// Frames of one connection.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// In secure mode, once both ends have the keys.
    ciphers: Option<FrameCiphers>,
    /// Both banners offer compression: there is talk of it before the session.
    pub(super) talk_of_compression: bool,
    /// Once both ends have agreed on it.
    compression: Option<Agreed>,
    /// What was said, until it is signed.
    transcript: Option<Transcript>,
    /// The frame that is being read.
    head: Option<Head>,
    /// Its first segment, where that is large.
    large: Option<Gather>,
}

/// How frames are compressed.
#[derive(Clone, Copy, Debug)]
struct Agreed {
    compressor: Compressor,
    /// The least that a frame must have in its segments.
    min_size: u64,
}

/// A preamble that was read and checked.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) preamble: Preamble,
    /// What was in a secure preamble of the first segment, padded.
    inline: [u8; INLINE_SIZE],
}

/// What was said until both ends know each other.
#[derive(Debug)]
struct Transcript {
    /// Which end this is.
    side: Side,
    sent: Vec<u8>,
    received: Vec<u8>,
}

impl Transcript {
    /// Keeps what we say.
    fn said(&mut self, bytes: &[u8], config: &Config) -> Result<(), Fault> {
        let is_proof = self.side == Side::Server;
        keep(&mut self.sent, bytes, config, is_proof)
    }

    /// Keeps what the peer says.
    fn heard(&mut self, bytes: &[u8], config: &Config) -> Result<(), Fault> {
        let is_proof = self.side == Side::Client;
        keep(&mut self.received, bytes, config, is_proof)
    }
}

/// Keeps bytes, of the side that proves itself to the caller or of the other, with no room for more: there are few additions,
/// and who called may never say who it is.
fn keep(kept: &mut Vec<u8>, bytes: &[u8], config: &Config, is_proof: bool) -> Result<(), Fault> {
    let size = u32::try_from(kept.len().saturating_add(bytes.len())).unwrap_or(u32::MAX);
    let proof = if is_proof { config.limits.auth_reply } else { 0 };
    within("handshake", size, config.limits.transcript.saturating_add(proof))?;
    kept.reserve_exact(bytes.len());
    kept.extend_from_slice(bytes);
    Ok(())
}

impl Frames {
    /// For a connection that begins: what is said is kept, to be signed.
    pub(super) const fn new(side: Side) -> Self {
        let transcript = Transcript { side, sent: Vec::new(), received: Vec::new() };
        Self {
            ciphers: None,
            talk_of_compression: false,
            compression: None,
            transcript: Some(transcript),
            head: None,
            large: None,
        }
    }

    const fn layout(&self) -> Layout {
        Layout { revision: Revision::Rev1, is_secure: self.ciphers.is_some() }
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.ciphers.is_some()
    }

    /// Writes bytes as they are.
    pub(super) fn put(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result<(), Fault> {
        if let Some(transcript) = &mut self.transcript {
            transcript.said(bytes, cx.config)?;
        }
        cx.writer.put(bytes);
        Ok(())
    }

    /// Takes bytes that were read as they are.
    pub(super) fn heard(&mut self, config: &Config, bytes: &[u8]) -> Result<(), Fault> {
        match &mut self.transcript {
            Some(transcript) => transcript.heard(bytes, config),
            None => Ok(()),
        }
    }

    /// Both ends know each other: all that was said until now is to be signed, and from now on it goes in secret where there
    /// is a secret. Gives our signature, and what that of the peer must be over.
    pub(super) fn agree(
        &mut self,
        side: Side,
        key: Option<&SessionKey>,
        secret: Option<&ConnectionSecret>,
    ) -> Result<([u8; 32], Vec<u8>), Fault> {
        let (sent, received) =
            self.transcript.take().map(|said| (said.sent, said.received)).unwrap_or_default();
        let ciphers = secret.map(|secret| FrameCiphers::new(secret, side)).transpose();
        self.ciphers = ciphers.map_err(|_| Fault::AuthFailed)?;
        Ok((key.map_or([0; 32], |key| key.sign_transcript(&received)), sent))
    }

    /// Both ends have agreed on that: from now on frames of that size and more are compressed.
    pub(super) const fn compress_with(&mut self, compressor: Compressor, min_size: u64) {
        self.compression = Some(Agreed { compressor, min_size });
    }

    /// How a frame of so many bytes is compressed; `None` where it goes as it is.
    pub(super) fn compressor(&self, size: u64) -> Option<Compressor> {
        self.compression.filter(|agreed| size >= agreed.min_size).map(|agreed| agreed.compressor)
    }

    /// A segment of a frame with that preamble, as it was before it was compressed.
    pub(super) fn plain<'a>(
        &self,
        preamble: &Preamble,
        segment: &'a [u8],
        what: &'static str,
        limit: u32,
    ) -> Result<Cow<'a, [u8]>, Fault> {
        if !preamble.is_compressed() || segment.is_empty() {
            return Ok(Cow::Borrowed(segment));
        }
        let Agreed { compressor, .. } = self.compression.ok_or(Fault::NotCompressing)?;
        let plain = compressor.decompress(segment, limit as usize);
        plain.map(Cow::Owned).map_err(|error| match error {
            CompressionError::TooLarge { size, limit } => Fault::TooLarge { what, size, limit },
            error => Fault::Compression { what, error },
        })
    }

    /// The preamble of the frame that comes, once it is there.
    pub(super) fn head(&mut self, cx: &mut Cx<'_>) -> Result<Option<&Head>, Fault> {
        if self.head.is_none() {
            let Some(bytes) = cx.stage.take(self.layout().preamble_len()) else { return Ok(None) };
            let head = match &mut self.ciphers {
                Some(ciphers) => {
                    let mut block: [u8; BLOCK_SIZE] = bytes.try_into().map_err(|_| Fault::Signature)?;
                    let plain = ciphers.opener.open(&mut block).map_err(cipher_fault)?;
                    let (preamble, inline) = plain.split_at_checked(PREAMBLE_SIZE).ok_or(Fault::Signature)?;
                    let inline = inline.try_into().map_err(|_| Fault::Signature)?;
                    Head { preamble: preamble_of(preamble)?, inline }
                }
                None => {
                    let head = Head { preamble: preamble_of(bytes)?, inline: [0; INLINE_SIZE] };
                    if let Some(transcript) = &mut self.transcript {
                        transcript.heard(bytes, cx.config)?;
                    }
                    head
                }
            };
            if head.preamble.is_compressed() && self.compression.is_none() {
                return Err(Fault::NotCompressing);
            }
            self.head = Some(head);
        }
        Ok(self.head.as_ref())
    }

    /// Reads the first segment of the frame that comes, once it is there; gives its preamble too. It has to have been found
    /// small enough on the wire, and may have so many bytes.
    pub(super) fn first_segment<T>(
        &mut self,
        cx: &mut Cx<'_>,
        limit: u32,
        read: impl FnOnce(&[u8]) -> Result<T, Fault>,
    ) -> Result<Option<(Preamble, T)>, Fault> {
        let layout = self.layout();
        let Some(head) = &self.head else { return Ok(None) };
        let behind = usize::try_from(layout.segment_len(&head.preamble, 0)).unwrap_or(usize::MAX);
        if !self.gather_large(cx, behind) {
            return Ok(None);
        }
        let large = self.large.take().map(whole);
        let Some(bytes) = large.as_deref().or_else(|| cx.stage.take(behind)) else { return Ok(None) };
        let Some(Head { preamble, inline }) = self.head.take() else { return Ok(None) };
        let length = preamble.length(0) as usize;
        let opened;
        let segment = if let Some(ciphers) = &mut self.ciphers {
            if bytes.is_empty() {
                inline.get(..length).unwrap_or_default()
            } else {
                let mut segment = [&inline[..], bytes].concat();
                let (_, rest) = segment.split_at_mut(inline.len());
                ciphers.opener.open(rest).map_err(cipher_fault)?;
                opened = segment;
                opened.get(..length).unwrap_or_default()
            }
        } else {
            let segment = bytes.get(..length).unwrap_or_default();
            if length > 0 && cx.config.options.ms_crc_data {
                let found = parse(bytes.get(length..).unwrap_or_default(), u32::decode)?;
                same("first segment", crc32c(u32::MAX, segment), found)?;
            }
            if let Some(transcript) = &mut self.transcript {
                transcript.heard(bytes, cx.config)?;
            }
            segment
        };
        let found = read(&self.plain(&preamble, segment, "first segment", limit)?)?;
        Ok(Some((preamble, found)))
    }

    /// Gathers what is too large for the stage; says whether all of it is there, or is to be taken of the stage.
    fn gather_large(&mut self, cx: &mut Cx<'_>, behind: usize) -> bool {
        if behind <= STAGED_MAX {
            return true;
        }
        let nothing_ahead = || Gather::new(behind, false).in_one_piece(STAGED_MAX);
        self.large.get_or_insert_with(nothing_ahead).absorb(cx.stage, cx.spares)
    }

    /// The large segment that is being read, if any.
    pub(super) const fn gather(&mut self) -> Option<&mut Gather> {
        self.large.as_mut()
    }

    /// A whole frame that is not a message, once it is there. A message is none that may come in this state.
    pub(super) fn control(
        &mut self,
        cx: &mut Cx<'_>,
        state: &'static str,
    ) -> Result<Option<(Tag, Bytes)>, Fault> {
        let Some(head) = self.head(cx)? else { return Ok(None) };
        let preamble = head.preamble;
        if preamble.tag == Tag::MESSAGE || preamble.segments().len() > 1 {
            return Err(Fault::Unexpected { tag: preamble.tag.0, state });
        }
        let (tag, length) = (preamble.tag, preamble.length(0));
        let limit = self.control_limit(cx.config, tag);
        within("control frame", length, if preamble.is_compressed() { most(limit) } else { limit })?;
        let segment = self.first_segment(cx, limit, |segment| Ok(Bytes::copy_from_slice(segment)))?;
        Ok(segment.map(|(preamble, segment)| (preamble.tag, segment)))
    }

    /// How large such a frame may be now.
    fn control_limit(&self, config: &Config, tag: Tag) -> u32 {
        let is_calling = self.transcript.as_ref().is_some_and(|said| said.side == Side::Client);
        match tag {
            Tag::AUTH_REPLY_MORE | Tag::AUTH_DONE if is_calling => {
                config.limits.control.max(config.limits.auth_reply)
            }
            _ => config.limits.control,
        }
    }

    /// Writes a frame that is not a message.
    pub(super) fn put_control<F: ControlFrame>(&mut self, cx: &mut Cx<'_>, frame: &F) -> Result<(), Fault> {
        let segment = frame.to_segment();
        let preamble = |segment: &[u8]| {
            let length = u32::try_from(segment.len()).map_err(|_| Fault::AuthFailed)?;
            Ok(Preamble::new(F::TAG, [length, 0, 0, 0]))
        };
        let compressor = self.compressor(segment.len() as u64);
        match compressor.and_then(|compressor| compressor.segment(&segment)) {
            Some(segment) => self.begin_frame(cx, &preamble(&segment)?.compressed(), &segment),
            None => self.begin_frame(cx, &preamble(&segment)?, &segment),
        }
    }

    /// Writes the preamble and the first segment of a frame.
    pub(super) fn begin_frame(
        &mut self,
        cx: &mut Cx<'_>,
        preamble: &Preamble,
        segment: &[u8],
    ) -> Result<(), Fault> {
        let Some(ciphers) = &mut self.ciphers else {
            self.put(cx, &preamble.to_array())?;
            self.put(cx, segment)?;
            let crc: [u8; CRC_SIZE] = crc32c(u32::MAX, segment).to_le_bytes();
            return if segment.is_empty() { Ok(()) } else { self.put(cx, &crc) };
        };
        let (inline, behind) = segment.split_at(segment.len().min(INLINE_SIZE));
        let mut block = [0; BLOCK_SIZE];
        let (head, rest) = block.split_at_mut(PREAMBLE_SIZE);
        head.copy_from_slice(&preamble.to_array());
        rest.split_at_mut(inline.len()).0.copy_from_slice(inline);
        ciphers.sealer.seal_in_place(&mut block).map_err(cipher_fault)?;
        cx.writer.put(&block);
        if !behind.is_empty() {
            let mut rest = Vec::with_capacity(behind.len().next_multiple_of(BLOCK) + TAG_SIZE);
            rest.extend_from_slice(behind);
            pad(&mut rest);
            ciphers.sealer.seal(&mut rest).map_err(cipher_fault)?;
            cx.writer.put(&rest);
        }
        Ok(())
    }

    /// Seals what stands behind the first segment, in place.
    pub(super) fn seal_rest(&mut self, rest: &mut Vec<u8>) -> Result<(), Fault> {
        match &mut self.ciphers {
            Some(ciphers) => ciphers.sealer.seal(rest).map_err(cipher_fault),
            None => Ok(()),
        }
    }

    /// Opens what stands behind the first segment, in place.
    pub(super) fn open_rest<'a>(&mut self, rest: &'a mut [u8]) -> Result<&'a mut [u8], Fault> {
        match &mut self.ciphers {
            Some(ciphers) => ciphers.opener.open(rest).map_err(cipher_fault),
            None => Ok(rest),
        }
    }
}

/// Fills up to a whole block.
pub(super) fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
}

fn cipher_fault(error: AuthError) -> Fault {
    match error {
        AuthError::OutOfNonces => Fault::OutOfNonces,
        _ => Fault::Signature,
    }
}

fn preamble_of(bytes: &[u8]) -> Result<Preamble, Fault> {
    match parse(bytes, Preamble::decode) {
        Err(Fault::Malformed(DecodeError::Checksum { .. })) => Err(Fault::Checksum { what: "preamble" }),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_says_is_kept_without_room_for_more() {
        let config = Config::client();
        let limit = config.limits.transcript as usize;
        let mut transcript = Transcript { side: Side::Server, sent: Vec::new(), received: Vec::new() };
        let mut heard = Ok(());
        while heard.is_ok() {
            heard = transcript.heard(&[7; 1_000], &config);
            assert!(transcript.received.capacity() < transcript.received.len() + 64);
        }
        assert!(matches!(heard, Err(Fault::TooLarge { what: "handshake", .. })));
        assert!(transcript.received.len() <= limit && limit < 64 << 10);
    }
}
