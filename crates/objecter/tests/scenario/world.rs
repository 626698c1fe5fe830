//! An Objecter and what is around it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loligo_base::{Mono, Now, Wall};
use loligo_objecter::{Input, ListCursor, ObjectOperation, Objecter, Op, Options, Output, SessionId};
use loligo_wire::message::{MOSDBackoff, MOSDMap, MOSDOp, MOSDOpReply, OpResult};
use loligo_wire::osdmap::{Incremental, OSDMap, OsdMapFlags};
use loligo_wire::types::{
    BackoffOp, ErrorCode, HObject, ObjectLocator, OsdFlags, OsdOp, RequestRedirect, SnapContext, SnapId,
};
use loligo_wire::{Decode, Encode, Epoch, Features, OsdId, PoolId, Tid};

use super::{change, print};
use crate::common::Cluster;

pub(crate) struct World {
    now: Mono,
    cluster: Cluster,
    objecter: Objecter<String>,
    /// What was sent last under each tid.
    sent: BTreeMap<Tid, (SessionId, Arc<MOSDOp>)>,
    sessions: BTreeMap<OsdId, SessionId>,
}

/// The words of a command: those with `=` by name, the others in order.
struct Words<'a> {
    plain: Vec<&'a str>,
    named: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn new(words: &[&'a str]) -> Self {
        let named = words.iter().filter_map(|word| word.split_once('=')).collect();
        Self { plain: words.iter().copied().filter(|word| !word.contains('=')).collect(), named }
    }

    fn has(&self, word: &str) -> bool {
        self.plain.contains(&word)
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.named.get(name).and_then(|value| value.parse().ok())
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: Mono::ZERO,
            cluster: Cluster::new(3, 8, 2),
            objecter: Objecter::new(Options::default()),
            sent: BTreeMap::new(),
            sessions: BTreeMap::new(),
        }
    }

    /// Runs a command and gives what came of it.
    pub(crate) fn run(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let (verb, rest) = words.split_first().unwrap();
        let args = Words::new(rest);
        match *verb {
            "new" => self.start(&args),
            "cluster" => {
                let number = |name, default| args.number(name).unwrap_or(default);
                let size = u8::try_from(number("size", 2)).unwrap();
                self.cluster =
                    Cluster::new(u16::try_from(number("osds", 3)).unwrap(), number("pg_num", 8), size);
            }
            "change" => change::change(&mut self.cluster, rest),
            "where" => return vec![self.place(args.plain[0])],
            "ops" => return self.objecter.dump_ops().map(|info| info.to_string()).collect(),
            "budget" => {
                let (ops, bytes) = self.objecter.budget_taken();
                return vec![format!("{ops} ops, {bytes} bytes")];
            }
            "advance" => self.advance(rest[0]),
            "write" | "append" | "read" | "remove" | "stat" | "empty" => self.submit(verb, &args),
            "list" => self.list(),
            _ => {
                let Some(input) = self.event(verb, &args) else { return vec!["(there is none)".to_owned()] };
                self.handle(input);
            }
        }
        self.drain()
    }

    fn start(&mut self, args: &Words<'_>) {
        let mut options = Options::default();
        options.objecter_inflight_ops = args.number("ops").unwrap_or(options.objecter_inflight_ops);
        options.objecter_inflight_op_bytes =
            args.number("bytes").unwrap_or(options.objecter_inflight_op_bytes);
        let millis = |name| args.number(name).map(Duration::from_millis);
        options.objecter_tick_interval = millis("tick").unwrap_or(options.objecter_tick_interval);
        options.ms_initial_backoff = millis("backoff").unwrap_or(options.ms_initial_backoff);
        options.honor_pool_full = !args.has("ignore_full");
        options.protocols.v2 = !args.has("v1only");
        let cluster = Cluster::new(3, 8, 2);
        *self = Self { objecter: Objecter::new(options), cluster, ..Self::new() };
    }

    fn now(&self) -> Now {
        Now { mono: self.now, wall: Wall::new(1_000, 0) }
    }

    fn handle(&mut self, input: Input<String>) {
        self.objecter.handle(self.now(), input);
    }

    fn drain(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(output) = self.objecter.poll() {
            match &output {
                Output::Send { session, tid, message } => {
                    self.sent.insert(*tid, (*session, Arc::clone(message)));
                }
                Output::OpenSession { session, .. } => {
                    self.sessions.insert(session.osd, *session);
                }
                _ => {}
            }
            lines.push(print::output(&output));
        }
        lines
    }

    /// Lets time pass, with a timeout at each time that the Objecter asked for.
    fn advance(&mut self, by: &str) {
        let until = self.now + Duration::from_millis(by.trim_end_matches("ms").parse().unwrap());
        while let Some(at) = self.objecter.next_timeout().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.handle(Input::Timeout);
        }
        self.now = until;
    }

    fn submit(&mut self, verb: &str, args: &Words<'_>) {
        let oid = Bytes::copy_from_slice(args.plain[0].as_bytes());
        let data = Bytes::from(vec![b'x'; args.number("bytes").unwrap_or(3)]);
        let mut operation = ObjectOperation::new();
        match verb {
            "write" => operation.write_full(data),
            "append" => operation.append(data),
            "read" => operation.read(0, args.number("bytes").unwrap_or(0)),
            "stat" => operation.stat(),
            "remove" => operation.remove(),
            _ => &mut operation,
        };
        let oloc = ObjectLocator::new(PoolId(args.number("pool").unwrap_or(1)));
        let reads = matches!(verb, "read" | "stat");
        let mut op = if reads { Op::read(oid, oloc, operation) } else { Op::mutate(oid, oloc, operation) };
        if args.has("full_try") {
            op.flags |= OsdFlags::FULL_TRY;
        }
        if args.has("rwordered") {
            op.flags |= OsdFlags::RWORDERED;
        }
        op.no_wait = args.has("no_wait");
        op.resend_on_any_change = args.has("any_change");
        op.deadline = args.number("timeout").map(|ms| self.now + Duration::from_millis(ms));
        if let Some(snap) = args.number("snap") {
            op.snapc = SnapContext { seq: SnapId(snap), snaps: vec![SnapId(snap), SnapId(1)] };
        }
        let token = format!("{verb} {}", args.plain[0]);
        self.handle(Input::Submit(op, token));
    }

    fn list(&mut self) {
        let cursor = ListCursor::new(PoolId(1), Bytes::new());
        let op = cursor.next_op(self.objecter.osdmap(), 10).unwrap().unwrap();
        self.handle(Input::Submit(op, "list".to_owned()));
    }

    /// Where an object is by the newest map.
    fn place(&self, name: &str) -> String {
        let map = self.cluster.newest();
        let oloc = ObjectLocator::new(PoolId(1));
        let raw = loligo_placement::object_locator_to_pg(map, name.as_bytes(), &oloc).unwrap();
        let pg = loligo_placement::raw_pg_to_pg(map.get_pg_pool(PoolId(1)).unwrap(), raw);
        let osds = loligo_placement::Cache::new().pg_to_up_acting_osds(map, pg).unwrap();
        let acting: Vec<i32> = osds.acting.iter().map(|osd| osd.0).collect();
        format!("{name} is in pg {pg} (hash {:x}) on {acting:?}", raw.seed)
    }

    fn session(&self, name: &str) -> Option<SessionId> {
        let (osd, incarnation) = name.trim_start_matches("osd.").split_once('#').unwrap_or((&name[4..], ""));
        let osd = OsdId(osd.parse().unwrap());
        match incarnation.parse() {
            Ok(incarnation) => Some(SessionId { osd, incarnation }),
            Err(_) => self.sessions.get(&osd).copied(),
        }
    }

    fn event(&self, verb: &str, args: &Words<'_>) -> Option<Input<String>> {
        let first = args.plain.first().copied().unwrap_or_default();
        let number = || first.parse().unwrap();
        Some(match verb {
            "deliver" => Input::OsdMap(self.maps(args)),
            "opened" => Input::SessionOpened(self.session(first)?),
            "reset" => Input::SessionReset(self.session(first)?),
            "reply" => self.reply(Tid(first.parse().unwrap()), args)?,
            "block" | "unblock" => self.backoff(verb, args)?,
            "latest" => Input::LatestMap { check: args.number("check").unwrap(), newest: Epoch(number()) },
            "cancel" => Input::Cancel(Tid(first.parse().unwrap())),
            "barrier" => Input::SetEpochBarrier(Epoch(number())),
            "wait_for_map" => Input::WaitForMap(Epoch(number())),
            "addrs" => Input::SetAddrs(first.parse().unwrap()),
            "shutdown" => Input::Shutdown,
            _ => panic!("unknown command {verb}"),
        })
    }

    /// `deliver` with all that is newer than what the Objecter has; or `full`, `from=` and `to=`, `trim=`, `broken=`.
    fn maps(&self, args: &Words<'_>) -> MOSDMap {
        let have = self.objecter.osdmap().get_epoch();
        let to = Epoch(args.number("to").unwrap_or(self.cluster.epoch().0));
        let from = Epoch(args.number("from").unwrap_or(have.0 + 1));
        let mut message = if have == Epoch(0) || args.has("full") {
            self.cluster.full(to)
        } else {
            self.cluster.incrementals(from, to)
        };
        message.cluster_osdmap_trim_lower_bound = Epoch(args.number("trim").unwrap_or(1));
        if let Some(broken) = args.number("broken").map(Epoch) {
            let both = [message.incremental_maps.get_mut(&broken), message.maps.get_mut(&broken)];
            for bytes in both.into_iter().flatten() {
                let mut changed = bytes.to_vec();
                let middle = changed.len() / 2;
                changed[middle] ^= 1;
                *bytes = changed.into();
            }
        }
        if let Some(bytes) = args.number("damaged").and_then(|e| message.incremental_maps.get_mut(&Epoch(e)))
        {
            // As if the monitor's memory, or ours, had failed: all is well but what it says.
            let mut inc = Incremental::decode_all(bytes).unwrap();
            inc.new_flags = Some(OsdMapFlags::PAUSERD | OsdMapFlags::PAUSEWR);
            *bytes = inc.to_bytes(Features::PACIFIC);
        }
        if args.has("last_epoch") {
            let map = OSDMap { epoch: Epoch(u32::MAX), ..self.cluster.newest().clone() };
            message.maps = [(map.epoch, map.to_bytes(Features::PACIFIC))].into();
        }
        if let Some(label) = args.number("mislabelled").map(Epoch) {
            let (_, bytes) = message.maps.pop_first().unwrap();
            message.maps.insert(label, bytes);
        }
        if args.has("foreign") {
            message.fsid = loligo_wire::Uuid([9; 16]);
        }
        message
    }

    fn reply(&self, tid: Tid, args: &Words<'_>) -> Option<Input<String>> {
        let (session, message) = self.sent.get(&tid).cloned()?;
        let data = Bytes::from(vec![b'y'; args.number("bytes").unwrap_or(0)]);
        let done = |op: &OsdOp| OpResult {
            op: OsdOp { data: data.clone().into(), ..op.clone() },
            rval: ErrorCode(args.number("result").unwrap_or(0)),
        };
        let redirect = args
            .number("redirect")
            .map(|pool| RequestRedirect { locator: ObjectLocator::new(PoolId(pool)), object: Bytes::new() });
        let reply = MOSDOpReply {
            oid: message.hobj.oid.clone(),
            pgid: message.pgid.pgid,
            flags: message.flags,
            result: ErrorCode(args.number("result").unwrap_or(0)),
            osdmap_epoch: message.osdmap_epoch,
            ops: message.ops.iter().map(done).filter(|_| !args.has("nothing")).collect(),
            retry_attempt: args.number("attempt").unwrap_or(message.retry_attempt),
            user_version: 100 + tid.0,
            redirect,
            ..MOSDOpReply::default()
        };
        let session = args.named.get("by").map_or(Some(session), |name| self.session(name))?;
        Some(Input::Reply { session, tid, reply })
    }

    /// `block osd.N id=I pg=1.3` for a whole group, `block osd.N id=I object=NAME` for one object.
    fn backoff(&self, verb: &str, args: &Words<'_>) -> Option<Input<String>> {
        let session = self.session(args.plain[0])?;
        let of_object = |name: &str| {
            let (_, message) = self.sent.values().find(|(_, m)| m.hobj.oid == name.as_bytes()).unwrap();
            (message.pgid, message.hobj.clone(), message.hobj.clone())
        };
        let (pgid, begin, end) = match args.named.get("object") {
            Some(name) => of_object(name),
            None => {
                let pgid = crate::common::pg(args.named["pg"]);
                let begin = HObject::boundary(pgid.pool, pgid.seed);
                // Up to the next group: the hash whose reversed bits come next.
                let pg_num = self.cluster.newest().get_pg_pool(pgid.pool).unwrap().pg_num;
                let next = begin.bitwise_key().checked_add(1 << (32 - pg_num.trailing_zeros()));
                let end = next.map_or(HObject::MAX, |key| HObject::boundary(pgid.pool, key.reverse_bits()));
                (loligo_wire::types::SpgId::whole(pgid), begin, end)
            }
        };
        let op = if verb == "block" { BackoffOp::BLOCK } else { BackoffOp::UNBLOCK };
        let map_epoch = self.cluster.epoch();
        let id = args.number("id").unwrap();
        Some(Input::Backoff { session, backoff: MOSDBackoff { pgid, map_epoch, op, id, begin, end } })
    }
}
