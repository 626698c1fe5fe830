//! The operator: one client that says things to the monitor, one after another.

use std::collections::VecDeque;

use loligo_client::{Call, CallId};
use loligo_monclient::{Reply, Request};
use loligo_wire::BufferList;

use super::World;
use crate::check::Violation;

/// What the operator has to say. The answer to one thing is waited for before the next is said.
#[derive(Debug, Default)]
pub(super) struct Operator {
    orders: VecDeque<String>,
    said: u64,
    waits: bool,
}

impl Operator {
    /// Whether everything was said and answered.
    pub(super) fn is_done(&self) -> bool {
        self.orders.is_empty() && !self.waits
    }
}

impl World {
    /// Lets the operator say something.
    pub(super) fn order(&mut self, command: String) {
        self.operator.orders.push_back(command);
        self.say_next();
    }

    fn say_next(&mut self) {
        if self.operator.waits {
            return;
        }
        let Some(command) = self.operator.orders.pop_front() else { return };
        let now = self.core.now;
        self.core.trace.say(now, format_args!("  operator: {command}"));
        self.operator.waits = true;
        self.operator.said += 1;
        let number = self.operator.said;
        let request = Request::Command { cmd: vec![command], inbl: BufferList::new() };
        let call = Call::Mon { id: CallId(number), request, deadline: None, done: number };
        let client = usize::from(self.operators_client());
        if let Some(client) = self.clients.get_mut(client) {
            client.call(&mut self.core, call);
        }
    }

    /// The operator got an answer.
    pub(super) fn operator_told(&mut self, result: Result<Reply, loligo_monclient::RequestError>) {
        self.operator.waits = false;
        match result {
            Ok(Reply::Command { retcode, .. }) if retcode.0 >= 0 => {}
            other => self.violations.push(Violation::Wrong { what: format!("operator: {other:?}") }),
        }
        self.say_next();
        if self.operator.is_done() {
            self.ready();
        }
    }
}
