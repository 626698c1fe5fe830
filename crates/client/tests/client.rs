//! The client as an endpoint, with peers played by the test.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod world;

use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{AuthorizeHandler, Verdict};
use loligo_client::{Call, CallId, ConnectError, Done, Options, Outcome};
use loligo_monclient::{Request, RequestError};
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, Endpoint, Fault, Input, IoKind};
use loligo_objecter::{ObjectOperation, Op, OpError};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{EntityName, EntityType, Protocols};
use loligo_wire::message::msg_type;
use loligo_wire::types::ObjectLocator;
use loligo_wire::{BufferList, Epoch, GlobalId, Tid};

use crate::world::{FSID, POOL, World};

fn write(id: u64, done: &'static str) -> Call<&'static str> {
    let mut operation = ObjectOperation::new();
    operation.write_full(Bytes::from_static(b"contents"));
    let op = Op::mutate(Bytes::from_static(b"object"), ObjectLocator::new(POOL), operation);
    Call::Op { id: CallId(id), op, done }
}

fn command(id: u64, done: &'static str) -> Call<&'static str> {
    let request = Request::Command { cmd: vec!["{}".into()], inbl: BufferList::new() };
    Call::Mon { id: CallId(id), request, deadline: None, done }
}

#[test]
fn it_logs_in_takes_its_name_and_follows_the_maps() {
    let world = World::connected();
    assert_eq!(world.client.fsid(), FSID);
    assert_eq!(world.client.osdmap().get_epoch(), Epoch(1));
    let GlobalId(global_id) = world.client.global_id();
    assert_eq!(world.names, [EntityName::client(i64::try_from(global_id).unwrap())]);
}

#[test]
fn a_start_that_takes_too_long_says_what_became_of_each_monitor() {
    let mut world = World::new();
    let deadline = Some(world.now.mono + Duration::from_secs(5));
    world.call(Call::Start { deadline, done: "start" });
    let con = world.con(EntityType::MON);
    world.reset(con, Fault::NotCeph);
    world.after(Duration::from_secs(5));
    let Outcome::Connected(Err(error @ ConnectError::TimedOut { .. })) = world.outcome("start") else {
        panic!()
    };
    assert_eq!(error.errno(), 110);
    assert!(error.to_string().contains("v1:10.0.0.1:6789/0: this is not Ceph"), "{error}");
    // It goes on trying, and may be asked again.
    world.call(Call::Start { deadline: None, done: "again" });
    world.open(EntityType::MON);
    world.serve_mon();
    assert!(matches!(world.outcome("again"), Outcome::Connected(Ok(_))));
}

/// Waiting would help nobody: a start ends at once, and says where it was tried and what there is to do.
#[test]
fn a_start_ends_when_no_monitor_can_be_spoken_with() {
    let faults = [
        (Fault::NoCommonMode, "ms_mon_client_mode"),
        (Fault::NoModeWithoutKeys, "authentication method none"),
        (Fault::NoCommonRevision, "ms_mode=legacy"),
        (Fault::Unreachable(IoKind::NO_PROTOCOL), "errno 97"),
    ];
    for (fault, advice) in faults {
        let mut world = World::new();
        world.call(Call::Start { deadline: None, done: "start" });
        world.reset(world.con(EntityType::MON), fault);
        let Outcome::Connected(Err(error @ ConnectError::NothingInCommon { .. })) = world.outcome("start")
        else {
            panic!()
        };
        assert_eq!(error.errno(), 13);
        let text = error.to_string();
        assert!(text.contains("v1:10.0.0.1:6789/0: ") && text.contains(advice), "{text}");
        // Nothing is tried any more, until somebody asks again.
        world.after(Duration::from_secs(60));
        assert!(world.cons.is_empty());
        world.call(Call::Start { deadline: None, done: "again" });
        world.open(EntityType::MON);
        world.serve_mon();
        assert!(matches!(world.outcome("again"), Outcome::Connected(Ok(_))));
    }
}

#[test]
fn after_the_first_login_a_monitor_that_cannot_be_spoken_with_does_not_end_the_hunt() {
    let mut world = World::connected();
    world.reset(world.con(EntityType::MON), Fault::NotCeph);
    world.reset(world.con(EntityType::MON), Fault::NoCommonMode);
    world.after(Duration::from_secs(10));
    world.open(EntityType::MON);
    world.serve_mon();
    assert_eq!(world.names.len(), 1);
}

/// Who has no address of a protocol that is spoken is not called, and who is called is named by the address that is dialled.
#[test]
fn monitors_are_called_and_named_as_the_protocols_say() {
    let only = |v1, v2| {
        let mut options = Options::default();
        options.mon.protocols = Protocols { v1, v2 };
        options
    };
    let ended = |options, addrs| {
        let mut world = World::at(options, addrs);
        world.call(Call::Start { deadline: None, done: "start" });
        if let Some(con) = world.cons.keys().next().copied() {
            world.reset(con, Fault::NoCommonMode);
        }
        match world.outcome("start") {
            Outcome::Connected(Err(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let (v1, v2) = ("v1:10.0.0.1:6789/0", "v2:10.0.0.1:3300/0");
    for (options, addr) in [(only(true, false), v2), (only(false, true), v1)] {
        let error = ended(options, addr);
        assert_eq!(error, ConnectError::NoAddress);
        assert!(error.to_string().contains("ms_mode"), "{error}");
    }
    let both = "[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0]";
    for (options, addr) in [(only(true, false), v1), (only(true, true), v2), (only(false, true), v2)] {
        let ConnectError::NothingInCommon { tried } = ended(options, both) else { panic!() };
        assert_eq!(tried, [(addr.parse().unwrap(), Some(Fault::NoCommonMode))]);
    }
}

#[test]
fn without_a_deadline_of_its_own_a_start_ends_as_the_option_says_and_0_is_no_limit() {
    let day = Duration::from_secs(86_400);
    for (client_mount_timeout, end) in [(Duration::from_secs(7), true), (Duration::ZERO, false)] {
        let mut world = World::with(Options { client_mount_timeout, ..Options::default() });
        world.call(Call::Start { deadline: None, done: "start" });
        world.after(Duration::from_secs(6));
        assert!(world.done.is_empty());
        world.after(day);
        assert_eq!(world.done.len(), usize::from(end));
    }
}

#[test]
fn an_osd_is_shown_who_we_are_and_must_prove_itself() {
    let mut world = World::connected();
    world.call(write(1, "write"));
    let con = world.con(EntityType::OSD);
    let mut osd = AuthorizeHandler::new(&[AuthMethod::CEPHX]);
    let step = world.auth(con, AuthRequest::Authorizer { peer: EntityType::OSD });
    let Verdict::Challenge(challenge) = world.verify(&mut osd, step) else { panic!() };
    let step = world.auth(con, AuthRequest::Challenge { challenge });
    let Verdict::Accept(accepted) = world.verify(&mut osd, step) else { panic!() };
    let step = world.auth(con, AuthRequest::Verify { reply: Bytes::from_static(b"not a proof") });
    assert!(matches!(step, Some(AuthStep::Refuse)), "{step:?}");
    let step = world.auth(con, AuthRequest::Verify { reply: accepted.reply });
    assert!(matches!(step, Some(AuthStep::Accept(Accept { session_key: Some(_), .. }))), "{step:?}");
}

#[test]
fn an_osd_that_does_not_challenge_is_not_believed() {
    let mut world = World::connected();
    world.call(write(1, "write"));
    let con = world.con(EntityType::OSD);
    world.auth(con, AuthRequest::Authorizer { peer: EntityType::OSD });
    let step = world.auth(con, AuthRequest::Verify { reply: Bytes::new() });
    assert!(matches!(step, Some(AuthStep::Refuse)), "{step:?}");
}

#[test]
fn after_a_refusal_the_osd_is_shown_a_new_ticket_once() {
    let mut world = World::connected();
    world.after(Duration::from_secs(2));
    world.call(write(1, "write"));
    let con = world.con(EntityType::OSD);
    world.sent.clear();
    let first = world.auth(con, AuthRequest::Authorizer { peer: EntityType::OSD });
    assert!(matches!(first, Some(AuthStep::Authorizer { .. })));
    // Refused: the answer waits for the monitor.
    assert!(world.auth(con, AuthRequest::Rejected).is_none());
    assert_eq!(world.sent.iter().filter(|sent| sent.message_type == msg_type::AUTH).count(), 1);
    world.serve_mon();
    let second = world.step();
    let mut osd = AuthorizeHandler::new(&[AuthMethod::CEPHX]);
    assert!(matches!(world.verify(&mut osd, second), Verdict::Challenge(_)));
    // Refused again: it is not the ticket.
    let third = world.auth(con, AuthRequest::Rejected);
    assert!(matches!(third, Some(AuthStep::Refuse)), "{third:?}");
    assert!(world.sent.is_empty());
}

#[test]
fn a_call_that_is_cancelled_ends_once_and_the_others_go_on() {
    let mut world = World::connected();
    world.call(write(1, "write"));
    world.call(command(2, "command"));
    world.call(Call::WaitForLatestOsdMap { id: CallId(3), deadline: None, done: "latest" });
    world.call(Call::WaitForOsdMap { id: CallId(4), epoch: Epoch(9), deadline: None, done: "map" });
    world.call(write(5, "other"));
    assert_eq!(world.client.num_calls(), 5);
    for id in [1, 2, 3, 4, 1, 2, 3, 4] {
        world.call(Call::Cancel(CallId(id)));
    }
    assert!(matches!(world.outcome("write"), Outcome::Op(Err(OpError::Cancelled { .. }))));
    assert!(matches!(world.outcome("command"), Outcome::Mon(Err(RequestError::Cancelled { sent: true }))));
    assert!(matches!(world.outcome("latest"), Outcome::OsdMap(Err(RequestError::Cancelled { sent: false }))));
    assert!(matches!(world.outcome("map"), Outcome::OsdMap(Err(RequestError::Cancelled { sent: false }))));
    // The answer to a question that nobody has any more.
    world.serve_mon();
    assert!(world.done.is_empty());
    assert_eq!(world.client.num_ops(), 1);
    assert_eq!(world.client.num_calls(), 1);
}

#[test]
fn a_call_that_has_ended_is_not_kept_for_a_cancellation() {
    let mut world = World::connected();
    let deadline = Some(world.now.mono + Duration::from_secs(1));
    world.call(Call::WaitForLatestOsdMap { id: CallId(1), deadline: None, done: "latest" });
    world.serve_mon();
    world.call(Call::WaitForOsdMap { id: CallId(2), epoch: Epoch(1), deadline: None, done: "map" });
    let request = Request::GetVersion { what: "monmap".into() };
    world.call(Call::Mon { id: CallId(3), request, deadline: None, done: "version" });
    world.serve_mon();
    world.call(Call::WaitForOsdMap { id: CallId(4), epoch: Epoch(2), deadline, done: "next" });
    assert_eq!((world.done.len(), world.client.num_calls()), (3, 1));
    world.after(Duration::from_secs(1));
    assert_eq!((world.done.len(), world.client.num_calls()), (4, 0));
    world.call(write(5, "write"));
    world.call(Call::Shutdown { done: "shutdown" });
    world.call(write(6, "late"));
    assert_eq!((world.done.len(), world.client.num_calls()), (7, 0));
}

#[test]
fn waits_for_maps_end_with_the_map_or_with_their_deadline() {
    let mut world = World::connected();
    world.call(Call::WaitForLatestOsdMap { id: CallId(1), deadline: None, done: "latest" });
    world.serve_mon();
    assert!(matches!(world.outcome("latest"), Outcome::OsdMap(Ok(map)) if map.get_epoch() == Epoch(1)));
    let deadline = Some(world.now.mono + Duration::from_secs(3));
    world.call(Call::WaitForOsdMap { id: CallId(2), epoch: Epoch(2), deadline, done: "next" });
    world.after(Duration::from_secs(2));
    assert!(world.done.is_empty());
    world.after(Duration::from_secs(1));
    assert!(matches!(world.outcome("next"), Outcome::OsdMap(Err(RequestError::TimedOut { sent: false }))));
}

#[test]
fn an_op_that_is_sent_again_after_a_new_identity_is_the_same_to_the_osd() {
    let mut world = World::connected();
    let mut operation = ObjectOperation::new();
    operation.append(Bytes::from_static(b"once"));
    let op = Op::mutate(Bytes::from_static(b"object"), ObjectLocator::new(POOL), operation);
    world.call(Call::Op { id: CallId(1), op, done: "append" });
    world.open(EntityType::OSD);
    let first = world.op();
    let old = world.client.global_id();
    world.change_identity();
    let new = world.client.global_id();
    assert!(
        matches!(world.told[..], [Done::IdentityChanged { old: was, new: is }] if was == old && is == new)
    );
    let con = world.con(EntityType::OSD);
    world.reset(con, Fault::NotCeph);
    let second = world.op();
    assert_ne!(first.con, second.con);
    assert_eq!(second.reqid(), first.reqid());
}

#[test]
fn a_monitor_that_did_not_let_us_in_has_no_maps_for_us() {
    let mut world = World::new();
    world.call(Call::Start { deadline: None, done: "start" });
    world.open(EntityType::MON);
    let con = world.con(EntityType::MON);
    world.deliver(con, Tid(0), &World::first_map());
    assert_eq!(world.client.osdmap().get_epoch(), Epoch(0));
    world.serve_mon();
    assert_eq!(world.client.osdmap().get_epoch(), Epoch(1));
}

#[test]
fn waits_for_maps_have_the_default_deadline_of_what_monitors_are_asked() {
    let timeout = Some(Duration::from_secs(3));
    let mut world = World::with(Options { rados_mon_op_timeout: timeout, ..Options::default() });
    world.connect();
    world.call(Call::WaitForLatestOsdMap { id: CallId(1), deadline: None, done: "latest" });
    world.call(Call::WaitForOsdMap { id: CallId(2), epoch: Epoch(9), deadline: None, done: "map" });
    world.after(Duration::from_millis(2_999));
    assert!(world.done.is_empty());
    world.after(Duration::from_millis(1));
    for name in ["latest", "map"] {
        assert!(matches!(world.outcome(name), Outcome::OsdMap(Err(RequestError::TimedOut { sent: false }))));
    }
}

#[test]
fn when_its_driver_has_ended_everything_ends_with_an_error() {
    let mut world = World::connected();
    world.call(write(1, "write"));
    world.call(command(2, "command"));
    world.call(Call::WaitForOsdMap { id: CallId(3), epoch: Epoch(9), deadline: None, done: "map" });
    world.handle(Input::Stopped);
    assert!(matches!(world.outcome("write"), Outcome::Op(Err(OpError::Shutdown { .. }))));
    assert!(matches!(world.outcome("command"), Outcome::Mon(Err(RequestError::Shutdown { sent: true }))));
    assert!(matches!(world.outcome("map"), Outcome::OsdMap(Err(RequestError::Shutdown { sent: false }))));
    world.call(write(4, "late write"));
    assert!(matches!(world.outcome("late write"), Outcome::Op(Err(OpError::Shutdown { .. }))));
    assert_eq!(world.client.next_timeout(), None);
    world.handle(Input::Stopped);
}

#[test]
fn a_shutdown_ends_everything_once_and_comes_last() {
    let mut world = World::connected();
    world.call(write(1, "write"));
    world.call(command(2, "command"));
    world.call(Call::WaitForLatestOsdMap { id: CallId(3), deadline: None, done: "latest" });
    world.call(Call::WaitForOsdMap { id: CallId(4), epoch: Epoch(9), deadline: None, done: "map" });
    world.call(Call::Shutdown { done: "shutdown" });
    assert!(matches!(world.done.last(), Some(("shutdown", Outcome::Shutdown))));
    assert!(matches!(world.outcome("write"), Outcome::Op(Err(OpError::Shutdown { .. }))));
    assert!(matches!(world.outcome("command"), Outcome::Mon(Err(RequestError::Shutdown { sent: true }))));
    assert!(matches!(world.outcome("latest"), Outcome::OsdMap(Err(RequestError::Shutdown { sent: false }))));
    assert!(matches!(world.outcome("map"), Outcome::OsdMap(Err(RequestError::Shutdown { sent: false }))));
    assert!(world.cons.is_empty(), "every connection is closed");
    assert_eq!(world.client.next_timeout(), None);
    // What is asked later ends at once.
    world.call(write(5, "late write"));
    world.call(command(6, "late command"));
    world.call(Call::Start { deadline: None, done: "late start" });
    world.call(Call::WaitForLatestOsdMap { id: CallId(7), deadline: None, done: "late wait" });
    assert!(matches!(world.outcome("late write"), Outcome::Op(Err(OpError::Shutdown { .. }))));
    assert!(matches!(
        world.outcome("late command"),
        Outcome::Mon(Err(RequestError::Shutdown { sent: false }))
    ));
    assert!(matches!(world.outcome("late start"), Outcome::Connected(Err(ConnectError::Shutdown))));
    assert!(matches!(
        world.outcome("late wait"),
        Outcome::OsdMap(Err(RequestError::Shutdown { sent: false }))
    ));
    assert!(world.cons.is_empty());
}
