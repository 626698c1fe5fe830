//! A call that the peer has given up arrives late, when a later one of its is open.

use std::time::Duration;

use loligo_msgr_proto::Policy;

use crate::world::kit::{MODES, Mode, V2_MODES, calls, count, duo, is_connected, items, note, rule};
use crate::world::{Act, HostId, Way, World};

/// More than the first wait before another call.
const SOON: Duration = Duration::from_millis(500);

/// The server is about to read an item of a call. The client gives that one up, and calls again; then the server goes on with the first.
fn late(world: &mut World, client: HostId) {
    assert!(world.is_held());
    world.cut_for(client);
    world.run_for(SOON);
    let before = (calls(world, client), count(world, client, is_connected));
    world.release();
    world.run_for(SOON);
    assert_eq!((calls(world, client), count(world, client, is_connected)), before, "nobody takes its stream");
    assert_eq!(world.streams.len(), 1);
}

fn world(mode: Mode) -> (World, HostId, HostId) {
    duo(mode, Policy::lossless_client(), Policy::stateful_server())
}

#[test]
fn a_late_call_for_a_new_session_does_not_get_it() {
    for mode in MODES {
        let (mut world, client, server) = world(mode);
        let asks = if mode.is_v2() { ("CLIENT_IDENT", 1) } else { ("CONNECT", 2) };
        rule(&mut world, server, Way::Read, asks.0, asks.1, Act::Hold);
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run();
        late(&mut world, client);
        world.send(client, con, note(2));
        world.run();
        assert_eq!(world.hosts[server].tids(), [1, 2], "{mode:?}");
        let told = items(&world, server, Way::Write, "RETRY_GLOBAL");
        assert_eq!(told, usize::from(!mode.is_v2()), "{mode:?}");
    }
}

#[test]
fn a_late_call_to_go_on_is_told_that_it_is_late() {
    for mode in V2_MODES {
        let (mut world, client, server) = world(mode);
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run();
        rule(&mut world, server, Way::Read, "SESSION_RECONNECT", 1, Act::Hold);
        world.cut_all();
        world.run();
        late(&mut world, client);
        assert_eq!(items(&world, server, Way::Write, "SESSION_RETRY_GLOBAL"), 1, "{mode:?}");
        world.send(client, con, note(2));
        world.run();
        assert_eq!(world.hosts[server].tids(), [1, 2], "{mode:?}");
    }
}
