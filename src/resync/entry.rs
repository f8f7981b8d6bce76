//! One job as the server remembers it: how far each phone is, and who listens.

use std::sync::{Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};

use super::job::{Outcome, Stop};
use super::jobs::Wanted;
use super::target::Way;
use super::view::{Event, JobPhones, JobState, JobView, PhoneView, Progress, Summary};
use crate::journal::utc;
use crate::phone::Mac;

/// How many events are kept for those who listen slowly.
const BEHIND: usize = 1_024;

pub(super) struct Entry {
    id: u64,
    who: String,
    verb: &'static str,
    way: String,
    began: i64,
    stop: watch::Sender<Stop>,
    state: Mutex<State>,
}

/// What is known of the phones, in their order.
struct State {
    phones: Vec<PhoneView>,
    /// The job as a whole, once it has ended.
    ended: Option<JobView>,
    /// Those who listen; none once the job has ended.
    listeners: Option<broadcast::Sender<Event>>,
}

impl Entry {
    pub(super) fn new(id: u64, wanted: &Wanted, phones: Vec<(Mac, CompactString, Progress)>, began: i64) -> Entry {
        let phones = phones.into_iter().map(|(mac, site, progress)| PhoneView { mac, site, progress }).collect();
        let way = match &wanted.way {
            Way::Registrar => "registrar".to_owned(),
            Way::Direct => "direct".to_owned(),
            Way::At(hop) => hop.to_string(),
        };
        Entry {
            id,
            who: wanted.who.clone(),
            verb: wanted.verb.name(),
            way,
            began,
            stop: watch::channel(Stop::No).0,
            state: Mutex::new(State { phones, ended: None, listeners: Some(broadcast::channel(BEHIND).0) }),
        }
    }

    /// Nothing that is done under the lock can break what is in it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state().ended.is_some()
    }

    /// The phones of which nothing is known yet.
    pub(super) fn waiting(&self) -> Vec<Mac> {
        let state = self.state();
        state.phones.iter().filter(|phone| phone.progress == Progress::Waiting).map(|phone| phone.mac).collect()
    }

    /// Whether every phone was asked and waited for, where it could be.
    pub(super) fn is_complete(&self) -> bool {
        let is_left = |progress: &Progress| {
            let is_over = |outcome: &Outcome| !matches!(outcome, Outcome::GivenUp | Outcome::NotAsked);
            !matches!(progress, Progress::Ended(outcome) if is_over(outcome))
        };
        !self.state().phones.iter().any(|phone| is_left(&phone.progress))
    }

    pub(super) fn count(&self) -> usize {
        self.state().phones.len()
    }

    /// The phone, where the job has one only.
    pub(super) fn only_phone(&self) -> Option<Mac> {
        match self.state().phones.as_slice() {
            [phone] => Some(phone.mac),
            _ => None,
        }
    }

    pub(super) fn forget_phones(&self) {
        self.state().phones = Vec::new();
    }

    /// Takes note of how far a phone is, and tells those who listen.
    pub(super) fn note(&self, mac: Mac, progress: Progress) {
        let mut state = self.state();
        let State { phones, listeners, .. } = &mut *state;
        let Ok(at) = phones.binary_search_by_key(&mac, |phone| phone.mac) else { return };
        phones[at].progress = progress;
        if let Some(listeners) = listeners {
            // Nobody may listen.
            let _ = listeners.send(Event::Phone(phones[at].clone()));
        }
    }

    /// Ends the job; none if it has ended before. Those that were not asked will not be.
    pub(super) fn end(&self, end: JobState, why: Option<String>, at: i64) -> Option<JobView> {
        let mut state = self.state();
        if state.ended.is_some() {
            return None;
        }
        for phone in &mut state.phones {
            match phone.progress {
                Progress::Waiting => phone.progress = Progress::Ended(Outcome::NotAsked),
                Progress::Asked => phone.progress = Progress::Ended(Outcome::GivenUp),
                Progress::Ended(_) => {}
            }
        }
        let view = JobView { state: end, why, ended: Some(utc(at)), ..self.view_of(&state) };
        state.ended = Some(view.clone());
        if let Some(listeners) = state.listeners.take() {
            let _ = listeners.send(Event::Ended(Box::new(view.clone())));
        }
        Some(view)
    }

    fn view_of(&self, state: &State) -> JobView {
        if let Some(ended) = &state.ended {
            return ended.clone();
        }
        let is_stopping = *self.stop.borrow() != Stop::No;
        JobView {
            id: self.id,
            who: self.who.clone(),
            verb: self.verb,
            way: self.way.clone(),
            state: if is_stopping { JobState::Stopping } else { JobState::Running },
            why: None,
            began: utc(self.began),
            ended: None,
            summary: Summary::of(state.phones.iter().map(|phone| (phone.mac, &phone.progress))),
        }
    }

    pub(super) fn view(&self) -> JobView {
        self.view_of(&self.state())
    }

    pub(super) fn phones(&self) -> JobPhones {
        self.phones_of(&self.state())
    }

    fn phones_of(&self, state: &State) -> JobPhones {
        JobPhones { job: self.view_of(state), phones: state.phones.clone() }
    }

    pub(super) fn stopping(&self) -> watch::Receiver<Stop> {
        self.stop.subscribe()
    }

    /// Stops it, and at the second time at once.
    pub(super) fn stop(&self) -> JobView {
        self.stop.send_modify(|stop| *stop = if *stop == Stop::No { Stop::AskNobodyElse } else { Stop::Now });
        self.view()
    }

    pub(super) fn give_up(&self) {
        self.stop.send_replace(Stop::Now);
    }

    /// Tells one who listens, until the job ends or he goes.
    pub(super) async fn tell(&self, to: &mpsc::Sender<Event>) {
        loop {
            let (snapshot, news) = {
                let state = self.state();
                (self.phones_of(&state), state.listeners.as_ref().map(broadcast::Sender::subscribe))
            };
            let job = snapshot.job.clone();
            if to.send(Event::Snapshot(Box::new(snapshot))).await.is_err() {
                return;
            }
            let Some(mut news) = news else {
                let _ = to.send(Event::Ended(Box::new(job))).await;
                return;
            };
            loop {
                let event = tokio::select! {
                    event = news.recv() => event,
                    () = to.closed() => return,
                };
                match event {
                    Ok(event) => {
                        let is_last = matches!(event, Event::Ended(_));
                        if to.send(event).await.is_err() || is_last {
                            return;
                        }
                    }
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }
}
