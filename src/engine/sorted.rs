//! A set kept in order in a queue.

use std::collections::VecDeque;

/// For members that come at the end and go at the front, nearly always: it takes less memory and code than a tree.
#[derive(Debug)]
pub(crate) struct Sorted<T>(VecDeque<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Ord> Sorted<T> {
    pub(crate) fn insert(&mut self, member: T) {
        if let Err(place) = self.0.binary_search(&member) {
            self.0.insert(place, member);
        }
    }

    pub(crate) fn remove(&mut self, member: &T) {
        if let Ok(place) = self.0.binary_search(member) {
            self.0.remove(place);
        }
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.0.front()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// In order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_holds_what_a_set_holds_in_its_order() {
        // In any order, twice, and what is not there.
        let (mut sorted, mut set) = (Sorted::default(), BTreeSet::new());
        for step in 0..1_000_u64 {
            let member = step.wrapping_mul(0x9E37_79B9) % 50;
            if step % 3 == 0 {
                sorted.remove(&member);
                set.remove(&member);
            } else {
                sorted.insert(member);
                set.insert(member);
            }
            assert!(sorted.iter().eq(set.iter()), "step {step}");
            assert_eq!((sorted.first(), sorted.len()), (set.first(), set.len()), "step {step}");
        }
    }
}
