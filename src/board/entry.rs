//! What the board knows of one phone.

use compact_str::CompactString;

use super::recorded::Standing;
use super::state::State;
use crate::admit::Refusal;

/// What the board knows of one phone; a fleet has a hundred thousand of them, so it is small.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its site.
    pub site: CompactString,
    /// What it has beside what it should have, as it was found out last.
    pub standing: Standing,
    /// Another number whenever it should have something else.
    pub wanted: u64,
    /// Whether that is being found out anew.
    pub checking: bool,
    /// It was asked for its password, and has got nothing since.
    challenged: bool,
    /// Another number as soon as what is being found out may come out otherwise.
    pub ticket: u32,
    /// The documents that it got since what it should have has changed, by their places in the family, a bit for each.
    pub fresh: u32,
    /// What has happened since it last got a file.
    news: Option<News>,
    /// Its state before it was looked at, and since when it was in it, in seconds since 1970.
    settled: (State, u32),
}

#[derive(Debug, Clone, Copy)]
enum News {
    Asked,
    Refused(Refusal),
}

impl Entry {
    /// A phone of which nothing is known yet.
    pub fn new(site: CompactString) -> Entry {
        Entry {
            site,
            standing: Standing::NeverSeen,
            wanted: 0,
            checking: true,
            challenged: false,
            ticket: 0,
            fresh: 0,
            news: None,
            settled: (State::Checking, 0),
        }
    }

    pub fn state(&self) -> State {
        if self.checking {
            return State::Checking;
        }
        match (&self.standing, self.news) {
            (Standing::Unserved { .. }, _) => State::Unserved,
            (_, Some(News::Asked)) => State::Asked,
            (_, Some(News::Refused(_))) => State::Refused,
            (standing, None) => standing.state(),
        }
    }

    /// Since when it is in its state.
    pub fn since(&self) -> Option<u64> {
        (!self.checking).then_some(self.settled.1.into())
    }

    /// Takes note of the time if its state is another one than before it was looked at.
    pub fn settle(&mut self, now: u64) {
        let state = self.state();
        if state != State::Checking && state != self.settled.0 {
            self.settled = (state, now.try_into().unwrap_or(u32::MAX));
        }
    }

    /// What it should have is to be found out anew; `changed`: that is another one, perhaps.
    pub fn check_again(&mut self, changed: bool) {
        self.checking = true;
        self.ticket = self.ticket.wrapping_add(1);
        if changed {
            self.fresh = 0;
        }
    }

    /// It got one of its documents as it is to be now.
    pub fn served(&mut self, file: usize, name: &str) {
        if self.checking {
            self.check_again(false);
            self.fresh |= 1_u32.checked_shl(file as u32).unwrap_or_default();
            return;
        }
        match &mut self.standing {
            Standing::NeverSeen => self.standing = Standing::InSync,
            Standing::Behind { files } => {
                files.retain(|behind| behind != name);
                if files.is_empty() {
                    self.standing = Standing::InSync;
                }
            }
            Standing::InSync | Standing::Unserved { .. } => {}
        }
    }

    /// It got something.
    pub fn came(&mut self) {
        (self.news, self.challenged) = (None, false);
    }

    pub fn asked(&mut self) {
        self.news = Some(News::Asked);
    }

    /// Nobody waits for it any more.
    pub fn given_up(&mut self) {
        self.news = self.news.filter(|news| !matches!(news, News::Asked));
    }

    /// Whether it is known to have something else than it should.
    pub fn is_behind(&self) -> bool {
        !self.checking && matches!(self.standing, Standing::Behind { .. })
    }

    /// A request was refused. That a phone is asked for its password once before each file is its normal life.
    pub fn refused(&mut self, refusal: Refusal, is_challenge: bool) {
        let is_normal = is_challenge && !self.challenged && !refusal.is_a_guess();
        self.challenged |= is_challenge;
        if !is_normal {
            self.news = Some(News::Refused(refusal));
        }
    }

    pub fn refusal(&self) -> Option<Refusal> {
        match self.news {
            Some(News::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }
}

/// Whether a refusal says anything of the phone: not what every phone meets in its normal life, and not what tells too
/// little of who has asked.
pub(super) fn counts(refusal: Refusal) -> bool {
    use Refusal::*;
    !matches!(refusal, NoSuchFile | OwnSecret | StaleNonce | TooMany | Contradiction | UnknownPhone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(files: &[&str]) -> Entry {
        let standing = Standing::Behind { files: files.iter().map(|file| (*file).into()).collect() };
        Entry { standing, checking: false, ..Entry::new("a".into()) }
    }

    #[test]
    fn a_phone_is_in_sync_when_it_has_all_files() {
        let mut entry = behind(&["phone", "keys"]);
        entry.served(0, "phone");
        assert_eq!(entry.state(), State::Behind);
        entry.served(1, "keys");
        assert_eq!(entry.state(), State::InSync);
    }

    #[test]
    fn the_last_thing_that_happened_is_told() {
        let mut entry = behind(&["phone"]);
        entry.asked();
        assert_eq!(entry.state(), State::Asked);
        // It waits to be asked for its password, as a rule.
        entry.refused(Refusal::NoPassword, true);
        assert_eq!(entry.state(), State::Asked);
        entry.refused(Refusal::WrongPassword, true);
        assert_eq!((entry.state(), entry.refusal()), (State::Refused, Some(Refusal::WrongPassword)));
        entry.asked();
        assert_eq!(entry.state(), State::Asked);
        entry.given_up();
        assert_eq!(entry.state(), State::Behind);
        entry.refused(Refusal::WrongPassword, false);
        entry.given_up();
        assert_eq!(entry.state(), State::Refused);
        entry.came();
        assert_eq!(entry.state(), State::Behind);
        entry.refused(Refusal::NoPassword, true);
        assert_eq!(entry.state(), State::Behind);
        entry.refused(Refusal::Untrusted, false);
        assert_eq!(entry.state(), State::Refused);
    }

    #[test]
    fn a_look_that_changes_nothing_leaves_the_time() {
        let mut entry = behind(&["phone"]);
        entry.settle(100);
        entry.check_again(true);
        entry.settle(200);
        assert_eq!((entry.state(), entry.since()), (State::Checking, None));
        entry.checking = false;
        entry.settle(300);
        assert_eq!(entry.since(), Some(100));
        entry.served(0, "phone");
        entry.settle(400);
        assert_eq!(entry.since(), Some(400));
    }
}
