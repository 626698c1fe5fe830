//! Captures: pcap and pcapng.
//!
//! Both are written in the byte order of the machine that captured. Of pcapng, the blocks that hold packets are read, and
//! those that say how: section headers, interface descriptions, enhanced and simple packets.

use std::io::{self, Read};

use loligo_base::Wall;
use loligo_wire::dump::Stamp;
use thiserror::Error;

/// The most bytes that a packet or a block may have. Captures of a loopback interface have packets of 64 KiB.
const MAX_BLOCK: u32 = 16 << 20;
/// The most interfaces of a section.
const MAX_INTERFACES: usize = 4096;

/// Why a file is no capture, or how it is broken.
#[derive(Debug, Error)]
pub(crate) enum CaptureError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It ends within what a capture begins with.
    #[error("too short for a capture of packets: pcap or pcapng is expected, like that of tcpdump -w")]
    Short,
    /// It ends in the middle of a packet.
    #[error("cut off: it ends in the middle of a packet")]
    CutOff,
    /// It begins otherwise than a capture does.
    #[error("neither pcap nor pcapng, like that of tcpdump -w: it begins with {0:08x}")]
    Magic(u32),
    /// A length that makes no sense.
    #[error("broken: a {what} of {length} bytes")]
    Length {
        /// What has that length.
        what: &'static str,
        /// The length.
        length: u32,
    },
    /// A packet of an interface that was not described.
    #[error("broken: a packet of interface {0}, which is not described")]
    Interface(u32),
}

impl CaptureError {
    /// Says instead what it means where more bytes were expected than there are.
    fn at_the_end(self, instead: Self) -> Self {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => instead,
            other => other,
        }
    }
}

/// A packet.
#[derive(Debug)]
pub(crate) struct Packet {
    /// When it was captured; `None` where the capture does not say.
    pub(crate) time: Option<Stamp>,
    /// What it begins with: a `LINKTYPE_*` number.
    pub(crate) link: u32,
    /// Its bytes, perhaps cut off.
    pub(crate) bytes: Vec<u8>,
}

/// A capture that is being read.
pub(crate) struct Capture<R> {
    input: R,
    big_endian: bool,
    form: Form,
}

enum Form {
    Pcap { link: u32, nanos: bool },
    PcapNg { interfaces: Vec<Interface> },
}

/// How an interface's packets are captured.
#[derive(Clone, Copy)]
struct Interface {
    link: u32,
    /// How many units of its clock make a second.
    units: u64,
}

const SECTION: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;

impl<R: Read> Capture<R> {
    /// Reads what the capture begins with.
    pub(crate) fn new(input: R) -> Result<Self, CaptureError> {
        Self::begin(input).map_err(|why| why.at_the_end(CaptureError::Short))
    }

    fn begin(mut input: R) -> Result<Self, CaptureError> {
        let mut magic = [0; 4];
        input.read_exact(&mut magic)?;
        let (magic, swapped) = (u32::from_le_bytes(magic), u32::from_be_bytes(magic));
        let (big_endian, nanos) = match (magic, swapped) {
            (SECTION, _) => {
                let form = Form::PcapNg { interfaces: Vec::new() };
                let mut capture = Self { input, big_endian: false, form };
                capture.section()?;
                return Ok(capture);
            }
            (0xa1b2_c3d4, _) => (false, false),
            (_, 0xa1b2_c3d4) => (true, false),
            (0xa1b2_3c4d, _) => (false, true),
            (_, 0xa1b2_3c4d) => (true, true),
            _ => return Err(CaptureError::Magic(magic)),
        };
        let mut capture = Self { input, big_endian, form: Form::Pcap { link: 0, nanos } };
        // Version, time zone, accuracy, the most that is captured of a packet.
        capture.array::<16>()?;
        // The upper half says whether there is a checksum behind a packet.
        let link = capture.word()? & 0xffff;
        capture.form = Form::Pcap { link, nanos };
        Ok(capture)
    }

    /// The next packet; `None` at the end.
    pub(crate) fn next_packet(&mut self) -> Result<Option<Packet>, CaptureError> {
        let packet = match self.form {
            Form::Pcap { link, nanos } => self.next_pcap(link, nanos),
            Form::PcapNg { .. } => self.next_pcapng(),
        };
        packet.map_err(|why| why.at_the_end(CaptureError::CutOff))
    }

    /// The first word of a packet or a block; `None` at the end.
    fn first_word(&mut self) -> Result<Option<u32>, CaptureError> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(4).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let word = bytes.try_into().map_err(|_| CaptureError::CutOff)?;
        Ok(Some(number(word, self.big_endian)))
    }

    fn next_pcap(&mut self, link: u32, nanos: bool) -> Result<Option<Packet>, CaptureError> {
        let Some(secs) = self.first_word()? else { return Ok(None) };
        let fraction = self.word()?;
        let length = self.word()?;
        let _on_the_wire = self.word()?;
        let bytes = self.bytes("packet", length)?;
        let fraction = if nanos { fraction } else { fraction.saturating_mul(1000) };
        Ok(Some(Packet { time: Some(stamp(secs, fraction)), link, bytes }))
    }

    fn next_pcapng(&mut self) -> Result<Option<Packet>, CaptureError> {
        while let Some(kind) = self.first_word()? {
            if kind == SECTION {
                self.section()?;
                continue;
            }
            let block = self.block(self.big_endian)?;
            let mut fields = Fields { rest: &block, big_endian: self.big_endian };
            match kind {
                1 => self.describe(&mut fields),
                3 => return self.simple_packet(&mut fields).map(Some),
                6 => return self.enhanced_packet(&mut fields).map(Some),
                _ => {}
            }
        }
        Ok(None)
    }

    /// What is left of the block that begins a section, which says in which byte order the section is.
    fn section(&mut self) -> Result<(), CaptureError> {
        let length = self.array()?;
        let order = self.array()?;
        self.big_endian = u32::from_be_bytes(order) == BYTE_ORDER;
        if !self.big_endian && u32::from_le_bytes(order) != BYTE_ORDER {
            return Err(CaptureError::Magic(u32::from_le_bytes(order)));
        }
        let length = number(length, self.big_endian);
        let rest = length.checked_sub(12).filter(|rest| *rest >= 4);
        let rest = rest.ok_or(CaptureError::Length { what: "section header", length })?;
        self.bytes("section header", rest)?;
        self.form = Form::PcapNg { interfaces: Vec::new() };
        Ok(())
    }

    /// The body of a block: its length stands before and behind it, and counts all.
    fn block(&mut self, big_endian: bool) -> Result<Vec<u8>, CaptureError> {
        let length = number(self.array()?, big_endian);
        let body = length.checked_sub(12).ok_or(CaptureError::Length { what: "block", length })?;
        let bytes = self.bytes("block", body)?;
        self.array::<4>()?;
        Ok(bytes)
    }

    fn describe(&mut self, fields: &mut Fields<'_>) {
        let link = u32::from(fields.short());
        let _reserved = fields.short();
        let _most = fields.word();
        let Form::PcapNg { interfaces } = &mut self.form else { return };
        if interfaces.len() < MAX_INTERFACES {
            interfaces.push(Interface { link, units: fields.units() });
        }
    }

    fn interface(&self, number: u32) -> Result<Interface, CaptureError> {
        let Form::PcapNg { interfaces } = &self.form else { return Err(CaptureError::Interface(number)) };
        let known = usize::try_from(number).ok().and_then(|number| interfaces.get(number));
        known.copied().ok_or(CaptureError::Interface(number))
    }

    fn enhanced_packet(&self, fields: &mut Fields<'_>) -> Result<Packet, CaptureError> {
        let interface = self.interface(fields.word())?;
        let time = u64::from(fields.word()) << 32 | u64::from(fields.word());
        let length = fields.word();
        let _on_the_wire = fields.word();
        let bytes = fields.take(length)?;
        let (secs, rest) = (time / interface.units, time % interface.units);
        let nanos = u128::from(rest) * 1_000_000_000 / u128::from(interface.units);
        let time = stamp(u32::try_from(secs).unwrap_or(u32::MAX), u32::try_from(nanos).unwrap_or(0));
        Ok(Packet { time: Some(time), link: interface.link, bytes })
    }

    /// A packet of the first interface, without a time.
    fn simple_packet(&self, fields: &mut Fields<'_>) -> Result<Packet, CaptureError> {
        let link = self.interface(0)?.link;
        let length = fields.word();
        let left = u32::try_from(fields.rest.len()).unwrap_or(u32::MAX);
        Ok(Packet { time: None, link, bytes: fields.take(length.min(left))? })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CaptureError> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn word(&mut self) -> Result<u32, CaptureError> {
        Ok(number(self.array()?, self.big_endian))
    }

    /// Memory grows as bytes arrive, whatever the length says.
    fn bytes(&mut self, what: &'static str, length: u32) -> Result<Vec<u8>, CaptureError> {
        if length > MAX_BLOCK {
            return Err(CaptureError::Length { what, length });
        }
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(length.into()).read_to_end(&mut bytes)?;
        if u32::try_from(read) == Ok(length) {
            Ok(bytes)
        } else {
            Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
        }
    }
}

const fn stamp(secs: u32, nanos: u32) -> Stamp {
    Stamp(Wall::new(secs, nanos))
}

const fn number(bytes: [u8; 4], big_endian: bool) -> u32 {
    if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

/// The fields of a block; what is missing at its end is 0.
struct Fields<'a> {
    rest: &'a [u8],
    big_endian: bool,
}

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((head, tail)) = self.rest.split_first_chunk() else { return [0; N] };
        self.rest = tail;
        *head
    }

    fn short(&mut self) -> u16 {
        let bytes = self.array();
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn word(&mut self) -> u32 {
        let bytes = self.array();
        number(bytes, self.big_endian)
    }

    fn take(&mut self, length: u32) -> Result<Vec<u8>, CaptureError> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (head, tail) = split.ok_or(CaptureError::Length { what: "packet", length })?;
        self.rest = tail;
        Ok(head.to_vec())
    }

    /// The resolution of a clock, the option `if_tsresol`: a negative power of 10, or of 2 where the highest bit is set;
    /// microseconds where it is not there.
    fn units(&mut self) -> u64 {
        while self.rest.len() >= 4 {
            let (code, length) = (self.short(), usize::from(self.short()));
            if (code, length) == (9, 1) {
                let [resolution, ..] = self.array::<4>();
                let power = u32::from(resolution & 0x7f);
                let base = if resolution & 0x80 == 0 { 10u64 } else { 2 };
                return base.checked_pow(power).unwrap_or(u64::MAX);
            }
            self.rest = self.rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        1_000_000
    }
}
