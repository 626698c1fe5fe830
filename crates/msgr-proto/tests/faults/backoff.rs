//! How long who has lost a stream waits before it calls again.

use std::time::Duration;

use loligo_msgr_proto::Policy;

use crate::world::kit::{MODES, duo, items, note, peers, rule};
use crate::world::{Act, Way};

const MINUTE: Duration = Duration::from_secs(60);

/// Who was told to wait for a call that never comes calls again some time later, also with nothing to say.
#[test]
fn who_was_told_to_wait_calls_again() {
    for mode in MODES {
        let (mut world, low, high) = peers(mode, Policy::lossless_peer(), Policy::lossless_peer());
        let asks = if mode.is_v2() { ("CLIENT_IDENT", 1) } else { ("CONNECT", 2) };
        rule(&mut world, low, Way::Write, asks.0, asks.1, Act::Hold);
        let to_high = world.connect(low, high);
        let to_low = world.connect(high, low);
        world.run();
        assert_eq!(items(&world, low, Way::Write, "WAIT"), 1, "{mode:?}");
        world.mark_down(low, to_high);
        world.run_for(MINUTE);
        assert!(world.hosts[high].is_open(to_low), "{mode:?}");
    }
}

/// Each wait is twice as long as the one before, and none longer than `ms_max_backoff`.
#[test]
fn waits_get_longer_up_to_a_limit() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
        world.hosts[server].is_deaf = true;
        world.connect(client, server);
        let mut calls_in = |time| {
            let before = world.hosts[client].faults.len();
            world.run_for(time);
            world.hosts[client].faults.len() - before
        };
        // 0.2 s, 0.4 s, ... 12.8 s, each cut by up to a half; then from 7.5 s to 15 s.
        assert!((7..=10).contains(&calls_in(MINUTE / 2)), "{mode:?}");
        let later = calls_in(MINUTE * 10);
        assert!((40..=80).contains(&later), "{mode:?} {later}");
    }
}

/// Who waited long once does not wait long again when it has had a stream since.
#[test]
fn a_stream_that_was_of_use_makes_the_next_wait_short() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
        world.hosts[server].is_deaf = true;
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run_for(MINUTE);
        world.hosts[server].is_deaf = false;
        world.run_for(MINUTE);
        assert_eq!(world.hosts[server].tids(), [1], "{mode:?}");
        world.hosts[server].is_deaf = true;
        world.cut_all();
        world.hosts[server].is_deaf = false;
        // The first wait is 0.2 s at most.
        world.run_for(Duration::from_millis(250));
        assert!(world.hosts[client].is_open(con), "{mode:?}");
    }
}
