use alloc::string::ToString as _;
use alloc::vec;
use core::net::SocketAddr;

use loligo_base::{Mono, SeededEntropy, Wall};
use loligo_wire::entity::EntityName;

use super::*;
use crate::{Limits, Policy, PolicySet, Protocols};

const NOW: Now = Now { mono: Mono::ZERO, wall: Wall::ZERO };

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn server(policy: Policy) -> Pool<u32> {
    let mut config = Config::new(EntityName::osd(0), PolicySet::new(policy));
    config.limits = Limits { half_open: 3, half_open_per_host: 2, ..Limits::default() };
    let mut pool = Pool::new(Arc::new(config), 77, dice());
    pool.bound(socket("10.0.0.1:6800"));
    pool
}

fn dice() -> Box<dyn Entropy> {
    Box::new(SeededEntropy::new(3))
}

#[test]
fn the_address_is_learned_once_and_keeps_its_nonce() {
    let mut pool = Pool::<u32>::new(Arc::new(Config::client()), 42, dice());
    assert_eq!(pool.learned_addr(EntityAddr::NONE), EntityAddr::NONE.with_nonce(42));
    let seen = EntityAddr::legacy(socket("10.0.0.7:0"), 0);
    assert_eq!(pool.learned_addr(seen), seen.with_nonce(42));
    let other = EntityAddr::legacy(socket("192.168.0.7:0"), 0);
    assert_eq!(pool.learned_addr(other), seen.with_nonce(42));
}

#[test]
fn our_own_address_leads_to_ourselves() {
    let mut pool = server(Policy::lossless_peer());
    let own = EntityAddrVec(vec![pool.my_addr()]);
    let con = ConId::opened(0);
    assert!(
        matches!(pool.connect(NOW, con, EntityType::OSD, own), Connect::Local(me) if me.name == EntityName::osd(0))
    );
    assert_eq!(pool.link(con), Some(&Link::Local));
    let other_nonce = EntityAddrVec(vec![pool.my_addr().with_nonce(1)]);
    assert!(matches!(
        pool.connect(NOW, ConId::opened(1), EntityType::OSD, other_nonce),
        Connect::Dial { .. }
    ));
}

#[test]
fn the_first_address_of_a_peer_that_is_spoken_is_dialled() {
    let (v2, v1) =
        (EntityAddr::msgr2(socket("10.0.0.1:3300"), 0), EntityAddr::legacy(socket("10.0.0.1:6789"), 0));
    let call = |protocols, addrs| {
        let mut config = Config::client();
        config.options.protocols = protocols;
        let mut pool = Pool::<u32>::new(Arc::new(config), 42, dice());
        pool.connect(NOW, ConId::opened(0), EntityType::MON, EntityAddrVec(addrs))
    };
    let both = Protocols::default();
    assert!(
        matches!(call(both, vec![v2, v1]), Connect::Dial { socket: to, .. } if Some(to) == v2.socket_addr())
    );
    let old = Protocols { v2: false, ..both };
    assert!(
        matches!(call(old, vec![v2, v1]), Connect::Dial { socket: to, .. } if Some(to) == v1.socket_addr())
    );
    assert!(matches!(call(old, vec![v2]), Connect::Refused(Fault::Unreachable(_))));
}

#[test]
fn who_takes_calls_in_both_protocols_has_two_addresses_the_newer_one_first() {
    let mut pool = server(Policy::stateless_server());
    pool.bound_to(AddrType::MSGR2, socket("10.0.0.1:6801"));
    assert_eq!(pool.my_addrs().to_string(), "[v2:10.0.0.1:6801/77,v1:10.0.0.1:6800/77]");
    assert_eq!(pool.my_addr().to_string(), "v1:10.0.0.1:6800/77");
    for addr in pool.my_addrs().0 {
        let own = pool.connect(NOW, ConId::opened(u64::from(addr.kind.0)), EntityType::OSD, addr.into());
        assert!(matches!(own, Connect::Local(_)), "{addr}");
    }
    let seen = EntityAddr::legacy(socket("10.0.0.7:0"), 0);
    let Ok(Answer::MyAddrs(told)) = pool.answer(Ask::MyAddrs { seen }) else { panic!() };
    assert_eq!(told, pool.my_addrs());
    let mut client = Pool::<u32>::new(Arc::new(Config::client()), 42, dice());
    let Ok(Answer::MyAddrs(told)) = client.answer(Ask::MyAddrs { seen }) else { panic!() };
    assert_eq!(told, EntityAddrVec::from(seen.with_kind(AddrType::ANY).with_nonce(42)));
    pool.renew_nonce();
    pool.bound_to(AddrType::MSGR2, socket("10.0.0.1:6802"));
    assert_eq!(pool.my_addrs().to_string(), "v2:10.0.0.1:6802/1000077");
}

#[test]
fn half_open_calls_are_capped_per_host_and_in_all() {
    let mut pool = server(Policy::stateless_server());
    let near = socket("10.0.0.2:1000");
    let (first, _) = pool.accept(NOW, near).unwrap();
    assert!(pool.accept(NOW, near).is_some());
    assert!(pool.accept(NOW, near).is_none());
    assert!(pool.accept(NOW, socket("10.0.0.3:1000")).is_some());
    assert!(pool.accept(NOW, socket("10.0.0.4:1000")).is_none());
    pool.remove(first);
    assert!(pool.accept(NOW, near).is_some());
    pool.invariants();
}

#[test]
fn a_caller_is_found_by_where_it_is_once_it_has_said_so() {
    let mut pool = server(Policy::lossless_peer());
    let mut call = |handle, addr: EntityAddr| {
        let (con, _) = pool.accept(NOW, socket("10.0.0.2:1000")).unwrap();
        pool.insert(con, EntityAddrVec::NONE, handle);
        let wanted = Wanted::V1 { connect_seq: 0 };
        let claim = Claim { addrs: addr.into(), global_seq: 1, wanted };
        let rival = pool.rival(con, &claim);
        assert_eq!(pool.rival(con, &claim), rival, "it does not meet itself");
        pool.accepted(con);
        pool.invariants();
        rival.map(|(_, handle)| handle)
    };
    let at = |text, nonce| EntityAddr::legacy(socket(text), nonce);
    assert_eq!(call(1, at("10.0.0.2:0", 9)), None);
    assert_eq!(call(2, at("10.0.0.2:0", 9)), Some(1));
    assert_eq!(call(3, at("10.0.0.2:0", 8)), None);
    assert_eq!(call(4, at("0.0.0.0:0", 7)), None);
    assert_eq!(call(5, at("0.0.0.0:0", 7)), None);
}

#[test]
fn a_living_connection_is_found_by_address_until_it_is_removed() {
    let mut pool = Pool::<u32>::new(Arc::new(Config::client()), 42, dice());
    let addr = EntityAddr::legacy(socket("10.0.0.1:6789"), 5);
    let con = ConId::opened(3);
    let Connect::Dial { socket: to, .. } = pool.connect(NOW, con, EntityType::MON, EntityAddrVec(vec![addr]))
    else {
        panic!("not dialled");
    };
    assert_eq!(to, socket("10.0.0.1:6789"));
    pool.insert(con, addr.into(), 1);
    assert_eq!(pool.get_connection(addr), Some(con));
    assert_eq!(pool.remove(con), Some(Link::Pipe(1)));
    assert_eq!(pool.get_connection(addr), None);
    assert_eq!(pool.remove(con), None);
    // Of two to one address the later one is found, also when the earlier one is over.
    let [first, second] = [ConId::opened(4), ConId::opened(5)];
    pool.insert(first, addr.into(), 2);
    pool.insert(second, addr.into(), 3);
    pool.remove(first);
    assert_eq!(pool.get_connection(addr), Some(second));
}

fn claim(addr: EntityAddr) -> Claim {
    Claim { addrs: addr.into(), global_seq: 1, wanted: Wanted::V1 { connect_seq: 0 } }
}

#[test]
fn who_was_marked_down_meanwhile_is_found_by_nothing() {
    let mut pool = server(Policy::lossless_peer());
    let (con, _) = pool.accept(NOW, socket("10.0.0.2:1000")).unwrap();
    pool.insert(con, EntityAddrVec::NONE, 1);
    pool.remove(con);
    let addr = EntityAddr::legacy(socket("10.0.0.2:0"), 9);
    assert_eq!(pool.rival(con, &claim(addr)), None);
    assert_eq!(pool.get_connection(addr), None);
    pool.invariants();
}

#[test]
fn who_is_dead_meanwhile_takes_no_place() {
    let mut pool = server(Policy::stateless_registered_server());
    let claim = claim(EntityAddr::legacy(socket("10.0.0.2:0"), 9));
    let mut accept = |handle| {
        let (con, pipe) = pool.accept(NOW, socket("10.0.0.2:1000")).unwrap();
        pool.insert(con, EntityAddrVec::NONE, handle);
        let rival = pool.rival(con, &claim);
        (con, pipe, rival)
    };
    let (old, mut existing, _) = accept(1);
    let (con, mut newcomer, rival) = accept(2);
    assert_eq!(rival, Some((old, 1)));
    newcomer.lost(NOW, newcomer.incarnation(), Fault::Closed);
    assert_eq!(pool.meet(NOW, con, &claim, &mut existing, &mut newcomer), Meeting::Answered);
    assert!(newcomer.is_dead() && !existing.is_dead());
}

#[test]
fn who_takes_calls_at_every_ip_goes_by_the_one_that_it_learned() {
    let policies = PolicySet::new(Policy::lossless_peer());
    let mut pool = Pool::<u32>::new(Arc::new(Config::new(EntityName::osd(0), policies)), 77, dice());
    pool.bound_to(AddrType::MSGR2, socket("0.0.0.0:6801"));
    pool.bound(socket("0.0.0.0:6800"));
    let blank = pool.my_addrs();
    assert_eq!(blank.to_string(), "[v2:0.0.0.0:6801/77,v1:0.0.0.0:6800/77]");
    pool.learned_addr(EntityAddr::legacy(socket("10.0.0.1:0"), 0));
    assert_eq!(pool.my_addrs().to_string(), "[v2:10.0.0.1:6801/77,v1:10.0.0.1:6800/77]");
    let own = pool.connect(NOW, ConId::opened(0), EntityType::OSD, pool.my_addrs());
    assert!(matches!(own, Connect::Local(_)));
    assert_eq!(pool.renew_nonce(), blank, "what it is bound to again");
}
