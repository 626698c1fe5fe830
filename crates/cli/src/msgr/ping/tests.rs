use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

/// Somebody who says this to the first caller and then waits for the end.
fn who_says(words: &'static [u8]) -> GivenAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(words).unwrap();
            thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
        }
    });
    GivenAddr { protocol: None, addr, nonce: 0 }
}

fn ping(addr: GivenAddr, patience: Duration) -> PingError {
    let name = "client.admin".parse().unwrap();
    Ping { addr, name, patience }.any().unwrap_err()
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn by(protocol: Protocol, addr: GivenAddr) -> GivenAddr {
    GivenAddr { protocol: Some(protocol), ..addr }
}

#[test]
fn who_is_silent_is_waited_for_so_long_and_no_longer() {
    for protocol in [Protocol::V1, Protocol::V2] {
        let start = Instant::now();
        let why = ping(by(protocol, who_says(b"")), SHORT);
        assert!(matches!(why, PingError::Silence { .. }), "{why}");
        assert!((SHORT..LONG).contains(&start.elapsed()));
    }
    // The half of a banner is no more than silence.
    let why = ping(by(Protocol::V2, who_says(b"ceph v2\n\x10\x00abc")), SHORT);
    assert!(matches!(why, PingError::Silence { said: "the banner", .. }), "{why}");
}

#[test]
fn somebody_else_is_told_by_the_first_words() {
    for protocol in [None, Some(Protocol::V1), Some(Protocol::V2)] {
        let addr = GivenAddr { protocol, ..who_says(b"SSH-2.0-OpenSSH_9.2\r\n") };
        let why = ping(addr, LONG).to_string();
        assert_eq!(why, r#"this is not Ceph: it begins with "SSH-2.0-OpenSSH_9.2\r\n""#);
    }
}

#[test]
fn the_other_protocol_is_named() {
    let why = ping(by(Protocol::V2, who_says(b"ceph v027")), LONG);
    assert!(matches!(why, PingError::OtherProtocol { version: 1 }), "{why}");
    let why = ping(by(Protocol::V1, who_says(b"ceph v2\n")), LONG);
    assert!(matches!(why, PingError::OtherProtocol { version: 2 }), "{why}");
}

#[test]
fn who_goes_away_is_named_by_what_was_said_last() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = GivenAddr { protocol: Some(Protocol::V2), addr: listener.local_addr().unwrap(), nonce: 0 };
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // All that was said is read, so that the end is one in good order.
        stream.read_exact(&mut [0; 26]).unwrap();
    });
    let why = ping(addr, LONG);
    assert!(matches!(why, PingError::Closed { said: "the banner" }), "{why}");
}

#[test]
fn what_is_too_long_is_not_waited_for() {
    let mut words = b"ceph v2\n\x10\x00".to_vec();
    words.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    words.extend(
        loligo_wire::msgr2::Preamble::new(loligo_wire::msgr2::Tag::HELLO, [u32::MAX, 0, 0, 0]).to_array(),
    );
    let why = ping(by(Protocol::V2, who_says(words.leak())), LONG);
    assert!(matches!(why, PingError::TooLong { len: 0xffff_ffff, .. }), "{why}");
}
