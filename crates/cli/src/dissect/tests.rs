//! Captures and what is printed of them.

use std::collections::BTreeSet;

use super::*;

/// What `rados` and OSDs of Ceph said, and how `rados` logged it.
const PCAP: &[u8] = include_bytes!("../../../wire/testdata/pacific/capture-osds.pcap");
const LOG: &str = include_str!("../../../wire/testdata/pacific/capture-osds.log");

fn lines(capture: &[u8], all: bool, format: Format) -> Vec<String> {
    let mut out = Vec::new();
    assert!(dissect(capture, &mut out, all, format).is_ok());
    String::from_utf8(out).unwrap().lines().map(ToOwned::to_owned).collect()
}

/// The same of messenger v2.
const PCAP_V2: &[u8] = include_bytes!("../../../wire/testdata/reef/capture-osd-v2.pcap");
const LOG_V2: &str = include_str!("../../../wire/testdata/reef/capture-osd-v2.log");

/// Who sent a message, and to whom.
fn ends(line: &str) -> (String, String) {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    (line["from"].to_string(), line["to"].to_string())
}

fn is_encrypted(line: &str) -> bool {
    line.contains("\"skipped\":\"encrypted\"")
}

/// The messages of a capture in the words of the log, in its order of them.
fn summaries(capture: &[u8]) -> Vec<String> {
    let summary = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let summary = line["summary"].as_str().unwrap_or_else(|| panic!("not a message: {line}"));
        // The log has no name in requests.
        match summary.strip_prefix("osd_op(client.") {
            Some(rest) => {
                format!("osd_op(unknown.0{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
            }
            None => summary.to_owned(),
        }
    };
    let lines = lines(capture, false, Format::Json);
    let mut summaries: Vec<String> = lines.iter().filter(|line| !is_encrypted(line)).map(summary).collect();
    summaries.sort();
    summaries
}

fn logged() -> Vec<String> {
    sorted(LOG)
}

fn sorted(log: &str) -> Vec<String> {
    let mut logged: Vec<String> = log.lines().map(ToOwned::to_owned).collect();
    logged.sort();
    logged
}

const PCAP_HEADER: usize = 24;

/// The packets of the capture, with their headers, and without those of the link.
fn packets() -> Vec<(u32, u32, &'static [u8])> {
    let mut packets = Vec::new();
    let mut rest = &PCAP[PCAP_HEADER..];
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    while !rest.is_empty() {
        let length = 16 + word(rest, 8) as usize;
        packets.push((word(rest, 0), word(rest, 4), &rest[16 + 14..length]));
        rest = &rest[length..];
    }
    packets
}

/// A capture of those packets, each with something before it.
fn pcap(link: u32, before: &[u8], packets: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut capture = PCAP[..PCAP_HEADER - 4].to_vec();
    capture.extend(link.to_le_bytes());
    for (secs, micros, packet) in packets {
        let length = u32::try_from(before.len() + packet.len()).unwrap();
        for word in [*secs, *micros, length, length] {
            capture.extend(word.to_le_bytes());
        }
        capture.extend([before, packet].concat());
    }
    capture
}

#[test]
fn messages_are_printed_as_ceph_logs_them() {
    assert_eq!(summaries(PCAP), logged());
}

#[test]
fn messages_of_messenger_v2_are_printed_as_ceph_logs_them() {
    assert_eq!(summaries(PCAP_V2), sorted(LOG_V2));
    let all = lines(PCAP_V2, true, Format::Plain);
    let has = |words: &str| all.iter().filter(|line| line.contains(words)).count();
    assert_eq!(has("CLIENT_IDENT of client."), 8, "a connection for each command");
    assert!(has("HELLO of osd to v2:127.0.0.1:") >= 8 && has("banner with features 0x3") >= 16);
    // Each direction of the one to the manager says once that nothing more can be read.
    assert_eq!((has("in mode secure"), has("what follows is encrypted")), (1, 2));
    assert_eq!(has("cannot be read"), 0);
}

#[test]
fn messenger_v2_is_found_in_the_middle_of_a_connection() {
    // Without what was said before the first message.
    let late: Vec<_> = lines(PCAP_V2, true, Format::Plain);
    let whole = late.iter().filter(|line| line.contains(" osd_op")).count();
    let stripped = without_openings(PCAP_V2);
    let told = lines(&stripped, false, Format::Plain);
    assert_eq!(told.iter().filter(|line| line.contains(" osd_op")).count(), whole);
    assert!(told.iter().any(|line| line.contains(" begins in the middle, ")), "{told:?}");
}

/// A capture without the packets that open connections.
fn without_openings(capture: &[u8]) -> Vec<u8> {
    let mut kept = capture[..PCAP_HEADER].to_vec();
    let mut rest = &capture[PCAP_HEADER..];
    while !rest.is_empty() {
        let length = 16 + u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (packet, behind) = rest.split_at(length);
        if packet[16 + 14 + 33] & 2 == 0 {
            kept.extend(packet);
        }
        rest = behind;
    }
    kept
}

#[test]
fn a_line_says_when_who_and_what() {
    let all = lines(PCAP, true, Format::Plain);
    let told = lines(PCAP, false, Format::Plain);
    assert!(all.len() > told.len() + 100, "{} and {}", all.len(), told.len());
    let put = told.iter().find(|line| line.contains("writefull")).unwrap();
    let words: Vec<&str> = put.splitn(7, ' ').collect();
    assert!(words[0].starts_with("2026-11-22T") && words[0].ends_with("+0000"), "{put}");
    assert_eq!((words[2], words[5]), (">", "1"), "{put}");
    assert!(words[4].starts_with("client.") && words[6].starts_with("osd_op("), "{put}");
    assert!(put.ends_with(" v8 217+0+6 signed"), "{put}");
    assert!(all.iter().any(|line| line.contains("connect as client with features 0x")));
}

#[test]
fn every_kind_of_link_is_read() {
    let packets = packets();
    let cooked = [[0; 14].as_slice(), &[8, 0]].concat();
    let cooked2 = [[8, 0].as_slice(), &[0; 18]].concat();
    let tagged = [[0; 12].as_slice(), &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]].concat();
    for (link, before) in [(0, vec![2, 0, 0, 0]), (1, tagged), (101, vec![]), (113, cooked), (276, cooked2)] {
        assert_eq!(summaries(&pcap(link, &before, &packets)), logged(), "link type {link}");
    }
    let strange = lines(&pcap(147, &[], &packets), false, Format::Plain);
    assert!(strange[0].contains("link type 147"), "{strange:?}");
}

/// The same packet over version 6 of the protocol, with options for destinations before what it carries.
fn over_v6(packet: &[u8]) -> Vec<u8> {
    let header = usize::from(packet[0] & 0xf) * 4;
    let options = [6, 0, 1, 4, 0, 0, 0, 0];
    let length = u16::try_from(packet.len() - header + options.len()).unwrap();
    let mut v6 = [&[0x60, 0, 0, 0][..], &length.to_be_bytes(), &[60, 64]].concat();
    for address in [&packet[12..16], &packet[16..20]] {
        v6.extend([0; 12]);
        v6.extend(address);
    }
    v6.extend(options);
    v6.extend(&packet[header..]);
    v6
}

#[test]
fn version_6_of_the_protocol_is_read() {
    let packets: Vec<_> =
        packets().into_iter().map(|(secs, micros, packet)| (secs, micros, over_v6(packet))).collect();
    let packets: Vec<_> =
        packets.iter().map(|(secs, micros, packet)| (*secs, *micros, &packet[..])).collect();
    assert_eq!(summaries(&pcap(101, &[], &packets)), logged());
    let tagged = [[0; 12].as_slice(), &[0x81, 0, 0, 1, 0x86, 0xdd]].concat();
    assert_eq!(summaries(&pcap(1, &tagged, &packets)), logged());
}

#[test]
fn the_order_of_packets_and_their_repetition_change_nothing() {
    let mut mixed = Vec::new();
    // Neighbours change places, and every third packet comes twice. What opens a connection stays first.
    for pair in packets().chunks(2) {
        let opens = |packet: &&(u32, u32, &[u8])| packet.2[33] & 2 != 0;
        match pair {
            [one, other] if ![one, other].into_iter().any(|packet| opens(&packet)) => {
                mixed.extend([*other, *one, *other])
            }
            _ => mixed.extend(pair),
        }
    }
    assert_eq!(summaries(&pcap(101, &[], &mixed)), logged());
}

#[test]
fn a_capture_that_begins_in_the_middle_goes_on_with_the_next_message() {
    // Without the handshakes: what is left of them is passed over.
    let is_data = |packet: &(u32, u32, &[u8])| packet.2[33] & 2 == 0;
    let late: Vec<_> = packets().into_iter().filter(is_data).collect();
    let capture = pcap(101, &[], &late);
    let (told, messages): (Vec<_>, Vec<_>) =
        lines(&capture, false, Format::Json).into_iter().partition(|line| line.contains("\"middle\":"));
    assert_eq!(messages.len(), logged().len());
    // Each direction says so once, where it has a message.
    let plain = lines(&capture, false, Format::Plain);
    let told_plainly = plain.iter().filter(|line| line.contains(" begins in the middle, ")).count();
    let directions: BTreeSet<_> = messages.iter().map(|line| ends(line)).collect();
    assert_eq!((told.len(), told_plainly), (directions.len(), directions.len()));
}

#[test]
fn what_is_missing_is_told_and_the_rest_is_read() {
    let packets = packets();
    // The largest packets are those that carry messages with data; one of them was not captured.
    let largest = (0..packets.len()).max_by_key(|at| packets[*at].2.len()).unwrap();
    let mut holed = packets;
    holed.remove(largest);
    let lines = lines(&pcap(101, &[], &holed), false, Format::Json);
    assert!(lines.iter().any(|line| line.contains("\"lost\":")), "{lines:?}");
    let read = lines.iter().filter(|line| line.contains("\"summary\"")).count();
    assert!(read + 3 >= logged().len() && read < logged().len(), "{read}");
}

/// A block of pcapng.
fn block(kind: u32, body: &[u8], big_endian: bool) -> Vec<u8> {
    let word = |number: u32| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let length = u32::try_from(12 + body.len().next_multiple_of(4)).unwrap();
    let mut block = [word(kind), word(length)].concat();
    block.extend(body);
    block.resize(8 + body.len().next_multiple_of(4), 0);
    block.extend(word(length));
    block
}

fn pcapng(big_endian: bool) -> Vec<u8> {
    let word = |number: u32| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let short = |number: u16| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let section = [word(0x1a2b_3c4d).as_slice(), &short(1), &short(0), &[0xff; 8]].concat();
    let mut capture = block(0x0a0d_0d0a, &section, big_endian);
    // A name, which does not matter, and a clock of nanoseconds.
    let options = [short(2).as_slice(), &short(2), b"lo\0\0", &short(9), &short(1), &[9, 0, 0, 0]].concat();
    let interface = [short(101).as_slice(), &short(0), &word(0), &options].concat();
    capture.extend(block(1, &interface, big_endian));
    for (secs, micros, packet) in packets() {
        let time = u64::from(secs) * 1_000_000_000 + u64::from(micros) * 1000;
        let [high, low] = [time >> 32, time & 0xffff_ffff].map(|half| u32::try_from(half).unwrap());
        let length = u32::try_from(packet.len()).unwrap();
        let head = [0, high, low, length, length].map(word).concat();
        capture.extend(block(6, &[&head, packet].concat(), big_endian));
        // Blocks that are not known are passed over.
        capture.extend(block(5, &[0; 8], big_endian));
    }
    capture
}

#[test]
fn pcapng_is_read_in_either_byte_order() {
    let times = |capture: &[u8]| -> Vec<String> {
        lines(capture, false, Format::Plain)
            .iter()
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    };
    for big_endian in [false, true] {
        let capture = pcapng(big_endian);
        assert_eq!(summaries(&capture), logged());
        assert_eq!(times(&capture), times(PCAP));
    }
}

#[test]
fn a_capture_that_is_cut_off_says_so_behind_what_is_whole() {
    for capture in [PCAP, &pcapng(false), PCAP_V2] {
        // Somewhere in the middle of a packet; the headers of pcapng are longer.
        for cut in (PCAP_HEADER + 80..capture.len()).step_by(997) {
            let mut out = Vec::new();
            match dissect(&capture[..cut], &mut out, true, Format::Plain) {
                Ok(()) | Err(Stop::Input(CaptureError::CutOff)) => {}
                Err(_) => panic!("cut at {cut}"),
            }
        }
    }
    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    assert!(dissect(PCAP, &mut whole, true, Format::Plain).is_ok());
    let half_a_packet = [PCAP, &PCAP[PCAP_HEADER..][..20]].concat();
    let Err(Stop::Input(why)) = dissect(&half_a_packet[..], &mut cut, true, Format::Plain) else {
        panic!("nothing is said");
    };
    assert_eq!((why.to_string().as_str(), cut), ("cut off: it ends in the middle of a packet", whole));
}

#[test]
fn an_end_that_overtakes_what_it_ends_changes_nothing() {
    // The segment with the end of a direction comes before the one with data that was sent before it.
    let mut late = packets();
    let (mut moved, mut at) = (0, 1);
    while at < late.len() {
        let ends = |packet: &[u8]| (packet[12..20].to_vec(), packet[20..24].to_vec());
        let header = |packet: &[u8]| 20 + usize::from(packet[32] >> 4) * 4;
        if late[at].2[33] & 1 != 0 && late[at].2.len() == header(late[at].2) {
            let data = (0..at).rev().find(|before| {
                ends(late[*before].2) == ends(late[at].2) && late[*before].2.len() > header(late[*before].2)
            });
            if let Some(data) = data {
                let end = late.remove(at);
                late.insert(data, end);
                moved += 1;
            }
        }
        at += 1;
    }
    assert!(moved > 3, "{moved}");
    assert_eq!(summaries(&pcap(101, &[], &late)), logged());
}

#[test]
fn those_that_were_silent_longest_are_forgotten_first() {
    let mut dissector = Dissector::default();
    let segment = |port: u16, seq: u32| Segment {
        from: ([10, 0, 0, 1], port).into(),
        to: ([10, 0, 0, 2], 6800).into(),
        seq,
        syn: false,
        ack: true,
        fin: false,
        reset: false,
        payload: b"x",
    };
    for port in 0..40_000 {
        // The last one is ahead, and waits.
        for (port, seq) in [(1, u32::from(port)), (port, 0), (port, 2)] {
            dissector.packets += 1;
            dissector.segment(None, &segment(port, seq), &mut Vec::new());
        }
    }
    let is_there = |port| dissector.directions.contains_key(&(segment(port, 0).from, segment(port, 0).to));
    assert!(is_there(1) && is_there(39_999) && !is_there(0) && !is_there(39_999 - 2048));
    assert_eq!((dissector.directions.len(), dissector.by_age.len()), (MAX_DIRECTIONS, MAX_DIRECTIONS));
    assert_eq!(dissector.held, dissector.directions.values().map(Direction::held).sum::<usize>());
}

#[test]
fn what_is_no_capture_is_refused() {
    for (bytes, wanted) in [
        (&b"not a capture"[..], "neither pcap nor pcapng, like"),
        (b"abc", "pcap or pcapng is expected"),
        (b"", "too short for a capture"),
        (&PCAP[..20], "too short for a capture"),
        // A packet of nearly 4 GiB.
        (&[&PCAP[..PCAP_HEADER], &[0xff; 16]].concat(), "broken: a packet of 4294967295 bytes"),
    ] {
        let Err(Stop::Input(error)) = dissect(bytes, &mut Vec::new(), false, Format::Plain) else {
            panic!("{bytes:?} is read");
        };
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn whatever_is_changed_in_a_capture_it_is_read_or_refused() {
    for capture in [PCAP.to_vec(), pcapng(false), PCAP_V2.to_vec()] {
        for (round, byte) in (0..400usize).zip([0, 0xff, 7, 0x80].into_iter().cycle()) {
            let mut changed = capture.clone();
            for at in (round * 131..changed.len()).step_by(4999) {
                changed[at] = byte;
            }
            let _ = dissect(&changed[..], &mut Vec::new(), true, Format::Json);
        }
    }
}
