//! When a site that changed is due. Time is an argument, and nothing here waits.
//!
//! Who edits a site saves more than once; so a site is due when nothing has changed in it for a while, and at the latest
//! after some times as long.

use std::collections::BTreeMap;
use std::time::Duration;

use compact_str::CompactString;

/// A site that never rests is due after so many times the while.
const AT_MOST: u32 = 6;

/// Sites that have changed, with the first and the last time.
#[derive(Debug, Default)]
pub(super) struct Gather(BTreeMap<CompactString, (Duration, Duration)>);

impl Gather {
    /// A site has changed.
    pub(super) fn changed(&mut self, site: CompactString, now: Duration) {
        self.0.entry(site).or_insert((now, now)).1 = now;
    }

    /// Takes out the sites that are due; `after` tells for how long a site has to rest, and none forgets it.
    pub(super) fn due(
        &mut self,
        now: Duration,
        after: impl Fn(&CompactString) -> Option<Duration>,
    ) -> Vec<CompactString> {
        let mut due = Vec::new();
        self.0.retain(|site, (first, last)| {
            let Some(after) = after(site) else { return false };
            let is_due = now >= *last + after || now >= *first + AT_MOST * after;
            if is_due {
                due.push(site.clone());
            }
            !is_due
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// The seconds at which a site is due that changed at these seconds, and rests for ten.
    fn due_at(changes: &[u64]) -> Vec<u64> {
        let mut gather = Gather::default();
        let is_due = |second: &u64| {
            if changes.contains(second) {
                gather.changed("a".into(), secs(*second));
            }
            !gather.due(secs(*second), |_| Some(secs(10))).is_empty()
        };
        (0..300).filter(is_due).collect()
    }

    #[test]
    fn a_site_is_due_once_it_rests() {
        assert_eq!(due_at(&[]), [0; 0]);
        assert_eq!(due_at(&[5]), [15]);
        assert_eq!(due_at(&[5, 9, 14]), [24]);
        assert_eq!(due_at(&[5, 30]), [15, 40]);
        // Somebody who saves every five seconds for two minutes.
        assert_eq!(due_at(&(0..=120).step_by(5).collect::<Vec<_>>()), [60, 125]);
    }

    #[test]
    fn each_site_rests_for_itself() {
        let mut gather = Gather::default();
        gather.changed("a".into(), secs(0));
        gather.changed("b".into(), secs(8));
        gather.changed("off".into(), secs(0));
        let after = |site: &CompactString| (site != "off").then_some(secs(10));
        assert_eq!(gather.due(secs(10), after), ["a"]);
        assert_eq!(gather.due(secs(18), after), ["b"]);
        assert_eq!(gather.due(secs(100), |_| Some(secs(10))), [""; 0]);
    }
}
