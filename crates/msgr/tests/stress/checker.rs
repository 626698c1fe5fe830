//! What a connection promises, checked message by message.

/// One direction of one connection, on its receiving end. Messages carry consecutive numbers, from 0.
#[derive(Debug)]
pub(crate) struct Checker {
    kind: Kind,
    next: u64,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Each message once and in order.
    Lossless,
    /// Each message at most once and in order.
    Lossy,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Messages from that number on did not come.
    Lost { from: u64, before: u64 },
    /// A message came again.
    Duplicate(u64),
    /// A message came behind one that was sent later.
    Reordered(u64),
    /// What came is not what was sent.
    Changed(u64),
}

/// The content of a message: it can be told from its number.
pub(crate) fn content(number: u64) -> Vec<u8> {
    let len = usize::try_from(number * 7_919 % 700).unwrap_or_default();
    number.to_le_bytes().iter().copied().cycle().take(8 + len).collect()
}

impl Checker {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self { kind, next: 0 }
    }

    /// A message came.
    pub(crate) fn came(&mut self, seen: &mut Seen, number: u64, bytes: &[u8]) -> Result<(), Violation> {
        if bytes != content(number) {
            return Err(Violation::Changed(number));
        }
        if !seen.insert(number) {
            return Err(Violation::Duplicate(number));
        }
        if number < self.next {
            return Err(Violation::Reordered(number));
        }
        if number > self.next && self.kind == Kind::Lossless {
            return Err(Violation::Lost { from: self.next, before: number });
        }
        self.next = number + 1;
        Ok(())
    }

    /// So many were sent, and nothing more comes.
    pub(crate) const fn ended(&self, sent: u64) -> Result<(), Violation> {
        match self.kind {
            Kind::Lossless if self.next < sent => Err(Violation::Lost { from: self.next, before: sent }),
            _ => Ok(()),
        }
    }
}

/// The numbers that came.
#[derive(Debug, Default)]
pub(crate) struct Seen(Vec<bool>);

impl Seen {
    fn insert(&mut self, number: u64) -> bool {
        let at = usize::try_from(number).unwrap();
        if self.0.len() <= at {
            self.0.resize(at + 1, false);
        }
        !std::mem::replace(&mut self.0[at], true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, numbers: &[u64], sent: u64) -> Result<(), Violation> {
        let (mut checker, mut seen) = (Checker::new(kind), Seen::default());
        for number in numbers {
            checker.came(&mut seen, *number, &content(*number))?;
        }
        checker.ended(sent)
    }

    #[test]
    fn each_violation_is_found() {
        use Kind::{Lossless, Lossy};
        assert_eq!(check(Lossless, &[0, 1, 2], 3), Ok(()));
        assert_eq!(check(Lossless, &[0, 2], 3), Err(Violation::Lost { from: 1, before: 2 }));
        assert_eq!(check(Lossless, &[0, 1], 3), Err(Violation::Lost { from: 2, before: 3 }));
        assert_eq!(check(Lossless, &[], 1), Err(Violation::Lost { from: 0, before: 1 }));
        assert_eq!(check(Lossless, &[0, 1, 1, 2], 3), Err(Violation::Duplicate(1)));
        assert_eq!(check(Lossless, &[1, 0], 2), Err(Violation::Lost { from: 0, before: 1 }));
        assert_eq!(check(Lossy, &[0, 3, 9], 20), Ok(()));
        assert_eq!(check(Lossy, &[], 20), Ok(()));
        assert_eq!(check(Lossy, &[0, 3, 3], 20), Err(Violation::Duplicate(3)));
        assert_eq!(check(Lossy, &[0, 3, 2], 20), Err(Violation::Reordered(2)));
    }

    #[test]
    fn what_was_changed_is_found() {
        let (mut checker, mut seen) = (Checker::new(Kind::Lossy), Seen::default());
        let mut bytes = content(5);
        bytes[3] ^= 1;
        assert_eq!(checker.came(&mut seen, 5, &bytes), Err(Violation::Changed(5)));
        bytes.clear();
        assert_eq!(checker.came(&mut seen, 5, &bytes), Err(Violation::Changed(5)));
    }
}
