//! Crimson's cases in which something breaks once or twice.

use loligo_msgr_proto::Policy;

use crate::failover::{ANY, BANNER, Do, Line, MSG, NONE, READ, WRITE, counts, play};
use crate::world::Act::{self, Fail};
use crate::world::Way;

type Places = &'static [&'static [(Way, &'static str, usize, Act)]];

const BOTH: &[bool] = &[false, true];

fn lossy_client() -> [Policy; 2] {
    [Policy::lossy_client(), Policy::stateless_server()]
}

fn stateless_server() -> [Policy; 2] {
    [Policy::stateless_server(), Policy::lossy_client()]
}

fn lossless_client() -> [Policy; 2] {
    [Policy::lossless_client(), Policy::stateful_server()]
}

fn stateful_server() -> [Policy; 2] {
    [Policy::stateful_server(), Policy::lossless_client()]
}

fn lossless_peer() -> [Policy; 2] {
    [Policy::lossless_peer(), Policy::lossless_peer()]
}

/// Where a caller may fail before it asks for a session.
const EARLY_CALLER: Places = &[
    &[(WRITE, BANNER, 1, Fail)],
    &[(READ, BANNER, 1, Fail)],
    &[(READ, "BANNER_PAYLOAD", 1, Fail)],
    &[(WRITE, "HELLO", 1, Fail)],
    &[(READ, "HELLO", 1, Fail)],
    &[(WRITE, "AUTH_REQUEST", 1, Fail)],
    &[(READ, "AUTH_REPLY_MORE", 1, Fail)],
    &[(WRITE, "AUTH_REQUEST_MORE", 1, Fail)],
    &[(READ, "AUTH_DONE", 1, Fail)],
    &[(WRITE, "AUTH_SIGNATURE", 1, Fail)],
    &[(READ, "AUTH_SIGNATURE", 1, Fail)],
];

/// The same of who is called.
const EARLY_CALLED: Places = &[
    &[(WRITE, BANNER, 1, Fail)],
    &[(READ, BANNER, 1, Fail)],
    &[(READ, "BANNER_PAYLOAD", 1, Fail)],
    &[(WRITE, "HELLO", 1, Fail)],
    &[(READ, "HELLO", 1, Fail)],
    &[(READ, "AUTH_REQUEST", 1, Fail)],
    &[(WRITE, "AUTH_REPLY_MORE", 1, Fail)],
    &[(READ, "AUTH_REQUEST_MORE", 1, Fail)],
    &[(WRITE, "AUTH_DONE", 1, Fail)],
    &[(WRITE, "AUTH_SIGNATURE", 1, Fail)],
    &[(READ, "AUTH_SIGNATURE", 1, Fail)],
];

const IDENT_CALLER: Places = &[&[(WRITE, "CLIENT_IDENT", 1, Fail)], &[(READ, "SERVER_IDENT", 1, Fail)]];
const IDENT_READ: Places = &[&[(READ, "CLIENT_IDENT", 1, Fail)]];
const IDENT_WRITTEN: Places = &[&[(WRITE, "SERVER_IDENT", 1, Fail)]];
const MESSAGE: Places = &[&[(WRITE, MSG, 1, Fail)], &[(READ, MSG, 1, Fail)]];

/// A lossy connection that is not opened is over, other than in crimson: the application calls again.
const CALLS_TWICE: &[Do] = &[Do::Send, Do::Connect, Do::Settle, Do::Send, Do::Connect, Do::Settle];
const IS_CALLED_TWICE: &[Do] =
    &[Do::PeerSend, Do::PeerConnect, Do::Settle, Do::PeerSend, Do::PeerConnect, Do::Settle];

macro_rules! cases {
    ($($name:ident: $policies:ident, $win:expr, $at:expr, [$($steps:expr),*], $expected:expr, $whole:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let steps: Vec<Do> =
                    [$($steps as &[Do]),*, &[Do::Expect($expected)]].concat();
                play(&Line {
                    name: stringify!($name),
                    policies: $policies,
                    i_win: $win,
                    at: $at,
                    steps: steps.leak(),
                    is_whole: $whole,
                });
            }
        )*
    };
}

const BOTH_SEND: &[Do] = &[Do::Send, Do::PeerSend];
const CONNECT: &[Do] = &[Do::Connect, Do::Settle];
const PEER_CONNECT: &[Do] = &[Do::PeerConnect, Do::Settle];

cases! {
    lossy_early_connect_fault: lossy_client, BOTH, EARLY_CALLER, [CALLS_TWICE],
        counts([2, 1, 0, 1], NONE, [1, 0]), false;
    lossy_connect_fault: lossy_client, BOTH, IDENT_CALLER, [CALLS_TWICE],
        counts([2, 2, 0, 1], NONE, [1, 0]), false;
    lossy_connected_fault: lossy_client, BOTH, MESSAGE, [BOTH_SEND, CONNECT],
        counts([1, 1, 0, 1], NONE, [1, 0]), false;
    lossy_early_accept_fault: stateless_server, BOTH, EARLY_CALLED, [IS_CALLED_TWICE],
        counts(NONE, [2, 1, 0, 1], [0, 0]), false;
    lossy_accept_fault: stateless_server, BOTH, IDENT_READ, [IS_CALLED_TWICE],
        counts(NONE, [2, 2, 0, 1], [0, 0]), false;
    lossy_establishing_fault: stateless_server, BOTH, IDENT_WRITTEN, [IS_CALLED_TWICE],
        counts(NONE, [2, 2, 0, 2], [1, 0]), false;
    lossy_accepted_fault: stateless_server, BOTH, MESSAGE, [BOTH_SEND, PEER_CONNECT],
        counts(NONE, [1, 1, 0, 1], [1, 0]), false;
    lossless_early_connect_fault: lossless_client, BOTH, EARLY_CALLER, [BOTH_SEND, CONNECT],
        counts([2, 1, 0, 1], NONE, [0, 0]), true;
    lossless_early_accept_fault: stateful_server, BOTH, EARLY_CALLED, [BOTH_SEND, PEER_CONNECT],
        counts(NONE, [2, 1, 0, 1], [0, 0]), true;
    lossless_connect_fault: lossless_client, BOTH, IDENT_CALLER, [BOTH_SEND, CONNECT],
        counts([2, 2, 0, 1], NONE, [0, 0]), true;
    lossless_connected_fault: lossless_client, BOTH, MESSAGE, [BOTH_SEND, CONNECT],
        counts([2, 1, 1, 2], NONE, [0, 0]), true;
    lossless_connected_fault2: lossless_client, BOTH, &[
            &[(READ, "ACK", 1, Fail)],
            &[(WRITE, "ACK", 1, Fail)],
            &[(READ, "KEEPALIVE2", 1, Fail)],
            &[(WRITE, "KEEPALIVE2", 1, Fail)],
            &[(READ, "KEEPALIVE2_ACK", 1, Fail)],
            &[(WRITE, "KEEPALIVE2_ACK", 1, Fail)],
        ], [
            &[Do::Connect, Do::Established, Do::Send, Do::Keepalive, Do::Established],
            &[Do::PeerSend, Do::PeerKeepalive, Do::Established],
            &[Do::Send, Do::Established, Do::PeerSend, Do::Established]
        ],
        counts([2, 1, 1, 2], NONE, [0, 0]), true;
    lossless_reconnect_fault: lossless_client, BOTH, &[
            &[(WRITE, MSG, 1, Fail), (WRITE, "SESSION_RECONNECT", 1, Fail)],
            &[(WRITE, MSG, 1, Fail), (READ, "SESSION_RECONNECT_OK", 1, Fail)],
        ], [BOTH_SEND, CONNECT],
        counts([3, 1, 2, 2], NONE, [0, 0]), true;
    lossless_accept_fault: stateful_server, BOTH, IDENT_READ, [BOTH_SEND, PEER_CONNECT],
        counts(NONE, [2, 2, 0, 1], [0, 0]), true;
    lossless_establishing_fault: stateful_server, BOTH, IDENT_WRITTEN, [BOTH_SEND, PEER_CONNECT],
        counts(NONE, [2, 2, 0, 2], [0, 0]), true;
    lossless_accepted_fault: stateful_server, BOTH, MESSAGE, [BOTH_SEND, PEER_CONNECT],
        counts(NONE, [2, 1, 1, 2], [0, 0]), true;
    lossless_reaccept_fault: stateful_server, BOTH,
        &[&[(READ, MSG, 1, Fail), (READ, "SESSION_RECONNECT", 1, Fail)]], [BOTH_SEND, PEER_CONNECT],
        counts(NONE, [3, 1, 2, 2], [0, 0]), true;
    lossless_reaccept_fault_2: stateful_server, BOTH,
        &[&[(READ, MSG, 1, Fail), (WRITE, "SESSION_RECONNECT_OK", 1, Fail)]], [BOTH_SEND, PEER_CONNECT],
        counts(NONE, [3, 1, 2, 3], [0, 0]), true;
    peer_connect_fault: lossless_peer, BOTH, IDENT_CALLER, [&[Do::Send], CONNECT],
        counts([2, 2, 0, 1], NONE, [0, 0]), true;
    peer_accept_fault: lossless_peer, BOTH, IDENT_READ, [&[Do::PeerSend], PEER_CONNECT],
        counts(NONE, [2, 2, 0, 1], [0, 0]), true;
    peer_establishing_fault: lossless_peer, BOTH, IDENT_WRITTEN, [&[Do::PeerSend], PEER_CONNECT],
        counts(NONE, [2, 2, 0, 2], [0, 0]), true;
    peer_connected_fault_reconnect: lossless_peer, BOTH, &[&[(WRITE, MSG, 1, Fail)]],
        [&[Do::Send], CONNECT], counts([2, 1, 1, 2], NONE, [0, 0]), true;
    peer_connected_fault_reaccept: lossless_peer, BOTH, &[&[(READ, MSG, 1, Fail)]],
        [&[Do::PeerSend], CONNECT], counts([1, 1, 0, 1], [1, 0, 1, 1], [0, 0]), true;
    both_fault_at_once: lossless_peer, BOTH,
        &[&[(WRITE, MSG, 1, Fail), (READ, "HELLO", 2, Fail)]], [BOTH_SEND, CONNECT],
        counts([ANY, 1, ANY, ANY], [ANY, 0, ANY, ANY], [0, 0]), true;
}
