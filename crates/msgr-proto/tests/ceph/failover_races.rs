//! Crimson's cases in which calls cross, streams go stale, and connections are marked down.

use std::time::Duration;

use loligo_msgr_proto::Policy;

use crate::failover::{ANY, BANNER, Do, Line, MSG, NONE, READ, WRITE, counts, play};
use crate::world::Act::{self, Fail, Hold, Stall};
use crate::world::Way;

type Places = &'static [&'static [(Way, &'static str, usize, Act)]];

const BOTH: &[bool] = &[false, true];
const WIN: &[bool] = &[true];
const LOSE: &[bool] = &[false];
const NOWHERE: Places = &[&[]];
const STAYS: [usize; 2] = [0, 0];

fn peer() -> [Policy; 2] {
    [Policy::lossless_peer(), Policy::lossless_peer()]
}

fn reuse() -> [Policy; 2] {
    [Policy::lossless_peer_reuse(), Policy::lossless_peer_reuse()]
}

fn lossy() -> [Policy; 2] {
    [Policy::lossy_client(), Policy::stateless_server()]
}

fn lossless() -> [Policy; 2] {
    [Policy::lossless_client(), Policy::stateful_server()]
}

fn swapped([a, b]: [Policy; 2]) -> [Policy; 2] {
    [b, a]
}

fn run(
    name: &'static str,
    policies: fn() -> [Policy; 2],
    i_win: &'static [bool],
    at: Places,
    steps: &[Do],
    is_whole: bool,
) {
    play(&Line { name, policies, i_win, at, steps: steps.to_vec().leak(), is_whole });
}

#[test]
fn racing_reconnect_win() {
    const AT: Places = &[
        &[(READ, MSG, 1, Fail), (WRITE, BANNER, 2, Hold)],
        &[(READ, MSG, 1, Fail), (READ, BANNER, 2, Hold)],
        &[(READ, MSG, 1, Fail), (READ, "BANNER_PAYLOAD", 2, Hold)],
        &[(READ, MSG, 1, Fail), (WRITE, "HELLO", 2, Hold)],
        &[(READ, MSG, 1, Fail), (READ, "HELLO", 2, Hold)],
        &[(READ, MSG, 1, Fail), (READ, "AUTH_REQUEST", 2, Hold)],
        &[(READ, MSG, 1, Fail), (WRITE, "AUTH_DONE", 2, Hold)],
        &[(READ, MSG, 1, Fail), (WRITE, "AUTH_SIGNATURE", 2, Hold)],
        &[(READ, MSG, 1, Fail), (READ, "AUTH_SIGNATURE", 2, Hold)],
        &[(READ, MSG, 1, Fail), (READ, "SESSION_RECONNECT", 1, Hold)],
    ];
    let steps = [
        Do::PeerSend,
        Do::PeerConnect,
        Do::Blocked,
        Do::Send,
        Do::Established,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([1, 0, 1, 1], [2, 1, ANY, 1], STAYS)),
    ];
    run("racing_reconnect_win", peer, WIN, AT, &steps, true);
}

#[test]
fn racing_reconnect_lose() {
    const AT: Places = &[
        &[(WRITE, MSG, 1, Fail), (WRITE, BANNER, 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (READ, BANNER, 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (READ, "BANNER_PAYLOAD", 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (WRITE, "HELLO", 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (READ, "HELLO", 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (WRITE, "AUTH_REQUEST", 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (READ, "AUTH_DONE", 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (WRITE, "AUTH_SIGNATURE", 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (READ, "AUTH_SIGNATURE", 2, Hold)],
        &[(WRITE, MSG, 1, Fail), (WRITE, "SESSION_RECONNECT", 1, Hold)],
    ];
    let steps = [
        Do::Send,
        Do::Connect,
        Do::Blocked,
        Do::PeerSend,
        Do::Run,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([2, 1, ANY, 1], [1, 0, 1, 1], STAYS)),
    ];
    run("racing_reconnect_lose", peer, LOSE, AT, &steps, true);
}

#[test]
fn racing_connect_win() {
    const AT: Places = &[
        &[(WRITE, BANNER, 1, Hold)],
        &[(READ, BANNER, 1, Hold)],
        &[(READ, "BANNER_PAYLOAD", 1, Hold)],
        &[(WRITE, "HELLO", 1, Hold)],
        &[(READ, "HELLO", 1, Hold)],
        &[(READ, "AUTH_REQUEST", 1, Hold)],
        &[(WRITE, "AUTH_DONE", 1, Hold)],
        &[(WRITE, "AUTH_SIGNATURE", 1, Hold)],
        &[(READ, "AUTH_SIGNATURE", 1, Hold)],
        &[(READ, "CLIENT_IDENT", 1, Hold)],
    ];
    let steps = [
        Do::PeerSend,
        Do::PeerConnect,
        Do::Blocked,
        Do::Send,
        Do::Connect,
        Do::Established,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([1, 1, 0, 1], [1, ANY, 0, 0], STAYS)),
    ];
    run("racing_connect_win", peer, WIN, AT, &steps, true);
}

#[test]
fn racing_connect_lose() {
    const AT: Places = &[
        &[(WRITE, BANNER, 1, Hold)],
        &[(READ, BANNER, 1, Hold)],
        &[(READ, "BANNER_PAYLOAD", 1, Hold)],
        &[(WRITE, "HELLO", 1, Hold)],
        &[(READ, "HELLO", 1, Hold)],
        &[(WRITE, "AUTH_REQUEST", 1, Hold)],
        &[(READ, "AUTH_DONE", 1, Hold)],
        &[(WRITE, "AUTH_SIGNATURE", 1, Hold)],
        &[(READ, "AUTH_SIGNATURE", 1, Hold)],
        &[(WRITE, "CLIENT_IDENT", 1, Hold)],
    ];
    let steps = [
        Do::Send,
        Do::Connect,
        Do::Blocked,
        Do::PeerSend,
        Do::PeerConnect,
        Do::Run,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([1, ANY, 0, 0], [1, 1, 0, 1], STAYS)),
    ];
    run("racing_connect_lose", peer, LOSE, AT, &steps, true);
}

#[test]
fn racing_connect_reconnect_lose() {
    const AT: Places = &[&[(READ, "SERVER_IDENT", 1, Fail), (WRITE, "CLIENT_IDENT", 2, Hold)]];
    let steps = [
        Do::Send,
        Do::Connect,
        Do::Pass(Duration::from_millis(300)),
        Do::Blocked,
        Do::PeerSend,
        Do::Run,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([2, 2, 0, 0], [1, 1, 1, 1], STAYS)),
    ];
    run("racing_connect_reconnect_lose", peer, BOTH, AT, &steps, true);
}

#[test]
fn racing_connect_reconnect_win() {
    const AT: Places = &[&[(READ, "SERVER_IDENT", 1, Fail), (READ, "SESSION_RECONNECT", 1, Hold)]];
    let steps = [
        Do::PeerSend,
        Do::Connect,
        Do::Blocked,
        Do::Send,
        Do::Established,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([2, 2, 0, 1], [1, 0, 1, 0], STAYS)),
    ];
    run("racing_connect_reconnect_win", peer, BOTH, AT, &steps, true);
}

#[test]
fn stale_connect() {
    const AT: Places = &[&[(READ, "SERVER_IDENT", 1, Stall)]];
    let steps = [
        Do::Connect,
        Do::Blocked,
        Do::PeerSend,
        Do::Run,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([1, 1, 0, 0], [1, 1, 1, 1], STAYS)),
    ];
    run("stale_connect", peer, BOTH, AT, &steps, true);
}

#[test]
fn stale_reconnect() {
    const AT: Places = &[&[(WRITE, MSG, 1, Fail), (READ, "SESSION_RECONNECT_OK", 1, Stall)]];
    let steps = [
        Do::Send,
        Do::Connect,
        Do::Blocked,
        Do::PeerSend,
        Do::Run,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts([2, 1, 1, 1], [1, 0, 1, 1], STAYS)),
    ];
    run("stale_reconnect", peer, BOTH, AT, &steps, true);
}

#[test]
fn stale_accept() {
    const AT: Places = &[&[(READ, "CLIENT_IDENT", 1, Stall)]];
    let steps = [
        Do::PeerConnect,
        Do::Blocked,
        Do::PeerSend,
        Do::Established,
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts(NONE, [2, 2, 0, 1], STAYS)),
    ];
    run("stale_accept", peer, BOTH, AT, &steps, true);
}

#[test]
fn stale_establishing() {
    const AT: Places = &[&[(WRITE, "SERVER_IDENT", 1, Stall)]];
    let steps = [
        Do::PeerConnect,
        Do::Blocked,
        Do::PeerSend,
        Do::Pass(Duration::from_millis(300)),
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts(NONE, [2, 2, 0, 2], STAYS)),
    ];
    run("stale_establishing", peer, BOTH, AT, &steps, true);
}

#[test]
fn stale_reaccept() {
    const AT: Places = &[&[(READ, MSG, 1, Fail), (WRITE, "SESSION_RECONNECT_OK", 1, Stall)]];
    let steps = [
        Do::PeerSend,
        Do::PeerConnect,
        Do::Blocked,
        Do::Pass(Duration::from_millis(210)),
        Do::Unblock,
        Do::Settle,
        Do::Expect(counts(NONE, [3, 1, 2, 3], STAYS)),
    ];
    run("stale_reaccept", peer, BOTH, AT, &steps, true);
}

#[test]
fn lossy_client() {
    let steps = [
        Do::Connect,
        Do::Send,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts([1, 1, 0, 1], NONE, STAYS)),
        Do::MarkDown,
        Do::Connect,
        Do::Send,
        Do::Settle,
        Do::Expect(counts([2, 2, 0, 2], NONE, STAYS)),
        Do::PeerMarkDown,
        Do::Settle,
        Do::Expect(counts([2, 2, 0, 2], NONE, [1, 0])),
        Do::Connect,
        Do::Send,
        Do::Settle,
        Do::Expect(counts([3, 3, 0, 3], NONE, [1, 0])),
    ];
    run("lossy_client", lossy, BOTH, NOWHERE, &steps, true);
}

#[test]
fn stateless_server() {
    let steps = [
        Do::PeerConnect,
        Do::Send,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [1, 1, 0, 1], STAYS)),
        Do::PeerMarkDown,
        Do::PeerConnect,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [2, 2, 0, 2], [1, 0])),
        Do::MarkDown,
        Do::Settle,
        Do::Expect(counts(NONE, [2, 2, 0, 2], [1, 0])),
        Do::PeerConnect,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [3, 3, 0, 3], [1, 0])),
    ];
    run("stateless_server", || swapped(lossy()), BOTH, NOWHERE, &steps, true);
}

#[test]
fn lossless_client() {
    let after = counts([3, 3, 1, 3], NONE, [0, 1]);
    let steps = [
        Do::Connect,
        Do::Send,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts([1, 1, 0, 1], NONE, STAYS)),
        Do::MarkDown,
        Do::Connect,
        Do::Send,
        Do::Settle,
        Do::Expect(counts([2, 2, 0, 2], NONE, STAYS)),
        Do::PeerMarkDown,
        Do::Settle,
        Do::Expect(after),
        Do::Connect,
        Do::Send,
        Do::Settle,
        Do::Expect(after),
    ];
    run("lossless_client", lossless, BOTH, NOWHERE, &steps, true);
}

#[test]
fn stateful_server() {
    let after = counts(NONE, [3, 3, 1, 3], [0, 1]);
    let steps = [
        Do::PeerConnect,
        Do::Send,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [1, 1, 0, 1], STAYS)),
        Do::PeerMarkDown,
        Do::PeerConnect,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [2, 2, 0, 2], [0, 1])),
        Do::MarkDown,
        Do::Settle,
        Do::Expect(after),
        Do::PeerConnect,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(after),
    ];
    run("stateful_server", || swapped(lossless()), BOTH, NOWHERE, &steps, true);
}

/// What a peer does that has called, and marks down, and is marked down: what it sends to who forgot it is lost.
const CONNECTOR: &[Do] = &[
    Do::Connect,
    Do::Send,
    Do::PeerSend,
    Do::Settle,
    Do::Expect(counts([1, 1, 0, 1], NONE, STAYS)),
    Do::MarkDown,
    Do::Connect,
    Do::Send,
    Do::Settle,
    Do::Expect(counts([2, 2, 0, 2], NONE, STAYS)),
    Do::PeerMarkDown,
    Do::Settle,
    Do::Standby,
    Do::Connect,
    Do::Send,
    Do::Settle,
    Do::Send,
    Do::Settle,
    Do::Expect(counts([3, 3, 1, 3], NONE, [0, 1])),
];

#[test]
fn peer_reuse_connector() {
    run("peer_reuse_connector", reuse, BOTH, NOWHERE, CONNECTOR, false);
}

#[test]
fn lossless_peer_connector() {
    run("lossless_peer_connector", peer, BOTH, NOWHERE, CONNECTOR, false);
}

/// The same of who was called. `resets`: who checks for resets is told that the peer began anew.
fn acceptor(name: &'static str, policies: fn() -> [Policy; 2], resets: usize) {
    let steps = [
        Do::PeerConnect,
        Do::Send,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [1, 1, 0, 1], STAYS)),
        Do::PeerMarkDown,
        Do::PeerConnect,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [2, 2, 0, 2], [0, resets])),
        Do::MarkDown,
        Do::Settle,
        Do::Expect(counts(NONE, [2, 2, 0, 2], [0, resets])),
        Do::PeerConnect,
        Do::PeerSend,
        Do::Settle,
        Do::PeerSend,
        Do::Settle,
        Do::Expect(counts(NONE, [3, 3, 1, 3], [0, resets])),
    ];
    run(name, policies, BOTH, NOWHERE, &steps, false);
}

#[test]
fn peer_reuse_acceptor() {
    acceptor("peer_reuse_acceptor", reuse, 1);
}

#[test]
fn lossless_peer_acceptor() {
    acceptor("lossless_peer_acceptor", peer, 0);
}
