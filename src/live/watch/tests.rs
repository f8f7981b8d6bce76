use std::io;

use notify::event::Flag;
use notify::{Error, ErrorKind, EventKind};

use super::*;

#[path = "../../../tests/common/log.rs"]
mod log;

use log::Log;

const LINE: &str = "sites/a/lines/201.toml";

/// A watch without events, so that only what a test tells it is known.
fn deaf() -> (tempfile::TempDir, Following) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("sites/a/lines")).unwrap();
    std::fs::write(folder.path().join("fleet.toml"), "schema = 1\n").unwrap();
    std::fs::write(folder.path().join("sites/a/site.toml"), "").unwrap();
    let live = Arc::new(Live::load(folder.path()));
    let mut following = Following::new(live, folder.path().to_owned(), Vec::new(), channel().0);
    following.watcher = None;
    following.step(Instant::now());
    assert_eq!(lines(&following), 0);
    std::fs::write(folder.path().join(LINE), "display_name = \"Late\"\n").unwrap();
    // So old that nobody writes it any more.
    std::thread::sleep(Duration::from_millis(30));
    (folder, following)
}

fn lines(following: &Following) -> usize {
    following.live.now().world.counts().1
}

fn lost() -> notify::Result<Event> {
    Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan))
}

#[test]
fn a_queue_that_overflows_makes_everything_be_looked_at() {
    let (_folder, mut following) = deaf();
    following.note(lost());
    following.step(Instant::now() + PAUSE);
    assert_eq!(lines(&following), 1);
}

#[test]
fn looking_does_not_lead_to_more_looking_without_a_pause() {
    let (folder, mut following) = deaf();
    following.note(lost());
    let looked = Instant::now() + PAUSE;
    following.step(looked);
    std::fs::remove_file(folder.path().join(LINE)).unwrap();
    following.note(lost());
    following.step(Instant::now());
    assert_eq!(following.settling.removed().count(), 0, "looked again at once");
    following.step(looked + PAUSE);
    assert_eq!(following.settling.removed().count(), 1);
}

#[test]
fn what_no_event_tells_is_found_once_a_minute() {
    let (_folder, mut following) = deaf();
    following.step(Instant::now() + LOOK / 2);
    assert_eq!(lines(&following), 0);
    following.step(Instant::now() + LOOK);
    assert_eq!(lines(&following), 1);
}

#[test]
fn a_limit_of_the_system_is_told_with_what_to_do_and_edits_are_served_later() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber(tracing::Level::INFO));
    let (_folder, mut following) = deaf();
    following.note(Err(Error::new(ErrorKind::MaxFilesWatch)));
    following.note(Err(Error::new(ErrorKind::MaxFilesWatch)));
    following.step(Instant::now() + LOOK_BLIND);
    assert_eq!(lines(&following), 1);
    let log = log.text();
    assert_eq!(
        log.matches("cannot be watched, and is looked at every 5 s: the system's limit of watched folders").count(),
        1
    );
    assert!(log.contains("hint: raise the limit: `sysctl fs.inotify.max_user_watches=524288`"), "{log}");
    let too_many = Error::io(io::Error::from_raw_os_error(24));
    assert_eq!(hint(&too_many), Some("raise the limit: `sysctl fs.inotify.max_user_instances=512`"));
}
