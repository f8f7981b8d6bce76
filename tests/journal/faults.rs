//! A file that cannot be used is told and tried again, and nobody waits for it.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use offhook::fleet::Keeping;
use offhook::journal::{Change, Journal, path};

use crate::log::Log;
use crate::server::{self, Server};
use crate::{connection, fetch, history, journal, mac, number, until, wait};

/// What everything in the process logs; with nextest each test is a process, else the journals of other tests say
/// things too, of other folders.
fn logged() -> Log {
    static LOG: std::sync::OnceLock<Log> = std::sync::OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        tracing::subscriber::set_global_default(log.subscriber(tracing::Level::INFO)).unwrap();
        log
    })
    .clone()
}

/// How often something was logged of a state folder.
fn said(log: &Log, state: &Path, what: &str) -> usize {
    let state = state.to_str().unwrap();
    log.text().lines().filter(|line| line.contains(state) && line.contains(what)).count()
}

#[test]
fn a_database_that_somebody_holds_costs_nobody_time_and_what_is_lost_is_counted() {
    const FETCHES: u32 = 100_000;
    let (folder, log) = (tempfile::tempdir().unwrap(), logged());
    let state = folder.path();
    let journal = journal(state);
    journal.fetched(fetch(0));
    until("the journal is begun", || !history(state, mac(0)).fetches.is_empty());
    let mut other = wait(connection(state));
    wait(async { sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap() });
    let begin = Instant::now();
    (1..FETCHES).for_each(|number| journal.fetched(fetch(number)));
    let took = begin.elapsed();
    // One wait for the lock would be longer than all of this.
    assert!(took < Duration::from_secs(2), "{took:?}");
    let change = Change {
        at: 0,
        who: "anna".into(),
        what: "password".into(),
        entity: "x".into(),
        mac: Some(mac(1)),
        before: None,
        after: None,
        ..Change::default()
    };
    journal.changed(change);
    until("it says so", || said(&log, state, "cannot be written: database is locked") == 1);
    assert!(journal.figures().trouble.is_some_and(|time| time <= begin.elapsed()), "{:?}", journal.figures());
    wait(async { sqlx::query("ROLLBACK").execute(&mut other).await.unwrap() });
    until("it says that it works again", || said(&log, state, "is written again") == 1);
    journal.close();
    let figures = journal.figures();
    let kept = number(state, "SELECT SUM(times) FROM fetches");
    let lost = number(state, "SELECT SUM(lost) FROM gaps");
    assert_eq!((figures.waiting, figures.lost as i64, figures.trouble), (0, lost, None));
    assert_eq!(kept + lost, i64::from(FETCHES));
    assert!(kept > 30_000 && lost > 10_000, "{kept} kept, {lost} lost");
    assert_eq!(history(state, mac(1)).changes.len(), 1, "a storm of fetches pushes no change out");
    let log_says = regex::Regex::new("([0-9]+) entries of the journal were lost").unwrap();
    let told: i64 = log_says.captures_iter(&log.text()).map(|said| said[1].parse::<i64>().unwrap()).sum();
    assert_eq!(told, lost, "{}", log.text());
    assert_eq!(said(&log, state, "cannot be written"), 1, "it is said once");
}

#[test]
fn a_shutdown_does_not_wait_for_a_database_that_somebody_holds() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    journal.fetched(fetch(0));
    until("the journal is begun", || !history(folder.path(), mac(0)).fetches.is_empty());
    let mut other = wait(connection(folder.path()));
    wait(async { sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap() });
    journal.fetched(fetch(1));
    let begin = Instant::now();
    journal.close();
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    drop(other);
}

#[test]
fn a_shutdown_writes_what_is_still_in_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=5 {
        let journal = journal(folder.path());
        (0..1_000).for_each(|number| journal.fetched(fetch(number)));
        journal.close();
        assert_eq!(number(folder.path(), "SELECT COUNT(*) FROM fetches"), round * 1_000);
    }
    until("the log is folded into the file", || !path(folder.path()).with_extension("sqlite-wal").exists());
}

fn set_aside(state: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains(".sqlite.corrupt-")).collect()
}

#[test]
fn a_file_that_is_no_database_is_set_aside() {
    let (folder, log) = (tempfile::tempdir().unwrap(), logged());
    let rubbish = b"this is not a database, ".repeat(1_000);
    std::fs::write(path(folder.path()), &rubbish).unwrap();
    let journal = journal(folder.path());
    journal.fetched(fetch(0));
    until("a new one is begun", || !set_aside(folder.path()).is_empty() && path(folder.path()).exists());
    until("the entry is in it", || !history(folder.path(), mac(0)).fetches.is_empty());
    let aside = set_aside(folder.path());
    assert_eq!(aside.len(), 1);
    assert_eq!(std::fs::read(&aside[0]).unwrap(), rubbish);
    assert_eq!(said(&log, folder.path(), "the journal was broken: it is set aside as"), 1);
}

#[test]
fn a_file_that_is_broken_in_the_middle_is_set_aside_when_that_is_met() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let full = journal(state);
    (0..20_000).for_each(|number| full.fetched(fetch(number)));
    full.close();
    let file = std::fs::OpenOptions::new().write(true).open(path(state)).unwrap();
    let size = file.metadata().unwrap().len();
    // All but the first pages, where the tables are described.
    file.write_all_at(&vec![0xee; size as usize - 20 * 4096], 20 * 4096).unwrap();
    let journal = journal(state);
    journal.fetched(fetch(70_000));
    until("the entry is in a new one", || {
        !set_aside(state).is_empty() && path(state).exists() && !history(state, mac(70_000)).fetches.is_empty()
    });
}

#[test]
fn a_file_that_is_deleted_under_the_server_does_not_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let first = journal(state);
    first.fetched(fetch(0));
    until("the journal is begun", || !history(state, mac(0)).fetches.is_empty());
    std::fs::remove_file(path(state)).unwrap();
    (1..100).for_each(|number| first.fetched(fetch(number)));
    first.close();
    let second = journal(state);
    second.fetched(fetch(1));
    second.close();
    assert_eq!(history(state, mac(1)).fetches.len(), 1);
}

#[test]
fn a_folder_that_is_none_is_told_once_and_used_when_it_is_one() {
    let (folder, log) = (tempfile::tempdir().unwrap(), logged());
    let state = folder.path().join("state");
    std::fs::write(&state, "a file").unwrap();
    let journal = journal(&state);
    journal.fetched(fetch(0));
    until("it says so", || said(&log, &state, "cannot be written: ") == 1);
    std::fs::remove_file(&state).unwrap();
    std::fs::create_dir(&state).unwrap();
    until("it is written again", || !history(&state, mac(0)).fetches.is_empty());
    assert_eq!(said(&log, &state, "cannot be written"), 1);
}

#[test]
fn where_no_journal_is_wanted_there_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let off = Journal::open(folder.path(), || Keeping { enabled: false, ..Keeping::default() }).unwrap();
    off.fetched(fetch(0));
    off.changed(Change::default());
    let begin = Instant::now();
    wait(off.has_changes(Duration::from_secs(20)));
    assert!(begin.elapsed() < Duration::from_secs(10), "nobody waits for what is not kept");
    off.close();
    assert!(!path(folder.path()).exists());
}

/// A process whose files cannot grow is one whose disk is full, and needs no rights of root's.
#[test]
fn on_a_full_disk_phones_are_served_and_it_is_said() {
    let folder = server::fleet();
    let serve = format!(
        "trap '' XFSZ; ulimit -f 40; exec {} serve fleet --state state --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_offhook")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &serve]).current_dir(folder.path()).env_remove("OFFHOOK_LOG");
    command.stderr(Stdio::piped()).stdout(Stdio::piped()).stdin(Stdio::null());
    let mut server = Server::of(command);
    let said = "the journal `state/journal.sqlite` cannot be written: disk I/O error";
    if !server.said.iter().any(|line| line.contains(said)) {
        server.until(said);
    }
    for _ in 0..20 {
        assert!(server.tried().contains("account.1.user_name = 201"));
    }
    let (status, time) = server.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(time < server::LONG, "{time:?}");
}
