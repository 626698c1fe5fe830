//! Whatever peers say, the Objecter goes on: no panic, its invariants hold (debug builds look after every input), and each op
//! ends at most once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use common::Cluster;
use loligo_base::{Mono, Now, Prng, Wall};
use loligo_objecter::{Input, ObjectOperation, Objecter, Op, Options, Output, SessionId};
use loligo_wire::message::{MOSDBackoff, MOSDMap, MOSDOpReply};
use loligo_wire::osdmap::{OSDMap, OsdMapFlags, PgPool, PoolFlags, PoolType};
use loligo_wire::types::{
    BackoffOp, ErrorCode, HObject, ObjectLocator, PgId, RequestRedirect, ShardId, SnapId, SpgId,
};
use loligo_wire::{Encode, Epoch, Features, OsdId, PoolId, Tid};

fn number(dice: &mut Prng, end: u64) -> u32 {
    u32::try_from(dice.below(end)).unwrap()
}

fn osd(dice: &mut Prng) -> OsdId {
    OsdId(i32::try_from(dice.below(6)).unwrap() - 1)
}

fn pgid(dice: &mut Prng) -> PgId {
    PgId::new(PoolId(i64::from(number(dice, 4))), number(dice, 10))
}

fn object(dice: &mut Prng) -> HObject {
    let name = Bytes::from(number(dice, 4).to_string());
    match dice.below(4) {
        0 => HObject::MIN,
        1 => HObject::MAX,
        _ => {
            let hash = u32::try_from(dice.next_u64() >> 32).unwrap();
            HObject::new(PoolId(1), Bytes::new(), Bytes::new(), name, SnapId::HEAD, hash)
        }
    }
}

/// A map that nobody sane would make; mostly one that a decoder lets through.
fn map(dice: &mut Prng, base: &OSDMap, epoch: Epoch) -> Bytes {
    let mut map = OSDMap { epoch, crc: None, ..base.clone() };
    map.flags = OsdMapFlags(number(dice, 16) << 1);
    let sizes = [0, 1, 2, 3, 10];
    let pools = (0..3).filter(|_| dice.chance(3, 4)).map(PoolId).collect::<Vec<_>>();
    map.pools = pools
        .into_iter()
        .map(|id| {
            let pg_num = [0, 1, 7, 8, 12, PgPool::MAX_PG_NUM][dice.index(6).unwrap()];
            let mut pool = PgPool { pg_num, pgp_num: number(dice, 20), ..common::pool(8, 2) };
            pool.size = sizes[dice.index(5).unwrap()];
            pool.crush_rule = u8::try_from(dice.below(4)).unwrap();
            pool.flags = PoolFlags(dice.below(4) | (dice.below(10) / 9) << 16);
            pool.pool_type = PoolType([1, 3, 77][dice.index(3).unwrap()]);
            pool.read_tier = PoolId(i64::from(number(dice, 5)) - 1);
            pool.write_tier = PoolId(i64::from(number(dice, 5)) - 1);
            pool.last_force_op_resend = Epoch(number(dice, 300));
            (id, pool.into())
        })
        .collect();
    let temps = (0..4).map(|_| (pgid(dice), (0..dice.below(4)).map(|_| osd(dice)).collect())).collect();
    map.pg_temp = std::sync::Arc::new(temps);
    map.primary_temp = std::sync::Arc::new((0..4).map(|_| (pgid(dice), osd(dice))).collect());
    map.osd_state.iter_mut().for_each(|state| state.0 = number(dice, 4));
    map.to_bytes(Features::PACIFIC)
}

fn maps(dice: &mut Prng, base: &OSDMap, have: Epoch) -> MOSDMap {
    let mut message = MOSDMap {
        fsid: common::FSID,
        cluster_osdmap_trim_lower_bound: Epoch(number(dice, 500)),
        ..MOSDMap::default()
    };
    for _ in 0..=dice.below(3) {
        let epoch = Epoch((have.0 + number(dice, 4)).saturating_sub(1));
        // Perhaps under a number that is not its own.
        let label = if dice.chance(1, 10) { Epoch(number(dice, 500)) } else { epoch };
        message.maps.insert(label, map(dice, base, epoch));
    }
    message
}

fn input(dice: &mut Prng, base: &OSDMap, have: Epoch, sessions: &[SessionId]) -> Input<u64> {
    let session =
        dice.index(sessions.len()).map_or(SessionId { osd: OsdId(0), incarnation: 0 }, |i| sessions[i]);
    let object = object(dice);
    match dice.below(9) {
        0 => Input::OsdMap(maps(dice, base, have)),
        1 => Input::SessionOpened(session),
        2 => Input::SessionReset(session),
        3 => Input::LatestMap { check: dice.below(20), newest: Epoch(number(dice, 300)) },
        4 => Input::Cancel(Tid(dice.below(400))),
        5 => Input::Timeout,
        6 | 7 => {
            let redirect = dice.chance(1, 4).then(|| RequestRedirect {
                locator: ObjectLocator::new(PoolId(i64::from(number(dice, 5)) - 1)),
                object: object.oid.clone(),
            });
            let results = [0, 0, -11, -11, -2, 1, i32::MIN, i32::MAX];
            let reply = MOSDOpReply {
                result: ErrorCode(results[dice.index(8).unwrap()]),
                retry_attempt: i32::try_from(dice.below(6)).unwrap() - 2,
                redirect,
                ..MOSDOpReply::default()
            };
            Input::Reply { session, tid: Tid(dice.below(400)), reply }
        }
        _ => {
            let pgid = SpgId { pgid: pgid(dice), shard: ShardId(i8::try_from(dice.below(3)).unwrap() - 1) };
            let op = BackoffOp(u8::try_from(dice.below(5)).unwrap());
            let (begin, end) = (object, self::object(dice));
            let backoff = MOSDBackoff { pgid, op, id: dice.below(6), begin, end, ..MOSDBackoff::default() };
            Input::Backoff { session, backoff }
        }
    }
}

fn op(dice: &mut Prng) -> Op {
    let mut operation = ObjectOperation::new();
    operation.append(Bytes::from(vec![0; 10]));
    let oid = Bytes::from(number(dice, 4).to_string());
    let oloc = ObjectLocator::new(PoolId(i64::from(number(dice, 4))));
    let mut op = Op::mutate(oid, oloc, operation);
    op.resend_on_any_change = dice.chance(1, 4);
    op
}

fn run(seed: u64) -> (u64, usize) {
    let mut dice = Prng::new(seed);
    let base = Cluster::new(4, 8, 2).newest().clone();
    let options = Options { objecter_inflight_ops: 20, ..Options::default() };
    let mut objecter = Objecter::new(options);
    let (mut mono, mut sessions, mut ended) = (Mono::ZERO, Vec::new(), BTreeSet::new());
    let mut submitted = 0;
    for _ in 0..400 {
        mono += Duration::from_millis(dice.below(300));
        let now = Now { mono, wall: Wall::ZERO };
        let have = objecter.osdmap().get_epoch();
        let next = if dice.chance(1, 4) {
            submitted += 1;
            Input::Submit(op(&mut dice), submitted)
        } else {
            input(&mut dice, &base, have, &sessions)
        };
        objecter.handle(now, next);
        while let Some(output) = objecter.poll() {
            match output {
                Output::OpenSession { session, .. } => sessions.push(session),
                Output::Complete(token, _) => assert!(ended.insert(token), "op {token} ended twice"),
                _ => {}
            }
        }
        let newer = objecter.osdmap().get_epoch();
        assert!(newer >= have, "the map went back from {have} to {newer}");
    }
    objecter.handle(Now { mono, wall: Wall::ZERO }, Input::Shutdown);
    while let Some(output) = objecter.poll() {
        if let Output::Complete(token, _) = output {
            assert!(ended.insert(token), "op {token} ended twice");
        }
    }
    assert_eq!(ended.len() as u64, submitted, "every op ends");
    assert_eq!(objecter.budget_taken(), (0, 0));
    (submitted, sessions.len())
}

#[test]
fn nothing_that_peers_say_brings_it_down() {
    let sums = (0..300).map(run).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(sums.0 > 10_000 && sums.1 > 500, "too little happened: {sums:?}");
}
