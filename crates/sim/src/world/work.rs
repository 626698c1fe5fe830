//! What the clients do, and what they are told.

use core::time::Duration;

use bytes::Bytes;
use loligo_client::{Call, CallId, Done, Outcome};
use loligo_objecter::{ObjectOperation, Op, OpReply};

use super::setup::STARTED;
use super::{Phase, World};
use crate::check::Violation;
use crate::event::Event;
use crate::history::{Ended, Kind, Record};

/// What a client has to do.
#[derive(Debug)]
pub(super) struct Work {
    /// How many ops it still has to submit.
    left: u64,
    submitted: u64,
    under_way: u64,
    /// It will look at what to do next.
    awake: bool,
}

impl Work {
    pub(super) const fn new(ops: u64) -> Self {
        Self { left: ops, submitted: 0, under_way: 0, awake: false }
    }
}

impl World {
    /// Whether every op was submitted and has ended.
    pub(super) fn work_is_done(&self) -> bool {
        self.work.iter().all(|work| work.left == 0 && work.under_way == 0)
    }

    /// Lets a client look at what to do next, after a while.
    pub(super) fn think(&mut self, client: u16) {
        let think = self.plan.think;
        let Some(work) = self.work.get_mut(usize::from(client)) else { return };
        if !work.awake && work.left > 0 && work.under_way < self.plan.window {
            work.awake = true;
            let delay = self.core.up_to(think);
            self.core.after(delay, Event::Work(client));
        }
    }

    /// A client submits an op.
    pub(super) fn work(&mut self, client: u16) {
        let Some(work) = self.work.get_mut(usize::from(client)) else { return };
        work.awake = false;
        work.left -= 1;
        work.submitted += 1;
        work.under_way += 1;
        let tid = work.submitted;
        let object = self.core.prng.index(self.objects.len()).unwrap_or(0);
        let number = self.history.records.len() as u64;
        let kind = self.draw_kind(number);
        let op = self.op(object, &kind);
        let asked = self.core.trace.steps();
        let now = self.core.now;
        self.core.trace.say(
            now,
            format_args!("  client.{client} op {number} tid {tid}: {} object {object}", kind.name()),
        );
        self.history.records.push(Record { client, tid, object, kind, asked, ended: None });
        if self.core.prng.chance(self.plan.cancels, 100) {
            let delay = self.core.up_to(Duration::from_millis(500));
            self.core.after(delay, Event::Cancel(client, number));
        }
        if let Some(host) = self.clients.get_mut(usize::from(client)) {
            host.call(&mut self.core, Call::Op { id: CallId(number), op, done: number });
        }
        self.think(client);
    }

    fn draw_kind(&mut self, number: u64) -> Kind {
        let mix = &self.plan.mix;
        let weights = [mix.write_full, mix.append, mix.create, mix.remove, mix.read, mix.stat];
        let mut drawn = self.core.prng.below(weights.iter().sum());
        let mut which = 0;
        while let Some(weight) = weights.get(which).filter(|weight| **weight <= drawn) {
            drawn -= weight;
            which += 1;
        }
        match which {
            0 => Kind::WriteFull(self.draw_data(number)),
            1 => Kind::Append(self.draw_data(number)),
            2 => Kind::CreateExclusive,
            3 => Kind::Remove,
            4 => Kind::Read,
            _ => Kind::Stat,
        }
    }

    /// Data that no other op writes.
    fn draw_data(&mut self, number: u64) -> Bytes {
        let size = usize::try_from(self.core.prng.below(self.plan.bytes + 1)).unwrap_or(0);
        let mut data = format!("<{number}>").into_bytes();
        data.resize(data.len().max(size), b'.');
        Bytes::from(data)
    }

    fn op(&mut self, object: usize, kind: &Kind) -> Op {
        let mut operation = ObjectOperation::new();
        match kind {
            Kind::WriteFull(data) => operation.write_full(data.clone()),
            Kind::Append(data) => operation.append(data.clone()),
            Kind::CreateExclusive => operation.create(true),
            Kind::Remove => operation.remove(),
            Kind::Read => operation.read(0, 0),
            Kind::Stat => operation.stat(),
        };
        let (oid, oloc) = self
            .objects
            .get(object)
            .map(|object| (object.name.clone(), object.locator.clone()))
            .unwrap_or_default();
        let mut op =
            if kind.writes() { Op::mutate(oid, oloc, operation) } else { Op::read(oid, oloc, operation) };
        if self.core.prng.chance(self.plan.deadlines, 100) {
            op.deadline = Some(self.core.now + self.core.up_to(Duration::from_secs(3)));
        }
        op
    }

    pub(super) fn cancel(&mut self, client: u16, number: u64) {
        if let Some(host) = self.clients.get_mut(usize::from(client)) {
            host.call(&mut self.core, Call::Cancel(CallId(number)));
        }
    }

    /// A client has something for its user.
    pub(super) fn client_told(&mut self, client: u16, done: Done<u64>) {
        match done {
            Done::Call { done, outcome: Outcome::Op(outcome) } => self.op_ended(client, done, outcome),
            Done::Call { outcome: Outcome::Mon(result), .. } => self.operator_told(result),
            Done::Call { done: STARTED, outcome: Outcome::Connected(Ok(_)) } => {}
            Done::Call { outcome: Outcome::Shutdown, .. } => self.client_left(),
            Done::Config(_) => {}
            // With clocks that are wrong tickets are over too early or too late: the client goes on trying.
            Done::Refused(_) if self.plan.troubles.skew > 0 => {}
            other => {
                let what = format!("client.{client} was told {other:?}");
                self.violations.push(Violation::Wrong { what });
            }
        }
    }

    fn op_ended(&mut self, client: u16, number: u64, outcome: loligo_objecter::Outcome) {
        let now = self.core.now;
        self.core.trace.say(now, format_args!("  client.{client} op {number} ended: {}", brief(&outcome)));
        let at = self.core.trace.steps();
        let Some(record) = self.history.get_mut(number) else { return };
        let ended = match outcome {
            Ok(mut reply) => Ended::Answered {
                result: reply.result.0,
                version: reply.version,
                data: reply.take_data(0).to_contiguous(),
            },
            Err(error) if error.may_have_run() => Ended::Unknown,
            Err(_) => Ended::NotRun,
        };
        if record.ended.replace((at, ended)).is_some() {
            return self.violations.push(Violation::EndedTwice { op: number });
        }
        if let Some(work) = self.work.get_mut(usize::from(client)) {
            work.under_way -= 1;
        }
        self.think(client);
        if self.phase == Phase::Safety && self.work_is_done() {
            self.core.after(Duration::ZERO, Event::Heal);
        }
    }
}

fn brief(outcome: &loligo_objecter::Outcome) -> String {
    match outcome {
        Ok(OpReply { result, version, .. }) => format!("{} version {version}", result.0),
        Err(error) => format!("{error:?}"),
    }
}
