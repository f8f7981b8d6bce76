//! Killed in the middle: what was written is there, whole and in order.

use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::Row;

use crate::{connection, fetch, history, journal, mac, number, wait};

const STATE: &str = "OFFHOOK_TEST_JOURNAL_TO_WRITE";

/// Not a test of its own: what the other one starts and kills, in a process that has the folder's name in its
/// environment. It writes row after row, with a changing count of them in each batch.
#[test]
fn child_writes_until_it_is_killed() {
    let Some(state) = std::env::var_os(STATE) else { return };
    let journal = journal(state.as_ref());
    for number in 0.. {
        journal.fetched(fetch(number));
        if number % 150 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn killed_at_many_points_the_journal_opens_and_its_rows_are_whole() {
    let mut most = 0;
    for round in 0..12_u64 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child_writes_until_it_is_killed"])
            .env(STATE, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        crate::until("the first rows", || !history(folder.path(), mac(0)).fetches.is_empty());
        // Uneven steps, so that each round ends in another part of a batch.
        std::thread::sleep(Duration::from_micros(round * 37_300));
        child.kill().unwrap();
        child.wait().unwrap();
        let restarted = journal(folder.path());
        restarted.fetched(fetch(u32::MAX));
        restarted.close();
        assert_eq!(history(folder.path(), mac(u32::MAX)).fetches.len(), 1);
        assert_eq!(
            number(folder.path(), "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
            0
        );
        most = most.max(whole_rows(folder.path()));
    }
    assert!(most > 1_000, "the child wrote too little to be interrupted: {most}");
}

/// Looks at each row but the last: it is the next one, and all of it belongs together.
fn whole_rows(state: &std::path::Path) -> usize {
    wait(async {
        let sql = "SELECT mac, at, last_at, times, source, agent FROM fetches ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(&mut connection(state).await).await.unwrap();
        let (_, rows) = rows.split_last().unwrap();
        for (number, row) in (0_u32..).zip(rows) {
            let wanted = fetch(number);
            assert_eq!(row.get::<String, _>("mac"), mac(number).to_string());
            assert_eq!((row.get("at"), row.get("last_at"), row.get("times")), (wanted.at, wanted.at, 1_i64));
            assert_eq!(row.get::<String, _>("source"), wanted.source.unwrap().to_string());
            assert_eq!(row.get::<String, _>("agent"), wanted.agent.unwrap().as_str());
        }
        rows.len()
    })
}
