//! `history`: what a phone asked for and got, and what was changed.

use std::cmp::Reverse;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use super::args::{self, Format};
use super::{output, state};
use crate::fleet::unix_seconds;
use crate::journal::{self, Changed, Fetched, Gap, History, Reader, now_ms, utc};
use crate::phone::Mac;

/// The journal of a server, opened to look at one phone.
pub(super) struct Looking {
    pub(super) mac: Mac,
    pub(super) since: i64,
    /// Where the journal is, or would be.
    pub(super) path: PathBuf,
    pub(super) reader: Option<Reader>,
}

impl Looking {
    pub(super) async fn at(args: &args::Journal) -> Result<Looking> {
        let mac = args.mac.parse()?;
        let since = args.since.as_deref().map_or(Ok(0), |when| since(when, now_ms()))?;
        let state = args.state.clone().map_or_else(|| state::default_state(&args.fleet.fleet), Ok)?;
        let path = journal::path(&state);
        let reader = Reader::open(&state).await.with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(Looking { mac, since, path, reader })
    }

    /// The last entries of the phone, as many as that of each kind.
    pub(super) async fn history(&mut self, limit: u32) -> Result<History> {
        match &mut self.reader {
            Some(reader) => Ok(reader.history(self.mac, self.since, limit).await?),
            None => Ok(History::default()),
        }
    }

    /// Where no journal is, there is nothing to tell.
    pub(super) fn missing(&self) -> Option<String> {
        let path = self.path.display();
        self.reader.is_none().then(|| {
            format!("there is no journal `{path}`\n  hint: name the server's state folder with --state DIR, or its fleet with --fleet DIR")
        })
    }
}

/// Runs something that waits for the journal.
pub(super) fn wait_for<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?.block_on(work)
}

/// Prints the history of a phone.
pub fn run(args: &args::History) -> Result<u8> {
    wait_for(async {
        let mut looking = Looking::at(&args.journal).await?;
        let history = looking.history(args.limit).await?;
        if let Some(missing) = looking.missing() {
            return Err(anyhow!(missing));
        }
        match args.journal.format {
            Format::Json => output::json(&json!({ "mac": looking.mac, "history": history }))?,
            Format::Human => human(&looking, &history, args.limit as usize)?,
        }
        Ok(0)
    })
}

fn human(looking: &Looking, history: &History, limit: usize) -> Result<()> {
    let fetches = history.fetches.iter().map(|fetch| (fetch.last_at, fetched(fetch)));
    let changes = history.changes.iter().map(|change| (change.at, changed(change)));
    let gaps = history.gaps.iter().map(|gap| (gap.until_at, lost(gap)));
    let mut rows: Vec<_> = fetches.chain(changes).chain(gaps).collect();
    if rows.is_empty() {
        anstream::eprintln!("nothing of {}: `offhook why {}` tells what to look at", looking.mac, looking.mac);
        return Ok(());
    }
    rows.sort_by_key(|(at, _)| Reverse(*at));
    let head = ["when", "status", "times", "file", "revision", "from", "what"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(rows.into_iter().map(|(_, row)| row).take(limit)).collect();
    output::table(&rows)
}

/// A row of the table: when, status, times, file, revision, from, what.
type Shown = [String; 7];

fn fetched(fetch: &Fetched) -> Shown {
    let Fetched { at, last_at, times, file, revision, head, source, agent, status, reason, detail, .. } = fetch;
    let since = (*times > 1 && utc(*at) != utc(*last_at)).then(|| format!("since {}", utc(*at)));
    let head = head.then(|| "the head only".to_owned());
    let what = [reason.clone(), head, since, agent.clone(), detail.clone()];
    [
        utc(*last_at),
        if *status > 0 { status.to_string() } else { String::new() },
        if *times > 1 { format!("x{times}") } else { String::new() },
        file.clone().unwrap_or_default(),
        revision.as_ref().map(|revision| revision.chars().take(8).collect()).unwrap_or_default(),
        source.clone().unwrap_or_default(),
        what.into_iter().flatten().collect::<Vec<_>>().join(", "),
    ]
}

fn changed(change: &Changed) -> Shown {
    let Changed { id, at, who, what, entity, undoes, .. } = change;
    let undoes = undoes.map(|undone| format!(", which takes back {undone}")).unwrap_or_default();
    other(*at, "changed", format!("{entity}, by {who} with {what} (change {id}{undoes})"))
}

fn lost(gap: &Gap) -> Shown {
    let Gap { from_at, until_at, lost } = gap;
    other(*until_at, "lost", format!("{lost} entries of all phones, since {}", utc(*from_at)))
}

fn other(at: i64, status: &str, what: String) -> Shown {
    let none = String::new;
    [utc(at), status.to_owned(), none(), none(), none(), none(), what]
}

/// A time in the past, in milliseconds since 1970.
fn since(text: &str, now_ms: i64) -> Result<i64> {
    let ago = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 24 * 3600,
            _ => return None,
        };
        now_ms.checked_sub(i64::from(number.parse::<u32>().ok()?) * seconds * 1000)
    };
    let at = || unix_seconds(text)?.checked_mul(1000);
    ago().or_else(at).ok_or_else(|| {
        let how = "write how long ago, such as 90m, 24h or 7d, or a time such as 2026-11-23T09:00:00+01:00";
        anyhow!("`{text}` is not a time\n  hint: {how}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_ago_or_of_the_calendar() {
        let now = 1_000_000_000_000;
        for (text, at) in [
            ("90m", Some(now - 5_400_000)),
            ("0s", Some(now)),
            ("7d", Some(now - 604_800_000)),
            ("2001-09-09T03:46:40+02:00", Some(now)),
            ("", None),
            ("m", None),
            ("-1h", None),
            ("5 é", None),
            ("2001-09-09", None),
        ] {
            assert_eq!(since(text, now).ok(), at, "{text}");
        }
        let error = since("soon", now).unwrap_err().to_string();
        assert!(error.starts_with("`soon` is not a time\n  hint: write how long ago, such as 90m"), "{error}");
    }
}
