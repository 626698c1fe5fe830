//! One direction of a TCP connection, put together from its segments.

use std::collections::BTreeMap;

use super::packet::Segment;

/// How many bytes may wait for one that is missing. Whoever captured did not see it if it has not come by then.
const MAX_AHEAD: usize = 4 << 20;
/// How many segments may wait.
const MAX_SEGMENTS: usize = 8192;

/// What comes of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrived<'a> {
    /// The direction begins; whether it is the client's.
    Start {
        /// Whether who sent it has opened the connection.
        client: bool,
    },
    /// The first that is seen of the direction, somewhere within it.
    Middle,
    /// The next bytes.
    Bytes(&'a [u8]),
    /// So many bytes are missing before the next ones.
    Lost(u64),
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// The sequence number of the next byte; `None` before the first segment.
    next: Option<u32>,
    /// How many bytes have been passed on or lost.
    place: u64,
    /// Segments ahead of that, by their place.
    ahead: BTreeMap<u64, Vec<u8>>,
    waiting: usize,
    /// The place at which the sender said that it ends.
    end: Option<u64>,
}

impl Flow {
    /// How many bytes wait for others.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes a segment, and passes on what comes of it.
    pub(crate) fn take(&mut self, segment: &Segment<'_>, mut pass: impl FnMut(Arrived<'_>)) {
        let mut start = segment.seq;
        if segment.syn {
            start = start.wrapping_add(1);
            // The same SYN may come twice; another one begins another connection.
            if self.next.is_none() || self.place > 0 || self.next != Some(start) {
                self.finish(&mut pass);
                *self = Self { next: Some(start), ..Self::default() };
                pass(Arrived::Start { client: !segment.ack });
            }
        }
        self.note_end(segment, start);
        if segment.payload.is_empty() {
            return;
        }
        let next = *self.next.get_or_insert_with(|| {
            pass(Arrived::Middle);
            start
        });
        let distance = i64::from(start.wrapping_sub(next).cast_signed());
        if let Ok(known) = usize::try_from(-distance) {
            // Bytes that came before come again.
            self.pass_on(segment.payload.get(known..).unwrap_or_default(), &mut pass);
        } else {
            self.keep(distance.unsigned_abs(), segment.payload);
        }
        self.pass_on_kept(&mut pass);
        while self.waiting > MAX_AHEAD || self.ahead.len() > MAX_SEGMENTS {
            self.give_up(&mut pass);
            self.pass_on_kept(&mut pass);
        }
    }

    fn note_end(&mut self, segment: &Segment<'_>, start: u32) {
        let Some(next) = self.next.filter(|_| segment.fin) else { return };
        let start = self.place.saturating_add_signed(start.wrapping_sub(next).cast_signed().into());
        self.end = Some(start.saturating_add(segment.payload.len() as u64));
    }

    /// Whether all came that the sender said, after a segment of which this is known.
    pub(crate) fn is_over(&self, segment: &Segment<'_>) -> bool {
        segment.reset || self.end.map_or(segment.fin, |end| self.place >= end)
    }

    fn pass_on(&mut self, bytes: &[u8], pass: &mut impl FnMut(Arrived<'_>)) {
        if !bytes.is_empty() {
            self.advance(bytes.len() as u64);
            pass(Arrived::Bytes(bytes));
        }
    }

    fn advance(&mut self, by: u64) {
        let [b0, b1, b2, b3, ..] = by.to_le_bytes();
        self.next = self.next.map(|next| next.wrapping_add(u32::from_le_bytes([b0, b1, b2, b3])));
        self.place += by;
    }

    /// Of two segments that begin at the same byte, the longer one counts.
    fn keep(&mut self, distance: u64, payload: &[u8]) {
        let kept = self.ahead.entry(self.place + distance).or_default();
        if kept.len() < payload.len() {
            self.waiting += payload.len() - kept.len();
            *kept = payload.to_vec();
        }
    }

    fn pass_on_kept(&mut self, pass: &mut impl FnMut(Arrived<'_>)) {
        while let Some(first) = self.ahead.first_entry().filter(|first| *first.key() <= self.place) {
            let known = usize::try_from(self.place - first.key()).unwrap_or(usize::MAX);
            let bytes = first.remove();
            self.waiting -= bytes.len();
            self.pass_on(bytes.get(known..).unwrap_or_default(), pass);
        }
    }

    /// Goes on behind what is missing.
    fn give_up(&mut self, pass: &mut impl FnMut(Arrived<'_>)) {
        if let Some((place, _)) = self.ahead.first_key_value() {
            let missing = place.saturating_sub(self.place);
            self.advance(missing);
            pass(Arrived::Lost(missing));
        }
    }

    /// Passes on what waits, at the end of the direction or of the capture.
    pub(crate) fn finish(&mut self, mut pass: impl FnMut(Arrived<'_>)) {
        while !self.ahead.is_empty() {
            self.give_up(&mut pass);
            self.pass_on_kept(&mut pass);
        }
        if let Some(missing) =
            self.end.and_then(|end| end.checked_sub(self.place)).filter(|missing| *missing > 0)
        {
            self.advance(missing);
            pass(Arrived::Lost(missing));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(seq: u32, payload: &[u8]) -> Segment<'_> {
        let nowhere = ([127, 0, 0, 1], 1).into();
        Segment { from: nowhere, to: nowhere, seq, syn: false, ack: true, fin: false, reset: false, payload }
    }

    fn syn(seq: u32) -> Segment<'static> {
        Segment { syn: true, ack: false, ..segment(seq, &[]) }
    }

    /// What is passed on, as a text: `^` for a start, `~` for the middle, `!N` for what is lost.
    fn passed(flow: &mut Flow, segments: &[Segment<'_>]) -> String {
        let mut text = String::new();
        for segment in segments {
            flow.take(segment, |arrived| note(&mut text, &arrived));
        }
        flow.finish(|arrived| note(&mut text, &arrived));
        text
    }

    fn note(text: &mut String, arrived: &Arrived<'_>) {
        text.push_str(&match arrived {
            Arrived::Start { .. } => "^".to_owned(),
            Arrived::Middle => "~".to_owned(),
            Arrived::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Arrived::Lost(missing) => format!("!{missing} "),
        });
    }

    #[test]
    fn segments_come_in_any_order_and_more_than_once() {
        // Over the end of the sequence numbers.
        let start = u32::MAX - 3;
        let at = |place: u32| start.wrapping_add(1).wrapping_add(place);
        let all = [
            syn(start),
            syn(start),
            segment(at(3), b"def"),
            segment(at(0), b"ab"),
            segment(at(1), b"bcd"),
            segment(at(0), b"abc"),
            segment(at(6), b"g"),
            segment(at(5), b"fghi"),
        ];
        assert_eq!(passed(&mut Flow::default(), &all), "^abcdefghi");
    }

    #[test]
    fn what_never_comes_is_told() {
        let mut flow = Flow::default();
        assert_eq!(
            passed(&mut flow, &[segment(10, b"ab"), segment(15, b"fg"), segment(20, b"k")]),
            "~ab!3 fg!3 k"
        );
        assert_eq!(flow.waiting(), 0);
        let end = Segment { fin: true, ..segment(23, b"n") };
        assert_eq!(passed(&mut flow, &[end]), "!2 n");
        assert_eq!(passed(&mut flow, &[Segment { fin: true, ..segment(30, &[]) }]), "!6 ");
        // Another connection from the same place.
        assert_eq!(passed(&mut flow, &[syn(99), segment(100, b"x")]), "^x");
    }

    #[test]
    fn the_end_may_come_before_what_it_ends() {
        let mut flow = Flow::default();
        let end = Segment { fin: true, ..segment(13, &[]) };
        let mut text = String::new();
        for (segment, over) in
            [(segment(10, b"a"), false), (end, false), (segment(12, b"c"), false), (segment(11, b"b"), true)]
        {
            flow.take(&segment, |arrived| note(&mut text, &arrived));
            assert_eq!(flow.is_over(&segment), over, "{text}");
        }
        // It comes again, with what it ends.
        let again = Segment { fin: true, ..segment(12, b"c") };
        assert_eq!(passed(&mut flow, &[again]), "");
        assert_eq!(text, "~abc");
    }

    #[test]
    fn what_waits_when_another_connection_begins_is_told() {
        let segments = [segment(10, b"ab"), segment(15, b"fg"), syn(99), segment(100, b"x")];
        assert_eq!(passed(&mut Flow::default(), &segments), "~ab!3 fg^x");
    }

    #[test]
    fn little_waits_for_what_is_missing() {
        let mut flow = Flow::default();
        let payload = [0; 1000];
        let mut lost = 0;
        flow.take(&segment(0, b"x"), |_| {});
        for i in 0..20_000u32 {
            flow.take(&segment(10 + i * 1000, &payload), |arrived| {
                lost += u32::from(matches!(arrived, Arrived::Lost(9)));
            });
            assert!(flow.waiting() <= MAX_AHEAD + payload.len());
        }
        assert_eq!((lost, flow.waiting()), (1, 0));
    }
}
