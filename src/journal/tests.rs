//! The file itself: rows whole, old ones gone, older versions read.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, Row as _, query, query_scalar};
use tempfile::TempDir;

use super::entry::tests::fetch;
use super::fold::{Batch, Folds};
use super::store::{MIGRATIONS, STEP, Store, options, set_aside};
use super::*;
use crate::phone::Mac;

const DAY: i64 = 24 * 3600 * 1000;
const LARGE: i64 = 1 << 40;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn batch(fetches: impl IntoIterator<Item = Fetch>) -> Batch {
    let (mut folds, mut batch) = (Folds::default(), Batch::default());
    fetches.into_iter().for_each(|fetch| folds.add(fetch, &mut batch));
    batch
}

fn change(at: i64, mac: Option<Mac>) -> Change {
    let (who, what, entity) = ("anna".into(), "compare-model".into(), "sites/a/phones/x.toml".into());
    Change { at, who, what, entity, mac, before: Some("old".into()), after: Some("new".into()), ..Change::default() }
}

async fn count(folder: &TempDir, table: &'static str) -> i64 {
    let mut reading = options(&path(folder.path())).read_only(true).connect().await.unwrap();
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    query_scalar(sql).fetch_one(&mut reading).await.unwrap()
}

async fn history(folder: &Path, number: u32) -> History {
    let mut reader = Reader::open(folder).await.unwrap().unwrap();
    reader.history(fetch(0, number).mac.unwrap(), 0, 100).await.unwrap()
}

/// Cleans to the end; tells how many steps that took.
async fn clean(store: &mut Store, oldest: i64, max_bytes: i64) -> u64 {
    let mut steps = 1;
    while store.clean(oldest, max_bytes).await.unwrap() {
        steps += 1;
    }
    steps
}

#[test]
fn what_is_written_is_read() {
    let folder = TempDir::new().unwrap();
    wait(async {
        let mut store = Store::open(&path(folder.path())).await.unwrap();
        let (mut folds, mut rows) = (Folds::default(), Batch::default());
        let mut add = |fetch, rows: &mut Batch| folds.add(fetch, rows);
        (0..200).for_each(|number| add(fetch(1_000, number), &mut rows));
        rows.changes.push(change(1_500, fetch(0, 7).mac));
        let first = store.write(&rows, Some((3, 10, 20))).await.unwrap();
        folds.written(first);
        let mut rows = Batch::default();
        folds.add(fetch(2_000, 7), &mut rows);
        folds.add(Fetch { status: 304, ..fetch(3_000, 7) }, &mut rows);
        store.write(&rows, None).await.unwrap();
        let told = history(folder.path(), 7).await;
        let shown: Vec<_> = told.fetches.iter().map(|one| (one.at, one.last_at, one.times, one.status)).collect();
        assert_eq!(shown, [(3_000, 3_000, 1, 304), (1_000, 2_000, 2, 200)]);
        let one = &told.fetches[1];
        assert_eq!(one.mac.as_deref(), Some("000000000007"));
        assert_eq!((one.file.as_deref(), one.source.as_deref()), (Some("phone"), Some("192.0.2.1")));
        assert_eq!((one.listener.as_deref(), one.tls, one.head), (Some("192.0.2.100:8443"), true, false));
        assert_eq!(told.changes[0].before.as_deref(), Some("old"));
        assert_eq!(told.gaps, [Gap { from_at: 10, until_at: 20, lost: 3 }]);
    });
}

#[test]
fn what_is_too_old_goes_a_step_at_a_time() {
    let folder = TempDir::new().unwrap();
    wait(async {
        let mut store = Store::open(&path(folder.path())).await.unwrap();
        let old = (0..5_000).map(|number| fetch(DAY, number));
        let mut rows = batch(old.chain((0..100).map(|number| fetch(50 * DAY, number))));
        rows.changes = vec![change(DAY, None), change(50 * DAY, None)];
        store.write(&rows, Some((1, 0, DAY))).await.unwrap();
        assert_eq!(clean(&mut store, 2 * DAY, LARGE).await, 5_000 / STEP + 1);
        assert_eq!(count(&folder, "fetches").await, 100);
        assert_eq!((count(&folder, "changes").await, count(&folder, "gaps").await), (1, 0));
        // A clock that was set back leaves what is there.
        assert_eq!(clean(&mut store, -10 * DAY, LARGE).await, 1);
        assert_eq!(count(&folder, "fetches").await, 100);
    });
}

#[test]
fn what_makes_the_file_too_large_goes_and_the_file_becomes_smaller() {
    let folder = TempDir::new().unwrap();
    let bytes = || std::fs::metadata(path(folder.path())).unwrap().len();
    wait(async {
        let mut store = Store::open(&path(folder.path())).await.unwrap();
        let mut rows = batch((0..60_000).map(|number| fetch(i64::from(number), number)));
        rows.changes = vec![change(0, None)];
        store.write(&rows, None).await.unwrap();
        query("PRAGMA wal_checkpoint(TRUNCATE)").execute(store.connection()).await.unwrap();
        assert!(bytes() > 8 << 20, "{}", bytes());
        assert!(clean(&mut store, 0, 4 << 20).await > 10);
        // Entries that come meanwhile and later find their place.
        store.write(&batch([fetch(70_000, 70_000)]), None).await.unwrap();
        while store.clean(0, 4 << 20).await.unwrap() || spare(&mut store).await > 300 {}
        query("PRAGMA wal_checkpoint(TRUNCATE)").execute(store.connection()).await.unwrap();
        assert!((2 << 20..6 << 20).contains(&bytes()), "{}", bytes());
        assert_eq!(history(folder.path(), 70_000).await.fetches.len(), 1);
        assert_eq!(history(folder.path(), 59_999).await.fetches.len(), 1);
        assert_eq!(history(folder.path(), 0).await.fetches.len(), 0);
        assert_eq!(count(&folder, "changes").await, 1, "they stay as long as there are fetches");
    });
}

async fn spare(store: &mut Store) -> i64 {
    query_scalar("PRAGMA freelist_count").fetch_one(store.connection()).await.unwrap()
}

/// Half of it would be taken back as if it were all.
#[test]
fn what_one_write_has_changed_goes_as_a_whole() {
    let write = |number, at| Change { number: Some(number), ..change(at, None) };
    for max_bytes in [LARGE, 0] {
        let folder = TempDir::new().unwrap();
        wait(async {
            let mut store = Store::open(&path(folder.path())).await.unwrap();
            let old = (0..5_000).map(|at| write(1, at));
            let between = (0..10).map(|at| write(2, 2 * DAY - 5 + at));
            let changes = old.chain(between).chain([write(3, 5 * DAY)]).collect();
            store.write(&Batch { changes, ..Batch::default() }, None).await.unwrap();
            let mut left = Vec::new();
            loop {
                let more = store.clean(2 * DAY, max_bytes).await.unwrap();
                let groups = "SELECT number || ': ' || COUNT(*) FROM changes GROUP BY number";
                let groups: Vec<String> = query_scalar(groups).fetch_all(store.connection()).await.unwrap();
                left.push(groups.join(", "));
                if !more {
                    break;
                }
            }
            let last = if max_bytes == 0 { "" } else { "3: 1" };
            assert!(left.iter().all(|left| ["2: 10, 3: 1", "3: 1", ""].contains(&left.as_str())), "{left:?}");
            assert_eq!(left.last().unwrap(), last, "{left:?}");
        });
    }
}

#[test]
fn changes_alone_cannot_fill_the_disk_either() {
    let folder = TempDir::new().unwrap();
    wait(async {
        let mut store = Store::open(&path(folder.path())).await.unwrap();
        let large = Some("é".repeat(100_000));
        let changes = (0..300).map(|at| Change { before: large.clone(), ..change(at, None) }).collect();
        store.write(&Batch { changes, ..Batch::default() }, None).await.unwrap();
        let kept: i64 = query_scalar("SELECT MAX(LENGTH(CAST(before AS BLOB))) FROM changes")
            .fetch_one(store.connection())
            .await
            .unwrap();
        assert_eq!(kept, 64 * 1024);
        clean(&mut store, 0, 8 << 20).await;
        assert!(count(&folder, "changes").await < 300);
    });
}

#[test]
fn rows_of_another_process_do_not_collide() {
    let folder = TempDir::new().unwrap();
    wait(async {
        let mut one = Store::open(&path(folder.path())).await.unwrap();
        let mut other = Store::open(&path(folder.path())).await.unwrap();
        for number in 0..20 {
            one.write(&batch([fetch(0, number)]), None).await.unwrap();
            other.write(&batch([fetch(1, number)]), None).await.unwrap();
        }
        append(&path(folder.path()), &[change(0, None)]).await.unwrap();
        assert_eq!((count(&folder, "fetches").await, count(&folder, "changes").await), (40, 1));
    });
}

/// A file as the first version made it, with an entry.
async fn first_version(path: &Path) {
    let mut making = options(path).create_if_missing(true).connect().await.unwrap();
    MIGRATIONS.run_to(1, &mut making).await.unwrap();
    query(
        "INSERT INTO fetches (id, at, last_at, times, mac, file, revision, head, source, agent, status, reason, \
         listener, tls, detail) VALUES (5, 1, 2, 3, '000000000007', 'phone', NULL, FALSE, NULL, NULL, 403, \
         'untrusted-network', '192.0.2.100:8443', TRUE, NULL)",
    )
    .execute(&mut making)
    .await
    .unwrap();
    making.close().await.unwrap();
}

#[test]
fn an_empty_file_and_one_of_the_first_version_are_taken_over() {
    let (empty, first) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::write(path(empty.path()), "").unwrap();
    wait(async {
        assert!(Reader::open(empty.path()).await.unwrap().is_none(), "there is nothing in it yet");
        first_version(&path(first.path())).await;
        for (folder, before) in [(&empty, 0), (&first, 1)] {
            let mut store = Store::open(&path(folder.path())).await.unwrap();
            store.write(&batch([fetch(10, 7)]), None).await.unwrap();
            let told = history(folder.path(), 7).await.fetches;
            assert_eq!(told.len(), 1 + before);
            assert!(told[1..].iter().all(|old| (old.times, old.status) == (3, 403)));
        }
    });
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    wait(async {
        let mut store = Store::open(&path(folder.path())).await.unwrap();
        query("INSERT INTO _sqlx_migrations SELECT 999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1")
            .execute(store.connection())
            .await
            .unwrap();
        store.close().await;
        let error = Store::open(&path(folder.path())).await.unwrap_err();
        assert_eq!(error.to_string(), "it was written by a newer version of offhook");
        assert!(!error.is_corrupt());
    });
}

#[test]
fn a_file_that_is_no_longer_the_same_is_noticed() {
    let folder = TempDir::new().unwrap();
    wait(async {
        let store = Store::open(&path(folder.path())).await.unwrap();
        assert!(store.is_there());
        std::fs::rename(path(folder.path()), folder.path().join("moved")).unwrap();
        assert!(!store.is_there());
        let other = Store::open(&path(folder.path())).await.unwrap();
        assert!(!store.is_there() && other.is_there());
    });
}

#[test]
fn the_last_three_broken_files_are_left_with_their_logs() {
    let folder = TempDir::new().unwrap();
    let path = path(folder.path());
    for second in 0..5_i64 {
        for ending in ["", "-wal", "-shm"] {
            std::fs::write(format!("{}{ending}", path.display()), format!("{second}{ending}")).unwrap();
        }
        set_aside(&path, 1_795_420_800_000 + second * 1000).unwrap();
    }
    let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| format!("{}: {}", path.file_name().unwrap().display(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    insta::assert_snapshot!(files.join("\n"), @"
    journal.sqlite.corrupt-20261123T080002Z-wal: 2-wal
    journal.sqlite.corrupt-20261123T080002Z: 2
    journal.sqlite.corrupt-20261123T080003Z-wal: 3-wal
    journal.sqlite.corrupt-20261123T080003Z: 3
    journal.sqlite.corrupt-20261123T080004Z-wal: 4-wal
    journal.sqlite.corrupt-20261123T080004Z: 4
    ");
}

#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    wait(async {
        let mut store = Store::open(&path(folder.path())).await.unwrap();
        store.write(&batch([fetch(0, 0)]), None).await.unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
        }
    });
}

#[test]
fn histories_and_cleaning_use_the_indices() {
    let folder = TempDir::new().unwrap();
    wait(async {
        let mut store = Store::open(&path(folder.path())).await.unwrap();
        for (statement, index) in [
            ("SELECT * FROM fetches WHERE mac = 'x' AND last_at >= 0 ORDER BY id DESC LIMIT 5", "fetches_of_phone"),
            ("SELECT * FROM changes WHERE mac = 'x' AND at >= 0 ORDER BY id DESC LIMIT 5", "changes_of_phone"),
            ("SELECT id FROM fetches WHERE at < 5 ORDER BY at LIMIT 5", "fetches_by_time"),
            ("SELECT MIN(at) FROM fetches", "fetches_by_time"),
        ] {
            let plan = query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
            let plan = plan.fetch_all(store.connection()).await.unwrap();
            let plan: String = plan.iter().map(|row| row.get::<String, _>("detail") + "; ").collect();
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{statement}: {plan}");
        }
    });
}
