//! Timers.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loligo_msgr::proto::Fault;
use loligo_msgr::{Node, NodeOptions};
use loligo_wire::entity::EntityAddrVec;

use crate::bed::{Bed, PATIENCE, next};
use crate::peers::{Call, Caller, Told};
use crate::proxy::{Kept, proxy};

pub(crate) fn timers_of_the_endpoint_fire_when_due(bed: &Bed) {
    let (node, told) = bed.caller();
    let now = node.now().mono;
    let at = [now + Duration::from_millis(60), now + Duration::from_millis(20), now];
    for at in at {
        node.call(Call::Alarm(at));
    }
    for due in [at[2], at[1], at[0]] {
        match told.recv_timeout(PATIENCE) {
            Ok(Told::Alarm(fired)) => assert!(fired >= due),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn what_a_look_within_the_sink_brings_about_is_not_left_until_something_else_happens(bed: &Bed) {
    let (done, told) = mpsc::channel();
    let own: Arc<Mutex<Option<Node<Caller>>>> = Arc::default();
    let node = bed.start(Caller::default(), NodeOptions::client(), {
        let own = Arc::clone(&own);
        move |answer| {
            if matches!(answer, Told::Alarm(_)) {
                own.lock().unwrap().take().unwrap().with(|caller| caller.say(Told::Connected));
            }
            drop(done.send(answer));
        }
    });
    *own.lock().unwrap() = Some(node.clone());
    node.call(Call::Alarm(node.now().mono + Duration::from_millis(20)));
    assert!(matches!(next(&told), Told::Alarm(_)));
    assert_eq!(next(&told), Told::Connected);
}

pub(crate) fn an_idle_connection_is_closed(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let mut options = NodeOptions::client();
    options.config.options.ms_connection_idle_timeout = Duration::from_millis(100);
    let (node, told) = bed.caller_with(options);
    node.call(Call::Connect(addrs));
    assert_eq!([next(&told), next(&told)], [Told::Connected, Told::Reset(Fault::Idle)]);
}

pub(crate) fn a_keepalive_without_an_answer_ends_the_connection(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let kept = Kept::default();
    let (addr, _gone) = proxy(bed, addrs.front(), Arc::clone(&kept));
    let mut options = NodeOptions::client();
    options.config.options.keepalive_timeout = Duration::from_millis(100);
    let (node, told) = bed.caller_with(options);
    node.call(Call::Connect(EntityAddrVec::from(addr)));
    assert_eq!(next(&told), Told::Connected);
    *kept.lock().unwrap() = Some(Vec::new());
    node.call(Call::Keepalive);
    assert_eq!(next(&told), Told::Reset(Fault::KeepaliveTimeout));
}
