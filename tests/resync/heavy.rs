//! Two thousand phones that come and a hundred that never do: SIPp is their registrar, and what they fetch they fetch over
//! TLS from a server with a journal.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use offhook::phone::Mac;
use offhook::resync::{Event, JobState, Outcome, Pace, PhoneView, Progress, Transport, Wanted};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;

use super::house::{House, wanted};
use super::many::{fleet, mac};
use super::sipp::{Sipp, answers, takes};
use super::{fast, wait};

/// So many never come, and so many do. `OFFHOOK_PHONES=10000` plays so many.
const NEVER: usize = 100;

fn count() -> usize {
    std::env::var("OFFHOOK_PHONES").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000)
}

fn outcomes<'p>(phones: impl IntoIterator<Item = &'p PhoneView>) -> [BTreeSet<Mac>; 3] {
    let mut found = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    for PhoneView { mac, progress, .. } in phones {
        let place = match progress {
            Progress::Ended(Outcome::CameBack { revision, .. }) if revision.len() == 32 => 0,
            Progress::Ended(Outcome::NeverCame) => 1,
            _ => 2,
        };
        found[place].insert(*mac);
    }
    found
}

#[test]
fn of_many_exactly_those_that_never_come_are_told() {
    let all = count() + NEVER;
    let Some(sipp) = Sipp::start_for(all, Transport::Udp, &[takes(""), answers("200 OK", "")]) else { return };
    let (never, come): (BTreeSet<Mac>, BTreeSet<Mac>) =
        ((0..NEVER).map(mac).collect(), (NEVER..all).map(mac).collect());
    wait(async {
        let (wake, mut woken) = unbounded_channel();
        let hook = Arc::new(move |mac| wake.send(mac).unwrap());
        let folder = fleet(all, ([127, 0, 0, 1], sipp.port).into());
        let house = Arc::new(House::open(folder, fast(Duration::from_secs(30)), hook).await);
        let (phones, stay) = (house.clone(), never.clone());
        tokio::spawn(async move {
            // As many at a time as two processors bear.
            let power = Arc::new(Semaphore::new(8));
            while let Some(mac) = woken.recv().await {
                let (boot, power) = (phones.boots(mac), power.clone());
                if !stay.contains(&mac) {
                    tokio::spawn(async move {
                        let _powered = power.acquire().await.unwrap();
                        boot.await;
                    });
                }
            }
        });
        let pace = Pace { wave: 250, ..wanted(&[]).pace };
        let macs: Vec<Mac> = never.union(&come).copied().collect();
        let job = house.jobs.start(Wanted { pace, wait: Duration::from_secs(12), ..wanted(&macs) }).unwrap();
        let heard = house.heard(job).await;
        let Some(Event::Ended(end)) = heard.last() else { panic!("{heard:?}") };
        assert_eq!(end.state, JobState::Done, "{}", end.summary);
        assert_eq!((end.summary.came_back, end.summary.never_came), (come.len(), never.len()), "{}", end.summary);
        let phones = house.jobs.get(job).unwrap().phones;
        assert_eq!(outcomes(&phones), [come, never, BTreeSet::new()]);
        eprintln!("{}", end.summary);
    });
    let messages = sipp.messages();
    let notified = messages.lines().filter_map(|line| line.strip_prefix("NOTIFY sip:")?.split_once('@'));
    let notified: BTreeSet<usize> = notified.map(|(user, _)| user.parse().unwrap()).collect();
    assert_eq!(notified, (0..all).collect(), "SIPp was asked for each");
}
