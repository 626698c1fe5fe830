//! Frames in and out: what is summed or sealed, and what both ends sign of the handshake.

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_auth::{AuthError, ConnectionSecret, FrameCiphers, SessionKey, Side};
use loligo_wire::msgr2::{
    ControlFrame, INLINE_SIZE, Layout, PREAMBLE_SIZE, Preamble, Revision, TAG_SIZE, Tag,
};
use loligo_wire::{Decode, DecodeError, crc32c};

use super::Cx;
use crate::Fault;
use crate::config::Config;
use crate::protocol::{parse, same, within};

/// What sealed bytes are filled up to.
const BLOCK: usize = 16;
/// The size of the checksum behind a first segment.
const CRC_SIZE: usize = 4;

/// Frames of one connection.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// In secure mode, once both ends have the keys.
    ciphers: Option<FrameCiphers>,
    /// What was said, until it is signed.
    transcript: Option<Transcript>,
    /// The frame that is being read.
    head: Option<Head>,
}

/// A preamble that was read and checked.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) preamble: Preamble,
    /// What was in a secure preamble of the first segment, padded.
    inline: Vec<u8>,
}

/// What was said until both ends know each other.
#[derive(Debug, Default)]
struct Transcript {
    sent: Vec<u8>,
    received: Vec<u8>,
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8], config: &Config) -> Result<(), Fault> {
    let size = u32::try_from(kept.len().saturating_add(bytes.len())).unwrap_or(u32::MAX);
    within("handshake", size, config.limits.transcript)?;
    kept.extend_from_slice(bytes);
    Ok(())
}

impl Frames {
    /// For a connection that begins: what is said is kept, to be signed.
    pub(super) fn new() -> Self {
        Self { ciphers: None, transcript: Some(Transcript::default()), head: None }
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
            keep(&mut transcript.sent, bytes, cx.config)?;
        }
        cx.writer.put(bytes);
        Ok(())
    }

    /// Takes bytes that were read as they are.
    pub(super) fn heard(&mut self, config: &Config, bytes: &[u8]) -> Result<(), Fault> {
        match &mut self.transcript {
            Some(transcript) => keep(&mut transcript.received, bytes, config),
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
        let Transcript { sent, received } = self.transcript.take().unwrap_or_default();
        let ciphers = secret.map(|secret| FrameCiphers::new(secret, side)).transpose();
        self.ciphers = ciphers.map_err(|_| Fault::AuthFailed)?;
        Ok((key.map_or([0; 32], |key| key.sign_transcript(&received)), sent))
    }

    /// The preamble of the frame that comes, once it is there.
    pub(super) fn head(&mut self, cx: &mut Cx<'_>) -> Result<Option<&Head>, Fault> {
        if self.head.is_none() {
            let Some(bytes) = cx.stage.take(self.layout().preamble_len()) else { return Ok(None) };
            let head = match &mut self.ciphers {
                Some(ciphers) => {
                    let mut block = Vec::from(bytes);
                    let plain = ciphers.opener.open(&mut block).map_err(cipher_fault)?;
                    let (preamble, inline) = plain.split_at_checked(PREAMBLE_SIZE).ok_or(Fault::Signature)?;
                    Head { preamble: preamble_of(preamble)?, inline: Vec::from(inline) }
                }
                None => {
                    let head = Head { preamble: preamble_of(bytes)?, inline: Vec::new() };
                    if let Some(transcript) = &mut self.transcript {
                        keep(&mut transcript.received, bytes, cx.config)?;
                    }
                    head
                }
            };
            self.head = Some(head);
        }
        Ok(self.head.as_ref())
    }

    /// The first segment of the frame that comes, once it is there, with its preamble. It has to have been found small enough.
    pub(super) fn first_segment(&mut self, cx: &mut Cx<'_>) -> Result<Option<(Preamble, Bytes)>, Fault> {
        let layout = self.layout();
        let Some(head) = &self.head else { return Ok(None) };
        let behind = usize::try_from(layout.segment_len(&head.preamble, 0)).unwrap_or(usize::MAX);
        let Some(bytes) = cx.stage.take(behind) else { return Ok(None) };
        let Some(head) = self.head.take() else { return Ok(None) };
        let length = head.preamble.length(0) as usize;
        let segment = if let Some(ciphers) = &mut self.ciphers {
            let mut segment = head.inline;
            if !bytes.is_empty() {
                let mut rest = Vec::from(bytes);
                segment.extend_from_slice(ciphers.opener.open(&mut rest).map_err(cipher_fault)?);
            }
            segment.truncate(length);
            Bytes::from(segment)
        } else {
            let segment = bytes.get(..length).unwrap_or_default();
            if length > 0 && cx.config.options.ms_crc_data {
                let found = parse(bytes.get(length..).unwrap_or_default(), u32::decode)?;
                same("first segment", crc32c(u32::MAX, segment), found)?;
            }
            if let Some(transcript) = &mut self.transcript {
                keep(&mut transcript.received, bytes, cx.config)?;
            }
            Bytes::copy_from_slice(segment)
        };
        Ok(Some((head.preamble, segment)))
    }

    /// A whole frame that is not a message, once it is there. A message is none that may come in this state.
    pub(super) fn control(
        &mut self,
        cx: &mut Cx<'_>,
        state: &'static str,
    ) -> Result<Option<(Tag, Bytes)>, Fault> {
        let Some(head) = self.head(cx)? else { return Ok(None) };
        let preamble = &head.preamble;
        if preamble.tag == Tag::MESSAGE || preamble.segments().len() > 1 {
            return Err(Fault::Unexpected { tag: preamble.tag.0, state });
        }
        within("control frame", preamble.length(0), cx.config.limits.control)?;
        let segment = self.first_segment(cx)?;
        Ok(segment.map(|(preamble, segment)| (preamble.tag, segment)))
    }

    /// Writes a frame that is not a message.
    pub(super) fn put_control<F: ControlFrame>(&mut self, cx: &mut Cx<'_>, frame: &F) -> Result<(), Fault> {
        let segment = frame.to_segment();
        let length = u32::try_from(segment.len()).map_err(|_| Fault::AuthFailed)?;
        let mut bytes = Vec::with_capacity(PREAMBLE_SIZE + INLINE_SIZE + 2 * TAG_SIZE + segment.len());
        self.begin_frame(&Preamble::new(F::TAG, [length, 0, 0, 0]), &segment, &mut bytes)?;
        self.put(cx, &bytes)
    }

    /// Appends the preamble and the first segment of a frame.
    pub(super) fn begin_frame(
        &mut self,
        preamble: &Preamble,
        segment: &[u8],
        to: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Some(ciphers) = &mut self.ciphers else {
            to.extend_from_slice(&preamble.to_array());
            to.extend_from_slice(segment);
            if !segment.is_empty() {
                let crc: [u8; CRC_SIZE] = crc32c(u32::MAX, segment).to_le_bytes();
                to.extend_from_slice(&crc);
            }
            return Ok(());
        };
        let (inline, behind) = segment.split_at(segment.len().min(INLINE_SIZE));
        let mut block = Vec::with_capacity(PREAMBLE_SIZE + INLINE_SIZE + TAG_SIZE);
        block.extend_from_slice(&preamble.to_array());
        block.extend_from_slice(inline);
        block.resize(PREAMBLE_SIZE + INLINE_SIZE, 0);
        ciphers.sealer.seal(&mut block).map_err(cipher_fault)?;
        to.extend_from_slice(&block);
        if !behind.is_empty() {
            let mut rest = Vec::from(behind);
            pad(&mut rest);
            ciphers.sealer.seal(&mut rest).map_err(cipher_fault)?;
            to.extend_from_slice(&rest);
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
    let preamble = match parse(bytes, Preamble::decode) {
        Err(Fault::Malformed(DecodeError::Checksum { .. })) => Err(Fault::Checksum { what: "preamble" }),
        other => other,
    }?;
    if preamble.flags & Preamble::COMPRESSED != 0 {
        // Not agreed on: our banner does not offer it.
        let value = u64::from(preamble.flags);
        return Err(Fault::Malformed(DecodeError::Invalid { what: "frame flags", value }));
    }
    Ok(preamble)
}
