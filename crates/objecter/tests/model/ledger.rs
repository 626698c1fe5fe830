//! What was asked, what ran, what was answered.

use std::collections::BTreeMap;

use loligo_objecter::Outcome;

/// An op, by the number of its submission.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) object: u32,
    pub(crate) writes: bool,
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) ops: Vec<Asked>,
    /// The ops that were appended to each object, in the order in which that was done.
    pub(crate) objects: BTreeMap<u32, Vec<usize>>,
}

impl Ledger {
    pub(crate) fn ask(&mut self, object: u32, writes: bool) -> usize {
        self.ops.push(Asked { object, writes, outcome: None });
        self.ops.len() - 1
    }

    /// Invariant O1.
    pub(crate) fn complete(&mut self, op: usize, outcome: Outcome) {
        assert!(self.ops[op].outcome.is_none(), "op {op} ended twice");
        self.ops[op].outcome = Some(outcome);
    }

    pub(crate) fn open(&self) -> usize {
        self.ops.iter().filter(|op| op.outcome.is_none()).count()
    }

    /// What each outcome says must be what happened.
    pub(crate) fn check(&self) {
        for (number, op) in self.ops.iter().enumerate() {
            let outcome = op.outcome.as_ref().unwrap_or_else(|| panic!("op {number} never ended"));
            let ran =
                self.objects.get(&op.object).map_or(0, |done| done.iter().filter(|n| **n == number).count());
            match outcome {
                Ok(reply) if op.writes && !reply.is_err() => {
                    assert_eq!(ran, 1, "op {number} was acknowledged")
                }
                Ok(_) => assert_eq!(ran, 0, "op {number} reads, or was refused"),
                Err(error) if error.may_have_run() => assert!(ran <= 1, "op {number} ran {ran} times"),
                Err(error) => assert_eq!(ran, 0, "op {number} did not run, it was said: {error}"),
            }
        }
        // Invariant O3. An op that was given up counts for nothing: those behind it no longer wait for it.
        for (object, done) in &self.objects {
            let answered = |number: &&usize| matches!(self.ops[**number].outcome, Some(Ok(_)));
            let order: Vec<&usize> = done.iter().filter(answered).collect();
            assert!(order.is_sorted(), "object {object} out of order: {order:?}");
        }
    }
}
