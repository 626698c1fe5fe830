//! A connection that calls has taken the stream by which the peer has called, and the greeting there is not over (`replacing`).

use std::time::Duration;

use loligo_msgr_proto::{ConId, Policy};

use crate::world::kit::{
    MODES, Mode, calls, count, duo, is_remote_reset, is_reset, items, note, peers, rule,
};
use crate::world::{Act, HostId, Way, World};

/// Less than a wait before another call.
const AT_ONCE: Duration = Duration::from_millis(50);
const MINUTE: Duration = Duration::from_secs(60);

/// Two daemons that have called each other, of which `a` wins. The pool of `b` answers late, so that the greeting goes no further.
struct Taken {
    world: World,
    a: HostId,
    b: HostId,
    to_a: ConId,
    to_b: ConId,
}

impl Taken {
    fn new(mode: Mode, messages: bool) -> Self {
        let (mut world, a, b) = peers(mode, Policy::lossless_peer(), Policy::lossless_peer());
        let asks = if mode.is_v2() { ("CLIENT_IDENT", 1) } else { ("CONNECT", 2) };
        rule(&mut world, b, Way::Write, asks.0, asks.1, Act::Hold);
        let to_a = world.connect(b, a);
        world.run();
        assert!(world.is_held(), "{mode:?}");
        world.hosts[b].late = Some(Vec::new());
        let to_b = world.connect(a, b);
        if messages {
            world.send(a, to_b, note(1));
            world.send(b, to_a, note(2));
        }
        world.run();
        let mut taken = Self { world, a, b, to_a, to_b };
        let late = taken.world.hosts[b].late.as_ref();
        assert_eq!(late.map(Vec::len), Some(1), "{mode:?}");
        assert!(!taken.world.hosts[b].is_open(to_a));
        taken
    }

    /// Nothing is lost, and the connections are what they were.
    fn goes_on(mut self, what: &str) {
        self.world.release();
        self.world.run_for(MINUTE);
        for (from, con, tid) in [(self.a, self.to_b, 11), (self.b, self.to_a, 12)] {
            self.world.send(from, con, note(tid));
        }
        self.world.run_for(MINUTE);
        for (host, tid) in [(self.a, 12), (self.b, 11)] {
            let tids = self.world.hosts[host].tids();
            assert_eq!(tids.last(), Some(&tid), "{what}");
            assert!(tids.len() == 1 || tids == [tid - 10, tid], "{what}: {tids:?}");
            let resets = count(&self.world, host, is_reset) + count(&self.world, host, is_remote_reset);
            assert_eq!((resets, self.world.hosts[host].connections()), (0, 1), "{what}");
        }
    }
}

#[test]
fn a_stream_that_breaks_there_ends_no_connection_that_has_nothing_to_say() {
    for mode in MODES {
        let mut taken = Taken::new(mode, false);
        taken.world.hosts[taken.b].late = None;
        taken.world.cut_all();
        taken.world.run();
        taken.goes_on(&format!("{mode:?}"));
    }
}

/// On v1 the caller's call was as good as open; on v2 it is one that failed.
#[test]
fn after_such_a_stream_who_has_something_to_say_calls_at_once_on_v1_and_later_on_v2() {
    for mode in MODES {
        let mut taken = Taken::new(mode, true);
        taken.world.hosts[taken.b].late = None;
        let before = calls(&taken.world, taken.b);
        taken.world.cut_all();
        taken.world.run();
        let at_once = calls(&taken.world, taken.b) - before;
        assert_eq!(at_once, usize::from(!mode.is_v2()), "{mode:?}");
        taken.goes_on(&format!("{mode:?}"));
    }
}

/// Nobody else has the connection meanwhile: on v2 a third call is to wait, on v1 it is told to try again.
#[test]
fn a_third_call_does_not_have_it_meanwhile() {
    for mode in MODES {
        let mut taken = Taken::new(mode, true);
        let before = calls(&taken.world, taken.a);
        taken.world.cut_for(taken.a);
        taken.world.run_for(Duration::from_secs(1));
        assert!(calls(&taken.world, taken.a) > before, "{mode:?}");
        let answer = if mode.is_v2() { "WAIT" } else { "RETRY_GLOBAL" };
        assert!(items(&taken.world, taken.b, Way::Write, answer) > 0, "{mode:?}");
        taken.world.answer_late(taken.b);
        taken.goes_on(&format!("{mode:?}"));
    }
}

/// On v1 the peer may have heard that the session is open before this end knows: if it calls again then, its session goes on.
#[test]
fn once_it_was_said_that_the_session_is_open_the_peer_goes_on_with_it_at_once() {
    // `b` does not hear that `a` has heard.
    let (mut world, a, b) = peers(Mode::V1, Policy::lossless_peer(), Policy::lossless_peer());
    rule(&mut world, b, Way::Write, "CONNECT", 2, Act::Hold);
    rule(&mut world, b, Way::Read, "RECEIVED_SEQ", 1, Act::Hold);
    let to_a = world.connect(b, a);
    world.run();
    let to_b = world.connect(a, b);
    world.run();
    assert!(world.hosts[a].is_open(to_b) && !world.hosts[b].is_open(to_a));
    let mut taken = Taken { world, a, b, to_a, to_b };
    taken.world.send(a, to_b, note(1));
    taken.world.cut_for(a);
    taken.world.run_for(AT_ONCE);
    assert_eq!(items(&taken.world, b, Way::Write, "RETRY_GLOBAL"), 0);
    assert_eq!(taken.world.hosts[b].tids(), [1]);
    taken.goes_on("v1");
}

/// Who stands above may know a caller before its session is open, and have something for it.
#[test]
fn what_there_is_for_a_caller_before_its_session_is_open_waits_for_its_next_call() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
        world.hosts[server].late = Some(Vec::new());
        let con = world.connect(client, server);
        world.run();
        let taken = world.hosts[server].pool.connections().next().unwrap().0;
        world.send(server, taken, note(9));
        world.hosts[server].late = None;
        world.cut_all();
        world.run_for(MINUTE);
        assert!(world.hosts[client].is_open(con), "{mode:?}");
        assert_eq!(world.hosts[client].tids(), [9], "{mode:?}");
    }
}

/// Somebody wants to know whether the peer is there: it is asked on the next stream, if not on this one.
#[test]
fn a_sign_of_life_is_asked_for_on_the_next_stream_if_this_one_breaks() {
    for mode in MODES {
        let (mut world, a, b) = peers(mode, Policy::lossless_peer(), Policy::lossless_peer());
        let last = if mode.is_v2() { "SERVER_IDENT" } else { "SEQ" };
        rule(&mut world, a, Way::Read, last, 1, Act::Fail);
        let con = world.connect(a, b);
        world.keepalive(a, con);
        world.run_for(MINUTE);
        assert_eq!(items(&world, a, Way::Write, "KEEPALIVE2"), 1, "{mode:?}");
        assert_eq!(items(&world, a, Way::Read, "KEEPALIVE2_ACK"), 1, "{mode:?}");
    }
}
