//! Every order in which threads may meet at a turn and at a mailbox, tried by loom.
//!
//! The two files of the crate are compiled here once more, with loom's locks in place of the system's.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may fail; not all of the two files is needed here")]

#[path = "../src/mailbox.rs"]
mod mailbox;
#[path = "../src/turn.rs"]
mod turn;

/// What the crate's own module of that name has, of loom.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
    pub(crate) use loom::sync::{Mutex, MutexGuard};

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap()
    }

    pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
        mutex.try_lock().ok()
    }
}

use loom::sync::{Arc, Notify};
use loom::thread;
use mailbox::{Mailbox, NEVER};
use sync::{AtomicBool, Mutex, Ordering, lock};
use turn::Turn;

const ROUNDS_MAX: usize = 8;

/// A worker's value, with the inbox beside it, as a node has them.
#[derive(Default)]
struct Desk {
    done: Turn<Vec<u32>>,
    inbox: Mutex<Vec<u32>>,
}

impl Desk {
    fn run(&self) {
        let is_left = self.done.take(
            ROUNDS_MAX,
            &mut (),
            |done, ()| {
                done.append(&mut lock(&self.inbox));
                // Loom switches threads where they meet: here, before the turn ends, others may leave something.
                drop(lock(&self.inbox));
            },
            |()| {},
            || !lock(&self.inbox).is_empty(),
        );
        assert!(!is_left, "two threads bring no more than that");
    }

    fn call(&self, work: u32) {
        lock(&self.inbox).push(work);
        self.run();
    }

    fn look(&self) {
        self.done.with(|_| drop(lock(&self.inbox)));
        self.run();
    }
}

#[test]
fn no_work_is_left_when_all_have_gone() {
    loom::model(|| {
        let desk = Arc::new(Desk::default());
        let other = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.call(1))
        };
        desk.call(2);
        other.join().unwrap();
        desk.done.with(|done| {
            done.sort_unstable();
            assert_eq!(*done, [1, 2]);
        });
    });
}

#[test]
fn no_work_is_left_behind_one_who_only_looks() {
    loom::model(|| {
        let desk = Arc::new(Desk::default());
        let other = {
            let desk = Arc::clone(&desk);
            thread::spawn(move || desk.look())
        };
        desk.call(1);
        other.join().unwrap();
        desk.done.with(|done| assert_eq!(*done, [1]));
    });
}

#[test]
fn who_works_for_others_without_end_is_let_go() {
    loom::model(|| {
        let (desk, rounds) = (Desk::default(), loom::sync::atomic::AtomicUsize::new(0));
        let work = |_: &mut Vec<u32>, (): &mut ()| {
            rounds.fetch_add(1, Ordering::SeqCst);
        };
        assert!(desk.done.take(3, &mut (), work, |()| {}, || true));
        assert_eq!(rounds.load(Ordering::SeqCst), 3);
    });
}

/// A mailbox with something that ends a sleep, as a reactor has them.
struct Post {
    mailbox: Mailbox<u32>,
    bell: Notify,
}

impl Post {
    fn new() -> Arc<Self> {
        Arc::new(Self { mailbox: Mailbox::new(), bell: Notify::new() })
    }

    fn push(&self, wish: u32) {
        if self.mailbox.push(wish) {
            self.bell.notify();
        }
    }

    fn want(&self, due: u64) {
        if self.mailbox.wanted_at(due) {
            self.bell.notify();
        }
    }

    /// Sleeps once, where there is nothing to do; gives until when it would have slept.
    fn sleep(&self) -> Option<u64> {
        let until = self.mailbox.sleep(NEVER);
        if until == Some(NEVER) {
            self.bell.wait();
        }
        self.mailbox.awake();
        until
    }
}

#[test]
fn a_reader_never_sleeps_on_wishes() {
    loom::model(|| {
        let post = Post::new();
        let other = {
            let post = Arc::clone(&post);
            thread::spawn(move || {
                post.push(1);
                post.push(2);
            })
        };
        // A wish that was not seen would leave this asleep for ever, which loom reports as a deadlock.
        let mut wishes = Vec::new();
        while wishes.len() < 2 {
            post.mailbox.take(&mut wishes);
            if wishes.len() < 2 {
                post.sleep();
            }
        }
        assert_eq!(wishes, [1, 2]);
        other.join().unwrap();
    });
}

#[test]
fn a_reader_never_sleeps_longer_than_it_is_wanted() {
    loom::model(|| {
        let post = Post::new();
        let other = {
            let post = Arc::clone(&post);
            thread::spawn(move || post.want(5))
        };
        // Asleep without an end it is woken; then, or at once, it knows the time.
        while post.sleep() != Some(5) {}
        other.join().unwrap();
    });
}

#[test]
fn who_finds_the_reader_awake_need_not_wake_it() {
    loom::model(|| {
        let post = Post::new();
        let writes = Arc::new(AtomicBool::new(false));
        let other = {
            let (post, writes) = (Arc::clone(&post), Arc::clone(&writes));
            thread::spawn(move || {
                // As a pipe is left to be written: by the reader where it is awake before and after, else by us.
                let left = !post.mailbox.sleeps() && {
                    post.push(7);
                    !post.mailbox.sleeps()
                };
                writes.store(!left, Ordering::SeqCst);
            })
        };
        let asleep = post.mailbox.sleep(NEVER);
        other.join().unwrap();
        // One of the two writes it.
        assert!(asleep.is_none() || writes.load(Ordering::SeqCst));
    });
}
