//! What waits for the dispatchers, and who is next (Ceph 18.2, `DispatchQueue` and `PrioritizedQueue`).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::ops::Bound;

use loligo_wire::msgr1::priority;

use crate::ConId;

/// The default of `ms_pq_max_tokens_per_priority`: how many bytes a priority may save up.
pub const MS_PQ_MAX_TOKENS_PER_PRIORITY: u64 = 16 << 20;
/// The default of `ms_pq_min_cost`: what the smallest message costs, in bytes.
pub const MS_PQ_MIN_COST: u64 = 64 << 10;

/// What waits for the dispatchers, and who is next.
///
/// From the priority [`LOW`](priority::LOW) on, what has the higher one goes first, whatever waits below. Messages below that
/// share what time is left by priority, so that none starves: each priority saves up tokens while others are served, and the
/// lowest one that can pay is next; where none can pay it is the highest. Within a priority the connections take turns; what one
/// connection brought stays in order. What is not of one connection's messages, such as that it is open, has a turn of its own.
#[derive(Debug)]
pub struct DispatchQueue<T> {
    max_tokens_per_priority: u64,
    min_cost: u64,
    /// Served in order of priority.
    strict: BTreeMap<u16, SubQueue<T>>,
    /// Served by tokens.
    fair: BTreeMap<u16, SubQueue<T>>,
    /// The sum of the priorities in `fair`.
    total_priority: u64,
    len: usize,
}

/// Who takes turns within a priority: what is told of connections, before the messages of each.
type Class = Option<ConId>;

/// What waits with one priority.
#[derive(Debug)]
struct SubQueue<T> {
    tokens: u64,
    classes: BTreeMap<Class, VecDeque<(u64, T)>>,
    /// Whose turn it is; the next one where there is nothing of it.
    turn: Class,
}

impl<T> Default for DispatchQueue<T> {
    fn default() -> Self {
        Self::new(MS_PQ_MAX_TOKENS_PER_PRIORITY, MS_PQ_MIN_COST)
    }
}

impl<T> DispatchQueue<T> {
    /// Nothing waits. `max_tokens_per_priority` and `min_cost`, in bytes, are the options `ms_pq_max_tokens_per_priority` and
    /// `ms_pq_min_cost`.
    #[must_use]
    pub const fn new(max_tokens_per_priority: u64, min_cost: u64) -> Self {
        Self {
            max_tokens_per_priority,
            min_cost,
            strict: BTreeMap::new(),
            fair: BTreeMap::new(),
            total_priority: 0,
            len: 0,
        }
    }

    /// A message waits (`enqueue`). `cost` is how many bytes it has.
    pub fn enqueue(&mut self, con: ConId, priority: u16, cost: u64, message: T) {
        self.len += 1;
        if priority >= priority::LOW {
            return self.strict.entry(priority).or_default().push(Some(con), 0, message);
        }
        if !self.fair.contains_key(&priority) {
            self.total_priority += u64::from(priority);
        }
        let cost = cost.max(self.min_cost).min(self.max_tokens_per_priority);
        self.fair.entry(priority).or_default().push(Some(con), cost, message);
    }

    /// Something is to be told of a connection, before any message (`queue_connect`, `queue_reset` and their like).
    pub fn queue_event(&mut self, event: T) {
        self.len += 1;
        self.strict.entry(priority::HIGHEST).or_default().push(None, 0, event);
    }

    /// What is next.
    pub fn dequeue(&mut self) -> Option<T> {
        let next = self.dequeue_strict().or_else(|| self.dequeue_fair())?;
        self.len -= 1;
        Some(next)
    }

    fn dequeue_strict(&mut self) -> Option<T> {
        let mut first = self.strict.last_entry()?;
        let next = first.get_mut().pop();
        if first.get().is_empty() {
            first.remove();
        }
        next.map(|(_, item)| item)
    }

    fn dequeue_fair(&mut self) -> Option<T> {
        let pays = self.fair.iter_mut().find(|(_, queue)| queue.cost() < queue.tokens);
        let (priority, queue, pays) = match pays {
            Some((priority, queue)) => (*priority, queue, true),
            None => {
                let (priority, queue) = self.fair.iter_mut().next_back()?;
                (*priority, queue, false)
            }
        };
        let (cost, item) = queue.pop()?;
        if pays {
            queue.tokens = queue.tokens.saturating_sub(cost);
        }
        if queue.is_empty() {
            self.remove(priority);
        }
        self.distribute_tokens(cost);
        Some(item)
    }

    /// All that is of a connection's messages is forgotten; gives it (`discard_queue`). What is told of the connection stays.
    pub fn discard_queue(&mut self, con: ConId) -> Vec<T> {
        let mut gone = Vec::new();
        self.strict.retain(|_, queue| queue.discard(con, &mut gone));
        let total = &mut self.total_priority;
        self.fair.retain(|priority, queue| {
            let stays = queue.discard(con, &mut gone);
            *total -= if stays { 0 } else { u64::from(*priority) };
            stays
        });
        self.len -= gone.len();
        gone
    }

    /// How much waits (`get_queue_len`).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn remove(&mut self, priority: u16) {
        if self.fair.remove(&priority).is_some() {
            self.total_priority -= u64::from(priority);
        }
    }

    /// What something cost is shared out by priority.
    fn distribute_tokens(&mut self, cost: u64) {
        if self.total_priority == 0 {
            return;
        }
        for (priority, queue) in &mut self.fair {
            let share = u64::from(*priority).saturating_mul(cost) / self.total_priority + 1;
            queue.tokens = queue.tokens.saturating_add(share).min(self.max_tokens_per_priority);
        }
    }
}

impl<T> Default for SubQueue<T> {
    fn default() -> Self {
        Self { tokens: 0, classes: BTreeMap::new(), turn: None }
    }
}

impl<T> SubQueue<T> {
    fn push(&mut self, class: Class, cost: u64, item: T) {
        self.classes.entry(class).or_default().push_back((cost, item));
    }

    fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Whose turn it is.
    fn class(&self) -> Option<Class> {
        let from_here = self.classes.range(self.turn..).next();
        from_here.or_else(|| self.classes.iter().next()).map(|(class, _)| *class)
    }

    /// What the next one costs.
    fn cost(&self) -> u64 {
        let next = self.class().and_then(|class| self.classes.get(&class)?.front());
        next.map_or(0, |(cost, _)| *cost)
    }

    fn pop(&mut self) -> Option<(u64, T)> {
        let class = self.class()?;
        let queue = self.classes.get_mut(&class)?;
        let item = queue.pop_front();
        if queue.is_empty() {
            self.classes.remove(&class);
        }
        let after = self.classes.range((Bound::Excluded(class), Bound::Unbounded)).next();
        self.turn = after.and_then(|(next, _)| *next);
        item
    }

    /// Gives what a connection brought; says whether anything is left.
    fn discard(&mut self, con: ConId, gone: &mut Vec<T>) -> bool {
        let queue = self.classes.remove(&Some(con)).unwrap_or_default();
        gone.extend(queue.into_iter().map(|(_, item)| item));
        !self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const A: ConId = ConId::opened(1);
    const B: ConId = ConId::opened(2);

    fn drain<T>(queue: &mut DispatchQueue<T>) -> Vec<T> {
        core::iter::from_fn(|| queue.dequeue()).collect()
    }

    #[test]
    fn what_has_the_higher_priority_goes_first_and_events_before_all() {
        let mut queue = DispatchQueue::default();
        for (priority, name) in
            [(priority::LOW, "low"), (priority::DEFAULT, "default"), (priority::HIGH, "high")]
        {
            queue.enqueue(A, priority, 1, name);
        }
        queue.enqueue(A, 10, 1, "below");
        queue.queue_event("reset");
        queue.enqueue(A, priority::HIGHEST, 1, "highest");
        assert_eq!(queue.len(), 6);
        assert_eq!(drain(&mut queue), ["reset", "highest", "high", "default", "low", "below"]);
        assert!(queue.is_empty());
    }

    #[test]
    fn connections_take_turns_and_each_keeps_its_order() {
        let mut queue = DispatchQueue::default();
        (0..4).for_each(|n| queue.enqueue(A, priority::DEFAULT, 1, (A, n)));
        (0..2).for_each(|n| queue.enqueue(B, priority::DEFAULT, 1, (B, n)));
        assert_eq!(drain(&mut queue), [(A, 0), (B, 0), (A, 1), (B, 1), (A, 2), (A, 3)]);
    }

    #[test]
    fn low_priorities_share_by_priority_and_none_starves() {
        // Nothing costs less than 10, and nobody saves more than 100.
        let mut queue = DispatchQueue::new(100, 10);
        for _ in 0..400 {
            queue.enqueue(A, 40, 1, 40);
            queue.enqueue(A, 10, 1, 10);
        }
        let first: Vec<u16> = (0..100).filter_map(|_| queue.dequeue()).collect();
        let of_ten = first.iter().filter(|priority| **priority == 10).count();
        assert!((15..=30).contains(&of_ten), "a fifth or so of what is served: {of_ten}");
        assert_eq!(first.first(), Some(&40), "nobody can pay yet");
    }

    #[test]
    fn what_is_dear_is_served_less_often() {
        let mut queue = DispatchQueue::new(1_000, 10);
        for _ in 0..200 {
            queue.enqueue(A, 20, 10, "cheap");
            queue.enqueue(A, 30, 500, "dear");
        }
        let first: Vec<&str> = (0..100).filter_map(|_| queue.dequeue()).collect();
        let dear = first.iter().filter(|name| **name == "dear").count();
        assert!(dear < 20, "{dear}");
        assert!(dear > 1, "{dear}");
    }

    #[test]
    fn a_connection_that_is_gone_leaves_what_is_told_of_it() {
        let mut queue = DispatchQueue::default();
        queue.enqueue(A, priority::DEFAULT, 1, "a");
        queue.enqueue(A, 3, 1, "a low");
        queue.enqueue(B, 3, 1, "b");
        queue.queue_event("reset of a");
        assert_eq!(queue.discard_queue(A), vec!["a", "a low"]);
        assert_eq!(queue.len(), 2);
        assert_eq!(drain(&mut queue), ["reset of a", "b"]);
        assert_eq!(queue.total_priority, 0);
    }
}
