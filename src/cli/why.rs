//! `why`: why a phone was refused, and what to do.

use anyhow::Result;
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::json;

use super::args::{self, Format};
use super::history::{Looking, wait_for};
use super::output;
use crate::admit::Refusal;
use crate::journal::{Fetched, NO_HANDSHAKE, now_ms, utc};
use crate::phone::Mac;

/// How many rows of a phone are looked at.
const ROWS: u32 = 1_000;
/// Failed handshakes, and requests without a name, that are older have nothing to do with it.
const LATELY_MS: i64 = 24 * 3600 * 1000;
/// How many of those are told.
const OTHERS: u32 = 5;

/// What became of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// The last thing that matters is that it got its file.
    Served,
    /// It was refused since.
    Refused,
    /// It came, and asked for nothing that is its own.
    Idle,
    /// It never came.
    Unseen,
}

/// A refusal with what it means.
#[derive(Debug, Serialize)]
struct Explained<'f> {
    #[serde(flatten)]
    fetch: &'f Fetched,
    meaning: String,
    hint: &'static str,
}

/// Explains the last refusals of a phone; 0 if it has got its file since, 1 if not.
pub fn run(args: &args::Why) -> Result<u8> {
    wait_for(async {
        let mut looking = Looking::at(&args.journal).await?;
        if let Some(missing) = looking.missing() {
            anyhow::bail!(missing);
        }
        let fetches = looking.history(ROWS).await?.fetches;
        let (mut begins, mut nameless) = (None, Vec::new());
        if let Some(reader) = &mut looking.reader {
            begins = reader.begins().await?;
            let reasons = [NO_HANDSHAKE, Refusal::UnknownPhone.code()];
            nameless = reader.nameless(reasons, now_ms() - LATELY_MS, OTHERS).await?;
        }
        let served = fetches.iter().find(|fetch| is_served(fetch));
        let refusals = refusals(&fetches);
        let state = match (served, refusals.is_empty()) {
            (_, false) => State::Refused,
            (Some(_), true) => State::Served,
            (None, true) if fetches.is_empty() => State::Unseen,
            (None, true) => State::Idle,
        };
        let told = Told { mac: looking.mac, state, served, refusals, begins, nameless };
        match args.journal.format {
            Format::Human => told.human()?,
            Format::Json => told.json()?,
        }
        Ok(u8::from(state != State::Served))
    })
}

/// It got a file of its own, or has it.
fn is_served(fetch: &Fetched) -> bool {
    matches!(fetch.status, 200 | 304) && fetch.revision.is_some() && !fetch.head
}

/// The last refusal for each reason since the phone was served. Files that no phone of its kind has are asked for by
/// well ones too, so they count only if it gets nothing else.
fn refusals(fetches: &[Fetched]) -> Vec<Explained<'_>> {
    let served = fetches.iter().position(is_served);
    // A row that has a count may stand below the one of a file that was sent meanwhile.
    let is_later = |(at, fetch): &(usize, &Fetched)| {
        served.is_none_or(|served| *at < served || fetch.last_at > fetches[served].last_at)
    };
    let mut last: Vec<Explained<'_>> = Vec::new();
    for (_, fetch) in fetches.iter().enumerate().filter(is_later) {
        if let Some(explained) = explain(fetch)
            && !last.iter().any(|known| known.meaning == explained.meaning)
        {
            last.push(explained);
        }
    }
    let is_grave = |one: &Explained<'_>| one.fetch.reason.as_deref() != Some(Refusal::NoSuchFile.code());
    if served.is_some() || last.iter().any(is_grave) {
        last.retain(is_grave);
    }
    last
}

fn explain(fetch: &Fetched) -> Option<Explained<'_>> {
    let (meaning, hint) = match fetch.reason.as_deref() {
        Some(code) => match Refusal::named(code) {
            Some(refusal) => (refusal.to_string(), refusal.hint()),
            None => (format!("the reason is `{code}`"), "this version does not know it: ask a newer one"),
        },
        None if fetch.status >= 500 => (
            "its file could not be made, so it was told to come again".to_owned(),
            "`offhook check` tells what is wrong with the fleet, and the server's log what is wrong with the file",
        ),
        None => return None,
    };
    Some(Explained { fetch, meaning, hint })
}

struct Told<'f> {
    mac: Mac,
    state: State,
    served: Option<&'f Fetched>,
    refusals: Vec<Explained<'f>>,
    /// Since when there are entries.
    begins: Option<i64>,
    /// What nobody in particular was refused lately.
    nameless: Vec<Fetched>,
}

impl Told<'_> {
    fn json(&self) -> Result<()> {
        let Told { mac, state, served, refusals, begins, nameless } = self;
        let begins = begins.map(utc);
        output::json(&json!({
            "mac": mac, "state": state, "served": served, "refusals": refusals, "begins": begins, "nameless": nameless,
        }))
    }

    fn human(&self) -> Result<()> {
        let mac = self.mac;
        for Explained { fetch, meaning, hint } in &self.refusals {
            output::line(&format!("{mac} was {} {}", "refused".red(), circumstances(fetch)))?;
            let code = fetch.reason.as_deref().map(|code| format!(" [{code}]")).unwrap_or_default();
            output::line(&format!("  {meaning}{code}"))?;
            output::line(&format!("  hint: {}", hint.replace("MAC", &mac.to_string())))?;
        }
        match (self.state, self.served) {
            (State::Served, Some(served)) => {
                output::line(&format!("{mac} was {} {}", "served".green(), circumstances(served)))?;
            }
            (_, Some(served)) => {
                output::line(&format!("{mac} was last served {}", circumstances(served)))?;
            }
            (State::Refused, None) => {
                output::line(&format!("{mac} has got no file of its own{}", self.since_the_beginning()))?;
            }
            (State::Idle, None) => {
                output::line(&format!("{mac} came, but did not ask for its own file{}", self.since_the_beginning()))?;
                output::line(&format!("  hint: `offhook history {mac}` lists what it asked for"))?;
            }
            (_, None) => self.never_came()?,
        }
        Ok(())
    }

    fn never_came(&self) -> Result<()> {
        let mac = self.mac;
        output::line(&format!("{mac} never came{}", self.since_the_beginning()))?;
        output::line(&format!(
            "  hint: `offhook url {mac}` prints what to type into the phone, or into its DHCP option"
        ))?;
        output::line("  hint: from the phone's network, does `curl -k` of that address reach the server?")?;
        for fetch in &self.nameless {
            let Fetched { last_at, times, reason, detail, .. } = fetch;
            let what = match reason.as_deref() {
                Some(NO_HANDSHAKE) => {
                    "a TLS handshake failed, so nobody knows which phone it was; see docs/old-phones.md"
                }
                _ => "phones that are not stored, too many to keep each MAC",
            };
            let detail = detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            let at = utc(*last_at);
            output::line(&format!("  perhaps this was it: {at}, x{times}, {}: {what}{detail}", way(fetch)))?;
        }
        Ok(())
    }

    fn since_the_beginning(&self) -> String {
        match self.begins {
            Some(begins) => format!(" since {}, when the journal begins", utc(begins)),
            None => ": nobody did yet".to_owned(),
        }
    }
}

/// When, how often, what, from where, and as what.
fn circumstances(fetch: &Fetched) -> String {
    let Fetched { at, last_at, times, file, agent, .. } = fetch;
    let often = if *times > 1 { format!(" ({times} times since {})", utc(*at)) } else { String::new() };
    let file = file.as_ref().map_or("what it asked for".to_owned(), |file| format!("`{file}`"));
    let agent = agent.as_ref().map(|agent| format!(", as `{agent}`")).unwrap_or_default();
    format!("{file} at {}{often}, {}{agent}", utc(*last_at), way(fetch))
}

/// From where, and to which address if that is known.
fn way(fetch: &Fetched) -> String {
    let to = fetch.listener.as_ref().map(|listener| format!(" to {listener}")).unwrap_or_default();
    format!("from {}{to}", fetch.source.as_deref().unwrap_or("many addresses"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last time, the status and the reason.
    type Short = (i64, i64, &'static str);

    fn row((last_at, status, reason): Short) -> Fetched {
        Fetched {
            at: 0,
            last_at,
            times: 1,
            mac: None,
            file: None,
            revision: (status < 400).then(|| "r".to_owned()),
            head: false,
            source: None,
            agent: None,
            status,
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            listener: None,
            tls: true,
            detail: None,
        }
    }

    #[test]
    fn what_counts_is_what_was_refused_since_the_phone_got_its_file() {
        let (served, away) = ((50, 200, ""), "untrusted-network");
        let cases: [(&[Short], &[i64]); 9] = [
            (&[(60, 403, away), served], &[60]),
            (&[served, (40, 403, away)], &[]),
            // It goes on after the file was sent.
            (&[served, (60, 403, away)], &[60]),
            // The clock was set back.
            (&[(10, 403, away), served], &[10]),
            // The last one for each reason.
            (&[(90, 403, "no-password"), (80, 403, away), (70, 403, away)], &[90, 80]),
            (&[(90, 404, "no-such-file"), (80, 403, away)], &[80]),
            (&[(90, 404, "no-such-file"), served], &[]),
            (&[(90, 404, "no-such-file")], &[90]),
            (&[(90, 503, ""), (80, 404, ""), (70, 403, "of-the-future")], &[90, 70]),
        ];
        for (rows, told) in cases {
            let fetches: Vec<_> = rows.iter().copied().map(row).collect();
            let refused: Vec<_> = refusals(&fetches).iter().map(|one| one.fetch.last_at).collect();
            assert_eq!(refused, told, "{rows:?}");
        }
    }
}
