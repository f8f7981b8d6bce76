//! Which phone is looked at next.

use crate::phone::Mac;

/// Phones to be looked at, by the changes that reach them: those of the change that reaches fewest come first, and of two
/// that reach as many the newer ones. So one edited line need not wait for a wide change.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The shortest is the last, so the order stays while that gets shorter.
    batches: Vec<Vec<Mac>>,
}

/// So few phones do not wait for a rest.
const FEW: usize = 16;

impl Queue {
    pub fn push(&mut self, macs: Vec<Mac>) {
        let at = self.batches.partition_point(|batch| batch.len() >= macs.len());
        self.batches.insert(at, macs);
    }

    /// The next one; `only_few`: of changes that reach a few phones.
    pub fn next(&mut self, only_few: bool) -> Option<Mac> {
        while self.batches.pop_if(|batch| batch.is_empty()).is_some() {}
        self.batches.last_mut().filter(|batch| !only_few || batch.len() <= FEW)?.pop()
    }

    pub fn is_empty(&self) -> bool {
        self.batches.iter().all(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(site: u8, count: u8) -> Vec<Mac> {
        (0..count).map(|at| Mac::from_bytes([0, 0, 0, 0, site, at])).collect()
    }

    fn taken(queue: &mut Queue, count: usize, only_few: bool) -> String {
        let sites = (0..count).map_while(|_| queue.next(only_few)).map(|mac| mac.bytes()[4].to_string());
        sites.collect::<Vec<_>>().concat()
    }

    #[test]
    fn small_changes_come_first_and_of_two_alike_the_newer() {
        let mut queue = Queue::default();
        assert!(queue.is_empty() && queue.next(false).is_none());
        queue.push(batch(1, 30));
        assert_eq!(taken(&mut queue, 2, false), "11");
        assert_eq!(taken(&mut queue, 2, true), "");
        queue.push(batch(2, 3));
        queue.push(batch(3, 3));
        queue.push(batch(4, 20));
        assert_eq!(taken(&mut queue, 4, true), "3332");
        queue.push(batch(5, 1));
        assert_eq!(taken(&mut queue, 5, true), "522");
        assert_eq!(taken(&mut queue, 100, false), "4".repeat(20) + &"1".repeat(28));
        assert!(queue.is_empty());
    }
}
