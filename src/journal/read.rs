//! What is in the journal, for those who look into it, while a server writes it and when none does.

use std::path::Path;

use serde::{Serialize, Serializer};
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, FromRow, query_as, query_scalar};

use super::store::{JournalError, options};
use super::{path, utc};
use crate::phone::Mac;

/// A row of fetches.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, utoipa::ToSchema)]
pub struct Fetched {
    /// The first time, in milliseconds since 1970.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub at: i64,
    /// The last time.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub last_at: i64,
    /// How many times.
    pub times: i64,
    /// The phone.
    pub mac: Option<String>,
    /// The file's handle.
    pub file: Option<String>,
    /// Its revision.
    pub revision: Option<String>,
    /// It asked for the head only.
    pub head: bool,
    /// Who asked.
    pub source: Option<String>,
    /// What it calls itself.
    pub agent: Option<String>,
    /// The HTTP status; 0 where it did not come so far.
    pub status: i64,
    /// The short name of a refusal.
    pub reason: Option<String>,
    /// The address that was called.
    pub listener: Option<String>,
    /// Whether the connection was encrypted.
    pub tls: bool,
    /// What else there is to say.
    pub detail: Option<String>,
}

/// A row of changes.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, utoipa::ToSchema)]
pub struct Changed {
    /// Its number.
    pub id: i64,
    /// When.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub at: i64,
    /// Who.
    pub who: String,
    /// By what.
    pub what: String,
    /// The file of the fleet, or whatever else was changed.
    pub entity: String,
    /// How it was.
    pub before: Option<String>,
    /// How it is now.
    pub after: Option<String>,
    /// The change that this one takes back.
    pub undoes: Option<i64>,
    /// What was changed together by one write has its number; it can be taken back by it.
    pub number: Option<i64>,
}

/// A file before and after a write, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Sealed {
    /// The file of the fleet.
    pub entity: String,
    /// How many files the write has changed; none: an older version of offhook did not say.
    pub together: Option<i64>,
    /// How it was; none: it was not there.
    pub sealed_before: Option<String>,
    /// How it is; none: it is gone.
    pub sealed_after: Option<String>,
}

/// Which changes are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Whose file's path begins so; empty: all.
    pub under: String,
    /// Made by them.
    pub who: Option<String>,
    /// With a smaller number in the list than this.
    pub before: Option<i64>,
    /// At the most so many.
    pub limit: u32,
}

/// A time of which entries are missing.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize, utoipa::ToSchema)]
pub struct Gap {
    /// Since when, in milliseconds since 1970.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub from_at: i64,
    /// Until when.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub until_at: i64,
    /// How many.
    pub lost: i64,
}

fn as_text<S: Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&utc(*at))
}

/// What a phone did, and what was done to it; the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct History {
    /// What it asked for and got.
    pub fetches: Vec<Fetched>,
    /// What was changed.
    pub changes: Vec<Changed>,
    /// When entries were lost, of whatever phone.
    pub gaps: Vec<Gap>,
}

/// Somebody who looks into a journal.
#[derive(Debug)]
pub struct Reader {
    connection: SqliteConnection,
}

impl Reader {
    /// Opens the journal of a state folder; none where there is no file yet.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn open(state: &Path) -> Result<Option<Reader>, JournalError> {
        let path = path(state);
        if !path.try_exists()? {
            return Ok(None);
        }
        let mut reader = Reader { connection: options(&path).read_only(true).connect().await? };
        if reader.is_begun().await.is_err() && !path.with_extension("sqlite-wal").exists() {
            // SQLite wants to put a file beside it even for reading, and may not write to this folder. Nobody else has
            // it open, or there would be a log.
            reader.connection = options(&path).read_only(true).immutable(true).connect().await?;
        }
        Ok(reader.is_begun().await?.then_some(reader))
    }

    /// Whether there are tables in it.
    async fn is_begun(&mut self) -> Result<bool, JournalError> {
        let tables = query_scalar::<_, i64>("SELECT COUNT(*) FROM sqlite_master WHERE name = 'gaps'");
        Ok(tables.fetch_one(&mut self.connection).await? > 0)
    }

    /// The last entries of a phone since a time, at most `limit` of each kind.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn history(&mut self, mac: Mac, since: i64, limit: u32) -> Result<History, JournalError> {
        const FETCHES: &str = "SELECT * FROM fetches WHERE mac = $1 AND last_at >= $2 ORDER BY id DESC LIMIT $3";
        const CHANGES: &str = "SELECT * FROM changes WHERE mac = $1 AND at >= $2 ORDER BY id DESC LIMIT $3";
        const GAPS: &str = "SELECT * FROM gaps WHERE until_at >= $1 ORDER BY id DESC LIMIT $2";
        let mac = mac.to_string();
        let fetches = query_as(FETCHES).bind(&mac).bind(since).bind(limit);
        let changes = query_as(CHANGES).bind(&mac).bind(since).bind(limit);
        let gaps = query_as(GAPS).bind(since).bind(limit);
        Ok(History {
            fetches: fetches.fetch_all(&mut self.connection).await?,
            changes: changes.fetch_all(&mut self.connection).await?,
            gaps: gaps.fetch_all(&mut self.connection).await?,
        })
    }

    /// Changes, the latest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn changes(&mut self, wanted: &Wanted) -> Result<Vec<Changed>, JournalError> {
        const CHANGES: &str = "SELECT * FROM changes WHERE substr(entity, 1, length($1)) = $1 \
                               AND ($2 IS NULL OR who = $2) AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4";
        let Wanted { under, who, before, limit } = wanted;
        Ok(query_as(CHANGES).bind(under).bind(who).bind(before).bind(limit).fetch_all(&mut self.connection).await?)
    }

    /// The files that a write has changed.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn written(&mut self, number: i64) -> Result<Vec<Sealed>, JournalError> {
        const WRITTEN: &str =
            "SELECT entity, together, sealed_before, sealed_after FROM changes WHERE number = $1 ORDER BY id";
        Ok(query_as(WRITTEN).bind(number).fetch_all(&mut self.connection).await?)
    }

    /// The last file of its own that a phone was given, or has already, since a time.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn served(&mut self, mac: Mac, since: i64) -> Result<Option<Fetched>, JournalError> {
        const SERVED: &str = "SELECT * FROM fetches WHERE mac = $1 AND last_at >= $2 AND status IN (200, 304) \
                              AND revision IS NOT NULL AND NOT head ORDER BY id DESC LIMIT 1";
        Ok(query_as(SERVED).bind(mac.to_string()).bind(since).fetch_optional(&mut self.connection).await?)
    }

    /// Entries of nobody in particular since a time, with one of two reasons.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn nameless(&mut self, reasons: [&str; 2], since: i64, limit: u32) -> Result<Vec<Fetched>, JournalError> {
        const NAMELESS: &str = "SELECT * FROM fetches WHERE mac IS NULL AND reason IN ($1, $2) AND last_at >= $3 \
                                ORDER BY id DESC LIMIT $4";
        let [one, other] = reasons;
        let nameless = query_as(NAMELESS).bind(one).bind(other).bind(since).bind(limit);
        Ok(nameless.fetch_all(&mut self.connection).await?)
    }

    /// Since when there are entries, in milliseconds since 1970; none if there are none.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn begins(&mut self) -> Result<Option<i64>, JournalError> {
        Ok(query_scalar("SELECT MIN(at) FROM fetches").fetch_one(&mut self.connection).await?)
    }
}
