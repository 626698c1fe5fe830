//! Slots with generations.

use alloc::vec::Vec;

/// Names a value in [`Slots`]. After the value is removed, its name is never valid again, even where the place is
/// used anew: a late event for a dead connection finds nothing instead of its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    index: u32,
    generation: u32,
}

/// A table whose names cannot be mistaken for those of earlier values.
#[derive(Clone, Debug)]
pub struct Slots<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Slots<T> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    /// Puts a value in. `None` when all 2^32 places are taken.
    pub fn insert(&mut self, value: T) -> Option<Slot> {
        if let Some(index) = self.free.pop() {
            let entry = self.entries.get_mut(index as usize)?;
            entry.value = Some(value);
            return Some(Slot { index, generation: entry.generation });
        }
        let index = u32::try_from(self.entries.len()).ok()?;
        self.entries.push(Entry { generation: 0, value: Some(value) });
        Some(Slot { index, generation: 0 })
    }

    /// Takes a value out; its name is dead from now on.
    pub fn remove(&mut self, slot: Slot) -> Option<T> {
        let entry = self.entries.get_mut(slot.index as usize).filter(|e| e.generation == slot.generation)?;
        let value = entry.value.take()?;
        // A place whose generations are used up is not used again.
        if let Some(next) = entry.generation.checked_add(1) {
            entry.generation = next;
            self.free.push(slot.index);
        }
        Some(value)
    }

    /// The value of that name, if it is alive.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&T> {
        self.entries.get(slot.index as usize).filter(|e| e.generation == slot.generation)?.value.as_ref()
    }

    /// The value of that name, if it is alive.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.entries.get_mut(slot.index as usize).filter(|e| e.generation == slot.generation)?.value.as_mut()
    }

    /// The living values in order of place.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        (0u32..).zip(&self.entries).filter_map(|(index, entry)| {
            entry.value.as_ref().map(|value| (Slot { index, generation: entry.generation }, value))
        })
    }

    /// How many values are alive.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether no value is alive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_name_does_not_find_its_successor() {
        let mut slots = Slots::new();
        let first = slots.insert("first").unwrap();
        assert_eq!(slots.remove(first), Some("first"));
        let second = slots.insert("second").unwrap();
        assert_eq!(first.index, second.index);
        assert_eq!(slots.get(first), None);
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.get(second), Some(&"second"));
        assert_eq!(slots.len(), 1);
    }
}
