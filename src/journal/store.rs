//! The journal's SQLite file: how it is opened, written and kept small.

use std::fs::{OpenOptions, read_dir, remove_file, rename};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    Sqlite, SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, QueryBuilder, query, query_scalar};

use super::entry::{Change, cut};
use super::fold::{Batch, Row};
use super::utc;
use crate::fleet::Stamp;

/// The tables, as they became what they are.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/journal/migrations");

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(2);
/// How many rows one statement inserts.
const ROWS: usize = 64;
/// How many rows one step of cleaning deletes: some milliseconds of work.
pub(super) const STEP: u64 = 2_000;
/// So many unused pages are left in the file for what comes next.
const SPARE_PAGES: i64 = 256;
/// Of a file that is too large.
const FIRST_FETCHES: &str = "DELETE FROM fetches WHERE id IN (SELECT id FROM fetches ORDER BY id LIMIT $1)";
const FIRST_CHANGES: &str = "DELETE FROM changes WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT $1) \
                             OR number IN (SELECT number FROM changes ORDER BY id LIMIT $1)";
/// What was done again, on a row that stands already.
const AGAIN: &str = "UPDATE fetches SET times = times + $1, \
                     last_at = CASE WHEN last_at < $2 THEN $2 ELSE last_at END WHERE id = $3";
/// How many broken files are left for whoever wants to look into them.
const BROKEN_FILES: usize = 3;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be made or found.
    #[error("{}", crate::reader::plain(.0))]
    File(#[from] std::io::Error),
    /// SQLite's word.
    #[error("{}", .0.as_database_error().map_or_else(|| .0.to_string(), |told| told.message().to_owned()))]
    Database(#[from] sqlx::Error),
    /// Its tables are not those that this version knows.
    #[error("it was written by a newer version of offhook")]
    Newer,
}

impl From<MigrateError> for JournalError {
    fn from(error: MigrateError) -> JournalError {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => JournalError::Database(error),
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => JournalError::Newer,
            other => JournalError::Database(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

impl JournalError {
    /// SQLite's result code, <https://www.sqlite.org/rescode.html>, without what it adds in the higher bits.
    fn code(&self) -> Option<u8> {
        let JournalError::Database(error) = self else { return None };
        let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
        Some((code & 0xff) as u8)
    }

    /// Its content is broken: SQLITE_CORRUPT, SQLITE_NOTADB.
    pub(super) fn is_corrupt(&self) -> bool {
        matches!(self.code(), Some(11 | 26))
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct Store {
    connection: SqliteConnection,
    path: PathBuf,
    place: Option<Stamp>,
    /// The last number that this process has given to a row.
    last: i64,
}

impl Store {
    /// Opens the file, or makes it.
    pub(super) async fn open(path: &Path) -> Result<Store, JournalError> {
        // Who called from where is nobody else's business.
        OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let mut connection = options(path)
            // Readers are not in the writer's way, nor he in theirs.
            .journal_mode(SqliteJournalMode::Wal)
            // The disk is waited for when the log is folded into the file, and not at each batch: a crash of the machine
            // may cost the last entries, but never breaks the file. A crash of the program costs nothing that was written.
            .synchronous(SqliteSynchronous::Normal)
            // Only then can a file become smaller a little at a time.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .pragma("journal_size_limit", "4194304")
            .connect()
            .await?;
        MIGRATIONS.run(&mut connection).await?;
        Ok(Store { connection, path: path.to_owned(), place: Stamp::of(path), last: 0 })
    }

    /// Whether the file that is open is still the one of that name.
    pub(super) fn is_there(&self) -> bool {
        let now = Stamp::of(&self.path);
        now.zip(self.place).is_some_and(|(now, then)| now.is_same_place(&then))
    }

    /// Writes a batch, all of it or nothing, and gives the number of its first row. `lost` are entries that are not in
    /// it, and the time since when.
    pub(super) async fn write(&mut self, batch: &Batch, lost: Option<(u64, i64, i64)>) -> Result<i64, JournalError> {
        // Taken at once, since a look that becomes a write may find somebody else's write in between.
        let mut writing = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let last: i64 = query_scalar("SELECT COALESCE(MAX(id), 0) FROM fetches").fetch_one(&mut *writing).await?;
        let first = last.max(self.last) + 1;
        for (rows, at) in batch.rows.chunks(ROWS).zip((first..).step_by(ROWS)) {
            let mut insert = insert(rows, at);
            // The statement of a full chunk is always the same one; others are not worth remembering.
            insert.build().persistent(rows.len() == ROWS).execute(&mut *writing).await?;
        }
        for (id, again) in &batch.again {
            query(AGAIN).bind(again.times as i64).bind(again.last_at).bind(id).execute(&mut *writing).await?;
        }
        for change in &batch.changes {
            add(change, &mut writing).await?;
        }
        if let Some((lost, from, until)) = lost {
            query("INSERT INTO gaps (from_at, until_at, lost) VALUES ($1, $2, $3)")
                .bind(from)
                .bind(until)
                .bind(lost as i64)
                .execute(&mut *writing)
                .await?;
        }
        writing.commit().await?;
        self.last = first - 1 + batch.rows.len() as i64;
        Ok(first)
    }

    /// One step of deleting what is older than a time, and what makes the file too large; tells whether there is more.
    pub(super) async fn clean(&mut self, oldest: i64, max_bytes: i64) -> Result<bool, JournalError> {
        let mut gone = 0;
        for statement in [
            "DELETE FROM fetches WHERE id IN (SELECT id FROM fetches WHERE at < $1 ORDER BY at LIMIT $2)",
            // What one write has changed goes together: half of it must not be taken back.
            "DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE at < $1 ORDER BY at LIMIT $2) \
             OR number IN (SELECT number FROM changes WHERE at < $1 ORDER BY at LIMIT $2)",
            "DELETE FROM gaps WHERE id IN (SELECT id FROM gaps WHERE until_at < $1 ORDER BY id LIMIT $2)",
        ] {
            let deleting = query(statement).bind(oldest).bind(STEP as i64).execute(&mut self.connection).await?;
            gone = gone.max(deleting.rows_affected());
        }
        let (pages, spare, page_bytes) = self.size().await?;
        let is_large = (pages - spare) * page_bytes > max_bytes;
        if is_large {
            let deleted = self.drop_first(FIRST_FETCHES).await?;
            // A file that is full of changes alone has no better choice.
            gone = gone.max(if deleted > 0 { deleted } else { self.drop_first(FIRST_CHANGES).await? });
        }
        if self.size().await?.1 > SPARE_PAGES {
            query("PRAGMA incremental_vacuum(1024)").execute(&mut self.connection).await?;
        }
        Ok(gone >= STEP || is_large && gone > 0)
    }

    async fn drop_first(&mut self, statement: &'static str) -> Result<u64, JournalError> {
        Ok(query(statement).bind(STEP as i64).execute(&mut self.connection).await?.rows_affected())
    }

    /// The pages of the file, those of them that are unused, and the bytes of each.
    async fn size(&mut self) -> Result<(i64, i64, i64), JournalError> {
        let pages = query_scalar("PRAGMA page_count").fetch_one(&mut self.connection).await?;
        let spare = query_scalar("PRAGMA freelist_count").fetch_one(&mut self.connection).await?;
        let bytes = query_scalar("PRAGMA page_size").fetch_one(&mut self.connection).await?;
        Ok((pages, spare, bytes))
    }

    #[cfg(test)]
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Closes the file, so that there is no log beside it.
    pub(super) async fn close(self) {
        let _ = self.connection.close().await;
    }
}

pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging()
}

fn insert(rows: &[Row], first: i64) -> QueryBuilder<Sqlite> {
    const INTO: &str = "INSERT INTO fetches (id, at, last_at, times, mac, file, revision, head, source, agent, status, \
                        reason, listener, tls, detail) ";
    let mut insert = QueryBuilder::new(INTO);
    insert.push_values(rows.iter().zip(first..), |mut row, (Row { fetch, again }, id)| {
        row.push_bind(id)
            .push_bind(fetch.at)
            .push_bind(again.last_at)
            .push_bind(again.times as i64)
            .push_bind(fetch.mac.map(|mac| mac.to_string()))
            .push_bind(fetch.file.as_deref())
            .push_bind(fetch.revision.as_deref())
            .push_bind(fetch.head)
            .push_bind(fetch.source.map(|source| source.to_string()))
            .push_bind(fetch.agent.as_deref())
            .push_bind(i64::from(fetch.status))
            .push_bind(fetch.reason)
            .push_bind(fetch.listener.map(|listener| listener.to_string()))
            .push_bind(fetch.tls)
            .push_bind(fetch.detail.as_deref());
    });
    insert
}

async fn add(change: &Change, into: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    const ADD: &str = "INSERT INTO changes (at, who, what, entity, mac, before, after, undoes, number, together, \
                       sealed_before, sealed_after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let Change { at, who, what, entity, mac, before, after, undoes, number, together, sealed_before, sealed_after } =
        change;
    query(ADD)
        .bind(at)
        .bind(who)
        .bind(what)
        .bind(entity)
        .bind(mac.map(|mac| mac.to_string()))
        .bind(cut(before.as_ref()))
        .bind(cut(after.as_ref()))
        .bind(undoes)
        .bind(number)
        .bind(together)
        .bind(sealed_before)
        .bind(sealed_after)
        .execute(into)
        .await?;
    Ok(())
}

/// Adds changes from a process that serves nobody, such as a command; a server may have the journal open meanwhile.
///
/// # Errors
/// Why the journal cannot be written.
pub async fn append(path: &Path, changes: &[Change]) -> Result<(), JournalError> {
    let mut store = Store::open(path).await?;
    for change in changes {
        add(change, &mut store.connection).await?;
    }
    store.close().await;
    Ok(())
}

/// Puts a broken file out of the way, with its log, and gives its new name. The last few such files are left.
pub(super) fn set_aside(path: &Path, now_ms: i64) -> std::io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let broken = format!("{name}.corrupt-");
    let beside = |ending: &str| path.with_file_name(format!("{name}{ending}"));
    let aside = path.with_file_name(format!("{broken}{}", utc(now_ms).replace(['-', ':'], "")));
    rename(path, &aside)?;
    // Without its log the file would be older than need be; and a log must never come to lie beside another file.
    let mut log = aside.clone().into_os_string();
    log.push("-wal");
    let _ = rename(beside("-wal"), log);
    let _ = remove_file(beside("-shm"));
    let entries = read_dir(path.parent().unwrap_or(Path::new(".")))?.filter_map(Result::ok);
    let is_broken = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&broken));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_broken).collect();
    files.sort();
    files.retain(|file| !file.to_string_lossy().ends_with("-wal"));
    for old in &files[..files.len().saturating_sub(BROKEN_FILES)] {
        let _ = remove_file(old);
        let _ = remove_file(format!("{}-wal", old.display()));
    }
    Ok(aside)
}
