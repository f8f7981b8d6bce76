//! Phones' tokens at work: judged for each request, their facts remembered in the state folder.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use zeroize::{Zeroize, Zeroizing};

use super::orders::{Order, Told};
use super::record::{Record, text};
use crate::admit::{Fact, Facts, Judged, Shown, Stage, Standing, TokenKey, Window};
use crate::fleet::Rung;
use crate::folder::key;
use crate::phone::Mac;
use crate::world::Subject;

const KEY: &str = "tokens.key";
const FACTS: &str = "tokens.log";

/// All phones' tokens. Of phones to which nothing has happened nothing is kept.
#[derive(Debug)]
pub struct Tokens {
    key: TokenKey,
    standings: RwLock<HashMap<Mac, Standing>>,
    record: Option<Record>,
}

/// What a request shows with its token, and what follows from that.
#[derive(Debug)]
pub struct Bearer {
    /// Whether it is good.
    pub shown: Shown,
    /// To be noted once it got a file.
    pub facts: Facts,
    /// The epoch of the token that its file carries, if that carries one.
    pub carried: Option<u64>,
}

impl Tokens {
    /// Opens what a state folder remembers, for the server that keeps it; `told` are the orders that hold.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn open(folder: &Path, told: &[Told]) -> std::io::Result<Tokens> {
        let tokens = Tokens::look(folder, told)?;
        let standings = tokens.standings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let lines = standings.iter().flat_map(|(mac, standing)| standing.facts().map(|fact| line(*mac, fact)));
        let record = Some(Record::rewrite(&folder.join(FACTS), lines)?);
        Ok(Tokens { standings: RwLock::new(standings), record, ..tokens })
    }

    /// Looks at what a state folder remembers; the key is made if there is none.
    ///
    /// # Errors
    /// A file cannot be read, or the key not be written.
    pub fn look(folder: &Path, told: &[Told]) -> std::io::Result<Tokens> {
        let key = Zeroizing::new(key(folder, KEY)?);
        let mut standings: HashMap<Mac, Standing> = HashMap::new();
        for (mac, fact) in text(&folder.join(FACTS))?.lines().filter_map(parse) {
            standings.entry(mac).or_default().know(fact);
        }
        let tokens = Tokens { key: TokenKey::new(&*key), standings: RwLock::new(standings), record: None };
        told.iter().for_each(|told| tokens.obey(told));
        Ok(tokens)
    }

    /// Tokens that are good until this is dropped.
    pub fn in_memory() -> Tokens {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).expect("the system gives random numbers");
        let tokens = Tokens { key: TokenKey::new(&key), standings: RwLock::default(), record: None };
        key.zeroize();
        tokens
    }

    /// Does what a command tells.
    pub fn obey(&self, told: &Told) {
        let mut standings = self.standings.write().unwrap_or_else(PoisonError::into_inner);
        let standing = standings.entry(told.order.mac()).or_default();
        match &told.order {
            Order::Rearm { from, until, .. } => {
                standing.window = Some(Window { id: told.id, from: *from, opened: told.at, until: *until });
            }
            Order::RevokeTokens { .. } => standing.revoke(told.id),
            Order::Bless { .. } => {}
        }
    }

    /// How a phone's tokens stand.
    pub fn standing(&self, mac: Mac) -> Standing {
        let standings = self.standings.read().unwrap_or_else(PoisonError::into_inner);
        standings.get(&mac).copied().unwrap_or_default()
    }

    /// The token for a phone's first file.
    pub fn first_boot(&self, mac: Mac) -> Zeroizing<String> {
        self.key.token(mac, self.standing(mac).epoch, Stage::FirstBoot)
    }

    /// The token that the phone's files carry in an epoch.
    pub fn steady(&self, mac: Mac, epoch: u64) -> Zeroizing<String> {
        self.key.token(mac, epoch, Stage::Steady)
    }

    /// What a request shows with the token in its path, if it has one.
    pub fn bearer(&self, subject: &Subject, asked: Option<&str>, peer: IpAddr, now: u64) -> Bearer {
        let trust = &subject.site.trust;
        if !trust.knows(Rung::Token) {
            return Bearer { shown: Shown::Nothing, facts: Facts::new(), carried: None };
        }
        let standing = self.standing(subject.phone.mac);
        let Judged { shown, facts } = standing.judge(&self.key, subject.phone.mac, asked, peer, now);
        // Who comes with a token must not be sent away without one.
        let carried = (trust.gives_tokens() || shown == Shown::Good).then_some(standing.epoch);
        Bearer { shown, facts, carried }
    }

    /// What a phone gets that was claimed by the code on its screen: its first file carries the steady token.
    pub fn blessed(&self, subject: &Subject) -> Bearer {
        let knows = subject.site.trust.knows(Rung::Token);
        let carried = knows.then(|| self.standing(subject.phone.mac).epoch);
        Bearer { shown: Shown::Good, facts: Facts::new(), carried }
    }

    /// Takes note of what follows from a request that got its file.
    pub fn note(&self, mac: Mac, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        let mut standings = self.standings.write().unwrap_or_else(PoisonError::into_inner);
        let standing = standings.entry(mac).or_default();
        for fact in facts {
            standing.know(*fact);
            if let Some(record) = &self.record {
                record.add(line(mac, *fact));
            }
            let what = match fact {
                Fact::Settled(_) => "uses its own token, so the first-boot token is dead",
                Fact::Entered(_) => "begins anew, since it was rearmed",
                Fact::Closed(_) => "has begun anew, so it is rearmed no more",
            };
            tracing::info!(phone.mac = %mac, "`{mac}` {what}");
        }
    }
}

fn line(mac: Mac, fact: Fact) -> String {
    let (word, number) = match fact {
        Fact::Settled(epoch) => ("settled", epoch),
        Fact::Entered(window) => ("entered", window),
        Fact::Closed(window) => ("closed", window),
    };
    format!("{mac} {word} {number} .\n")
}

/// The dot at the end tells a line that is whole.
fn parse(line: &str) -> Option<(Mac, Fact)> {
    let mut parts = line.strip_suffix(" .")?.splitn(3, ' ');
    let (mac, word, number) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?.parse().ok()?);
    let fact = match word {
        "settled" => Fact::Settled(number),
        "entered" => Fact::Entered(number),
        "closed" => Fact::Closed(number),
        _ => return None,
    };
    Some((mac, fact))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [0, 0x15, 0x65, 0xaa, 0xbb, 0xcc];
    const PEER: [u8; 4] = [198, 51, 100, 7];

    fn shows(tokens: &Tokens, stage: Stage) -> Shown {
        let mac = Mac::from_bytes(MAC);
        let standing = tokens.standing(mac);
        let token = tokens.key.token(mac, standing.epoch, stage);
        let judged = standing.judge(&tokens.key, mac, Some(&token), PEER.into(), 200);
        tokens.note(mac, &judged.facts);
        judged.shown
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mac = Mac::from_bytes(MAC);
        let spent = Shown::Wrong(crate::admit::Refusal::SpentToken);
        let mut told = Vec::new();
        let open = |told: &[Told]| Tokens::open(folder.path(), told).unwrap();
        assert_eq!(shows(&open(&told), Stage::FirstBoot), Shown::Good);
        assert_eq!(shows(&open(&told), Stage::Steady), Shown::Good);
        assert_eq!(shows(&open(&told), Stage::FirstBoot), spent);
        told.push(Told { id: 5, at: 100, order: Order::Rearm { mac, from: None, until: 900 } });
        assert_eq!(shows(&open(&told), Stage::FirstBoot), Shown::Good);
        assert_eq!(shows(&open(&told), Stage::Steady), Shown::Good);
        assert_eq!(shows(&open(&told), Stage::FirstBoot), spent);
        told.push(Told { id: 6, at: 100, order: Order::RevokeTokens { mac } });
        assert_eq!(shows(&open(&told), Stage::FirstBoot), Shown::Good);
        let path = folder.path().join(FACTS);
        let text = format!("{mac} settled 0 .\n{mac} entered 5 .\n{mac} closed 5 .\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        // A line that was cut by a crash.
        std::fs::write(&path, format!("{text}{mac} settled 6")).unwrap();
        assert_eq!(shows(&open(&told), Stage::FirstBoot), Shown::Good);
        std::fs::write(&path, format!("{text}{mac} settled 6 .\n")).unwrap();
        assert_eq!(shows(&open(&told), Stage::FirstBoot), spent);
    }

    #[test]
    fn a_key_that_is_none_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(KEY), [1; 31]).unwrap();
        assert_eq!(Tokens::open(folder.path(), &[]).unwrap_err().to_string(), "it is not a key of 32 bytes");
    }
}
