//! The order of writes: it must agree with time, and with the order in which each client asked.

use super::Violation;
use super::replay::Story;
use crate::history::{History, Record};

/// Whether one write must be done before another on the same object.
fn must_precede(first: &Record, second: &Record, strict: bool) -> bool {
    first.is_before(second) || (strict && first.client == second.client && first.tid < second.tid)
}

/// Checks the order in which the writes on an object were done. `strict`: those of one client in the order in which it asked.
pub(super) fn check(history: &History, story: &Story, strict: bool) -> Option<Violation> {
    let writes: Vec<(usize, &Record)> =
        story.writes.iter().filter_map(|number| Some((*number, history.records.get(*number)?))).collect();
    for (place, (later, record)) in writes.iter().enumerate() {
        let done_before = writes.iter().take(place);
        for (earlier, before) in done_before {
            if must_precede(record, before, strict) {
                return Some(Violation::OutOfOrder { first: *later, second: *earlier });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::history::{Ended, Kind};

    fn record(client: u16, tid: u64, asked: u64, ended: u64) -> Record {
        let answer = Ended::Answered { result: 0, version: 0, data: Bytes::new() };
        let ended = Some((ended, answer));
        Record { client, tid, object: 0, kind: Kind::Remove, asked, ended }
    }

    fn done_in(order: &[usize], records: &[Record]) -> bool {
        let story = Story { writes: order.to_vec(), ..Story::default() };
        check(&History { records: records.to_vec() }, &story, true).is_none()
    }

    #[test]
    fn ops_of_one_client_stay_in_order_and_others_where_time_says_so() {
        let same_client = [record(1, 1, 0, 10), record(1, 2, 1, 9)];
        assert!(done_in(&[0, 1], &same_client));
        assert!(!done_in(&[1, 0], &same_client));
        let at_the_same_time = [record(1, 1, 0, 10), record(2, 1, 1, 9)];
        assert!(done_in(&[1, 0], &at_the_same_time));
        let one_after_the_other = [record(1, 1, 0, 10), record(2, 1, 11, 19)];
        assert!(!done_in(&[1, 0], &one_after_the_other));
    }
}
