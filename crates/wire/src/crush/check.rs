//! What a map must not contain.

use alloc::vec;
use alloc::vec::Vec;

use super::{CrushMap, bucket_index};
use crate::DecodeError;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Refuses a bucket that is somewhere below itself: a descent would never end. A child that does not exist is let pass;
/// the mapper never chooses it.
pub(super) fn no_loops(map: &CrushMap) -> Result<(), DecodeError> {
    let mut marks = vec![Mark::New; map.buckets.len()];
    for start in 0..marks.len() {
        walk(map, &mut marks, start)?;
    }
    Ok(())
}

/// Depth first, with a stack of its own: a hostile map may be deeper than ours.
fn walk(map: &CrushMap, marks: &mut [Mark], start: usize) -> Result<(), DecodeError> {
    let mut path: Vec<(usize, usize)> = vec![(start, 0)];
    while let Some((index, next)) = path.last_mut() {
        let (index, position) = (*index, *next);
        *next += 1;
        let Some(mark) = marks.get_mut(index) else { break };
        if position == 0 {
            if *mark == Mark::Done {
                path.pop();
                continue;
            }
            if *mark == Mark::Open {
                return Err(DecodeError::Invalid {
                    what: "crush bucket below itself",
                    value: index as u64 + 1,
                });
            }
            *mark = Mark::Open;
        }
        let items = map.buckets.get(index).and_then(Option::as_ref).map_or(&[][..], |bucket| &bucket.items);
        match items.get(position) {
            None => {
                *mark = Mark::Done;
                path.pop();
            }
            Some(item) => {
                if let Some(child) = bucket_index(*item).filter(|child| *child < map.buckets.len()) {
                    path.push((child, 0));
                }
            }
        }
    }
    Ok(())
}
