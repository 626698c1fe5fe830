//! How fast small operations are.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use loligo::{Completion, Error, IoCtx};

use crate::Failure;

const SIZE: usize = 4 << 10;
const TIME: Duration = Duration::from_millis(1_000);
/// How many objects the operations go to.
const OBJECTS: usize = 64;

/// Keeps `depth` operations under way for a while. Gives how long each of them took.
fn run<T>(depth: usize, operation: impl Fn(usize) -> Completion<T>) -> Result<Vec<Duration>, Error> {
    let start = Instant::now();
    let mut took = Vec::new();
    let mut under_way = VecDeque::new();
    for number in 0.. {
        if start.elapsed() >= TIME {
            break;
        }
        under_way.push_back((Instant::now(), operation(number)));
        if under_way.len() >= depth
            && let Some((begun, oldest)) = under_way.pop_front()
        {
            oldest.wait()?;
            took.push(begun.elapsed());
        }
    }
    for (begun, rest) in under_way {
        rest.wait()?;
        took.push(begun.elapsed());
    }
    Ok(took)
}

fn row(what: &str, depth: usize, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    println!(
        "4 KiB {what:<8}{depth:>8}{:>12}{:>12}{:>12}",
        format!("{:.0}", took.len() as f64 / TIME.as_secs_f64()),
        format!("{:.0?}", at(50)),
        format!("{:.0?}", at(99))
    );
}

/// Measures, and prints a table.
pub(crate) fn print(pool: &IoCtx) -> Result<(), Failure> {
    println!("{:<14}{:>8}{:>12}{:>12}{:>12}", "", "at once", "ops/s", "median", "99 %");
    let name = |number: usize| format!("small{}", number % OBJECTS);
    let data = vec![7; SIZE];
    for object in 0..OBJECTS {
        pool.write_full(name(object), data.clone()).wait()?;
    }
    for depth in [1, 16] {
        row("writes", depth, run(depth, |number| pool.write_full(name(number), data.clone()))?);
    }
    for depth in [1, 16] {
        row("reads", depth, run(depth, |number| pool.read(name(number), 0, SIZE as u64))?);
    }
    Ok(())
}
