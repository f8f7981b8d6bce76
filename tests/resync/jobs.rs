//! Jobs within a server: what is told of them, how they end, and what they keep.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use offhook::catalogue::Verb;
use offhook::fleet::Keeping;
use offhook::journal::{Fetch, Journal, now_ms};
use offhook::phone::Mac;
use offhook::resync::{
    Asking, Event, JobFigures, JobPhones, JobState, JobView, MAX_RUNNING, Options, Outcome, Pace, Progress, StartError,
    Transport, Wanted, Way, plan,
};
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio_stream::StreamExt;

use super::common::serving;
use super::house::{House, told, wanted};
use super::many::{fleet, mac, registrar};
use super::{fast, wait};

fn macs(count: usize) -> Vec<Mac> {
    (0..count).map(mac).collect()
}

/// A house with so many phones, whose registrar does what it likes with packets.
async fn house(count: usize, asking: Asking) -> (House, UdpSocket, Arc<Mutex<Vec<Mac>>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let asked: Arc<Mutex<Vec<Mac>>> = Arc::default();
    let board = asked.clone();
    let hook = Arc::new(move |mac| board.lock().unwrap().push(mac));
    let house = House::open(fleet(count, socket.local_addr().unwrap()), asking, hook).await;
    (house, socket, asked)
}

/// Waits until a job is as it should be; 30 seconds at the most.
async fn until(house: &House, job: u64, is: impl Fn(&JobView) -> bool) -> JobView {
    let begin = Instant::now();
    loop {
        let view = house.jobs.get(job).unwrap().job;
        if is(&view) {
            return view;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{view:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A job and its phones, a line for each, without times.
fn shown(job: &JobPhones) -> String {
    let line = |value: serde_json::Result<String>| value.unwrap();
    let phones = job.phones.iter().map(|phone| line(serde_json::to_string(phone)));
    let text: Vec<String> = std::iter::once(line(serde_json::to_string(&job.job))).chain(phones).collect();
    let varies = r#""(slowest|began|ended|median_ms|after_ms|revision)":(\{.*?\}|".*?"|\d+)"#;
    regex::Regex::new(varies).unwrap().replace_all(&text.join("\n"), "\"$1\":…").into_owned()
}

#[test]
fn a_job_tells_who_came_back_and_who_did_not() {
    wait(async {
        let (house, socket, asked) = house(4, fast(Duration::from_millis(500))).await;
        let house = Arc::new(house);
        let phones = house.clone();
        // The second takes the request and does nothing; of the third nothing is heard.
        tokio::spawn(registrar(socket, move |number| drop(tokio::spawn(phones.boots(mac(number))))));
        let all = macs(4);
        let wanted = Wanted { wait: Duration::from_secs(3), ..wanted(&[&all[..], &all[..2]].concat()) };
        let job = house.jobs.start(wanted).unwrap();
        let mut heard: Vec<String> = house.heard(job).await.iter().map(told).collect();
        assert_eq!(heard.first().map(String::as_str), Some("snapshot"));
        assert_eq!(heard.last().map(String::as_str), Some("ended"));
        heard.sort();
        assert_snapshot!(heard.join("\n"), @"
        001565010000 asked
        001565010000 came-back
        001565010001 asked
        001565010001 never-came
        001565010002 asked
        001565010002 no-answer
        001565010003 asked
        001565010003 came-back
        ended
        snapshot
        ");
        let mut asked = asked.lock().unwrap().clone();
        asked.sort_unstable();
        assert_eq!(asked, all);
        // Who comes late misses nothing.
        let late = house.heard(job).await;
        let [Event::Snapshot(all), Event::Ended(end)] = late.as_slice() else { panic!("{late:?}") };
        assert_eq!(all.job, **end);
        assert_snapshot!(shown(all), @r#"
        {"id":1,"who":"anna","verb":"resync","way":"registrar","state":"done","began":…,"ended":…,"summary":{"phones":4,"waiting":0,"asked":0,"came_back":2,"median_ms":…,"slowest":…,"never_came":1,"no_answer":1,"refused":0,"not_asked":0,"given_up":0,"cannot_be_asked":0,"in_another_job":0}}
        {"mac":"001565010000","site":"a","progress":"ended","outcome":"came-back","after_ms":…,"file":"phone","revision":…}
        {"mac":"001565010001","site":"b","progress":"ended","outcome":"never-came"}
        {"mac":"001565010002","site":"a","progress":"ended","outcome":"no-answer","why":"did not answer"}
        {"mac":"001565010003","site":"b","progress":"ended","outcome":"came-back","after_ms":…,"file":"phone","revision":…}
        "#);
        assert_eq!(house.jobs.list(), [end.as_ref().clone()]);
    });
}

#[test]
fn what_a_job_did_stands_in_the_journal() {
    wait(async {
        let (house, socket, _) = house(1, fast(Duration::from_millis(300))).await;
        drop(socket);
        let job = house.start(&macs(1));
        until(&house, job, |job| job.state == JobState::Done).await;
        assert_snapshot!(house.changes(mac(0)).await.join("\n"), @"anna resync: 1 phone: 0 came back, 1 did not answer");
    });
}

#[test]
fn a_phone_is_in_one_job_at_a_time() {
    wait(async {
        let (house, _socket, _) = house(3, fast(Duration::from_secs(30))).await;
        let first = house.start(&macs(2));
        let second = house.start(&macs(3));
        let phones = house.jobs.get(second).unwrap().phones;
        let elsewhere = Progress::Ended(Outcome::InAnotherJob { job: first });
        assert_eq!(phones.iter().map(|phone| phone.progress == elsewhere).collect::<Vec<_>>(), [true, true, false]);
        for _ in 0..2 {
            house.jobs.stop(first);
        }
        until(&house, first, |job| job.ended.is_some()).await;
        assert!(!house.jobs.has(mac(0)) && house.jobs.has(mac(2)));
        let third = house.start(&macs(2));
        until(&house, third, |job| job.summary.asked == 2).await;
    });
}

#[test]
fn a_job_that_is_stopped_waits_for_those_that_are_out_and_then_for_nobody() {
    wait(async {
        let (house, _socket, _) = house(10, fast(Duration::from_secs(30))).await;
        let pace = Pace { wave: 2, ..wanted(&[]).pace };
        let job = house.jobs.start(Wanted { pace, ..wanted(&macs(10)) }).unwrap();
        until(&house, job, |job| job.summary.asked == 2).await;
        assert_eq!(house.jobs.stop(job).unwrap().state, JobState::Stopping);
        // One of the two comes all the same.
        house.boots(mac(0)).await;
        let view = until(&house, job, |job| job.summary.came_back == 1).await;
        assert_eq!((view.state, view.summary.asked, view.summary.waiting), (JobState::Stopping, 1, 8));
        house.jobs.stop(job);
        let view = until(&house, job, |job| job.ended.is_some()).await;
        assert_eq!(view.state, JobState::Stopped);
        let figures = view.summary.to_string();
        let time = regex::Regex::new("[0-9.]+ s").unwrap();
        assert_eq!(
            time.replace(&figures, "N s"),
            "10 phones: 1 came back (median N s), 8 not asked any more, 1 not waited for"
        );
        assert_eq!(house.jobs.stop(job), Some(view), "what has ended stays as it is");
        assert_eq!(house.jobs.stop(99), None);
    });
}

#[test]
fn the_end_of_the_server_waits_for_no_phone() {
    wait(async {
        let (house, _socket, _) = house(10, fast(Duration::from_secs(30))).await;
        let job = house.start(&macs(10));
        let events = house.jobs.events(job).unwrap();
        until(&house, job, |job| job.summary.asked == 10).await;
        let begin = Instant::now();
        house.jobs.close().await;
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
        let heard: Vec<Event> = events.collect().await;
        assert!(matches!(heard.last(), Some(Event::Ended(job)) if job.state == JobState::Stopped), "{heard:?}");
        assert_eq!(house.jobs.start(wanted(&macs(1))), Err(StartError::Stopping));
    });
}

#[test]
fn so_many_jobs_run_and_so_many_are_kept() {
    wait(async {
        let (house, _socket, _) = house(MAX_RUNNING + 1, fast(Duration::from_secs(30))).await;
        let running: Vec<u64> = (0..MAX_RUNNING).map(|number| house.start(&[mac(number)])).collect();
        let refused = house.jobs.start(wanted(&[mac(MAX_RUNNING)])).unwrap_err().to_string();
        assert_eq!(refused, "16 jobs run already, and no more may at once: wait for one, or stop it");
        assert!(!house.jobs.has(mac(MAX_RUNNING)), "who is refused keeps nobody");
        for job in &running[1..] {
            house.jobs.stop(*job);
            house.jobs.stop(*job);
            until(&house, *job, |job| job.ended.is_some()).await;
        }
        for _ in 0..120 {
            let job = house.start(&[]);
            until(&house, job, |job| job.state == JobState::Done).await;
        }
        let list = house.jobs.list();
        assert_eq!(list.len(), 101);
        assert_eq!((list[0].id, list[99].id, list[100].id), (136, 37, running[0]), "what runs is never forgotten");
        let JobFigures { running, ended, phones } = house.jobs.figures();
        assert_eq!(running, 1);
        assert_eq!(ended, [("done", 120), ("stopped-itself", 0), ("stopped", 15), ("failed", 0)], "forgotten ones too");
        // Some may be stopped before their phone is asked.
        let count = |outcome| phones.iter().find(|(name, _)| *name == outcome).map_or(0, |(_, count)| *count);
        assert_eq!(count("given-up") + count("not-asked"), 15, "{phones:?}");
    });
}

#[test]
fn the_phones_of_old_jobs_are_forgotten_before_the_jobs() {
    wait(async {
        let (house, ..) = house(1, fast(Duration::from_secs(1))).await;
        // MACs that no fleet has: each is told as one that cannot be asked.
        let many: Vec<Mac> = (0..110_000_u32).map(|n| format!("02{n:010x}").parse().unwrap()).collect();
        let mut jobs = Vec::new();
        for _ in 0..2 {
            let job = house.start(&many);
            until(&house, job, |job| job.ended.is_some()).await;
            jobs.push(house.jobs.get(job).unwrap());
        }
        assert!(jobs.iter().all(|job| job.phones.len() == many.len() && job.job.summary.cannot_be_asked == many.len()));
        let former = house.jobs.get(1).unwrap();
        assert_eq!((former.job, former.phones.len()), (jobs[0].job.clone(), 0));
    });
}

#[test]
fn who_listens_slowly_holds_nobody_and_misses_nothing() {
    wait(async {
        let (house, ..) = house(1, fast(Duration::from_secs(1))).await;
        let many: Vec<Mac> = (0..20_000_u32).map(|n| format!("02{n:010x}").parse().unwrap()).collect();
        let job = house.start(&many);
        let mut slow = house.jobs.events(job).unwrap();
        let first = slow.next().await;
        until(&house, job, |job| job.ended.is_some()).await;
        let rest: Vec<Event> = slow.collect().await;
        let mut phones = std::collections::BTreeMap::new();
        for event in first.iter().chain(&rest) {
            match event {
                Event::Snapshot(all) => phones = all.phones.iter().map(|one| (one.mac, one.clone())).collect(),
                Event::Phone(phone) => drop(phones.insert(phone.mac, phone.clone())),
                Event::Ended(_) => {}
            }
        }
        assert!(rest.len() < 3_000, "a snapshot stands for what was missed: {}", rest.len());
        assert!(matches!(rest.last(), Some(Event::Ended(_))));
        assert_eq!(phones.into_values().collect::<Vec<_>>(), house.jobs.get(job).unwrap().phones);
    });
}

#[test]
fn a_job_without_a_journal_is_not_begun() {
    wait(async {
        let folder = fleet(1, "192.0.2.1:5060".parse().unwrap());
        std::fs::write(folder.path().join("fleet/fleet.toml"), "schema = 1\n[journal]\nenabled = false\n").unwrap();
        let house = House::open(folder, fast(Duration::from_secs(1)), Arc::new(|_| ())).await;
        let refused = house.jobs.start(wanted(&macs(1))).unwrap_err().to_string();
        assert!(refused.starts_with("no journal is kept, so nobody would know who came back"), "{refused}");
    });
}

/// What a peer says to a NOTIFY: the headers that an answer repeats stand in `echo`.
fn said(number: usize, echo: &str) -> Vec<String> {
    let ok = format!("SIP/2.0 200 OK\r\n{echo}Content-Length: 0\r\n\r\n");
    match number {
        0 => vec!["\0\u{7f}".into(), "HTTP/1.1 200 OK\r\n\r\n".into()],
        1 => vec![ok.clone(), ok.clone(), ok],
        2 => vec![format!("SIP/2.0 99 Odd\r\n{echo}\r\n"), ok],
        3 => vec![format!("SIP/2.0 100 Trying\r\n{echo}Content-Length: 0\r\n\r\n")],
        4 => vec![format!("SIP/2.0 486 Busy Here\r\n{echo}\r\n"), ok],
        _ => Vec::new(),
    }
}

#[test]
fn peers_that_answer_nonsense_twice_or_never_keep_nobody() {
    wait(async {
        let (house, socket, _) = house(6, fast(Duration::from_secs(2))).await;
        tokio::spawn(async move {
            let mut packet = [0; 4096];
            loop {
                let (length, from) = socket.recv_from(&mut packet).await.unwrap();
                let text = String::from_utf8_lossy(&packet[..length]).into_owned();
                let number: usize = text.split(['@', ':']).nth(1).unwrap().parse().unwrap();
                let names = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
                let echo = text.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
                for answer in said(number, &echo.map(|line| format!("{line}\r\n")).collect::<String>()) {
                    socket.send_to(answer.as_bytes(), from).await.unwrap();
                }
            }
        });
        let job = house.jobs.start(Wanted { wait: Duration::from_secs(3), ..wanted(&macs(6)) }).unwrap();
        until(&house, job, |job| job.ended.is_some()).await;
        let phones = house.jobs.get(job).unwrap().phones;
        let outcomes = phones.iter().map(|phone| serde_json::to_string(&phone.progress).unwrap());
        assert_snapshot!(outcomes.collect::<Vec<_>>().join("\n"), @r#"
        {"progress":"ended","outcome":"no-answer","why":"answered nonsense: it begins with `HTTP/1.1 200 OK`"}
        {"progress":"ended","outcome":"never-came"}
        {"progress":"ended","outcome":"never-came"}
        {"progress":"ended","outcome":"no-answer","why":"did not answer"}
        {"progress":"ended","outcome":"refused","code":486,"why":"Busy Here"}
        {"progress":"ended","outcome":"no-answer","why":"did not answer"}
        "#);
    });
}

#[test]
fn few_sockets_keep_phones_waiting_and_lose_none() {
    wait(async {
        let sockets = Arc::new(Semaphore::new(2));
        let asking = Asking { sockets, ..fast(Duration::from_millis(200)) };
        let (house, _socket, _) = house(9, asking).await;
        let job = house.jobs.start(Wanted { wait: Duration::from_millis(200), ..wanted(&macs(9)) }).unwrap();
        let view = until(&house, job, |job| job.ended.is_some()).await;
        assert_eq!(view.summary.to_string(), "9 phones: 0 came back, 9 did not answer");
    });
}

/// A house in which one phone is asked at a time, and nobody answers.
async fn narrow_house(count: usize) -> (House, UdpSocket, Arc<Mutex<Vec<Mac>>>) {
    let sockets = Arc::new(Semaphore::new(1));
    house(count, Asking { sockets, ..fast(Duration::from_secs(2)) }).await
}

#[test]
fn the_time_of_a_phone_begins_when_it_is_asked() {
    wait(async {
        let (house, _socket, asked) = narrow_house(2).await;
        let job = house.jobs.start(Wanted { wait: Duration::from_secs(3), ..wanted(&macs(2)) }).unwrap();
        let view = until(&house, job, |job| job.summary.asked == 1).await;
        assert_eq!(view.summary.waiting, 1);
        let [first] = asked.lock().unwrap()[..] else { panic!("{asked:?}") };
        // The other one fetches for reasons of its own while it waits for its turn.
        house.boots(if first == mac(0) { mac(1) } else { mac(0) }).await;
        assert_eq!(*asked.lock().unwrap(), [first]);
        let view = until(&house, job, |job| job.ended.is_some()).await;
        assert_eq!(view.summary.to_string(), "2 phones: 0 came back, 2 did not answer");
        assert_eq!(asked.lock().unwrap().len(), 2);
    });
}

#[test]
fn whose_turn_has_come_is_not_asked_after_a_stop() {
    wait(async {
        let (house, _socket, asked) = narrow_house(3).await;
        let job = house.start(&macs(3));
        until(&house, job, |job| job.summary.asked == 1).await;
        house.jobs.stop(job);
        let view = until(&house, job, |job| job.summary.not_asked == 2).await;
        assert_eq!((view.state, view.summary.asked), (JobState::Stopping, 1));
        house.jobs.stop(job);
        let view = until(&house, job, |job| job.ended.is_some()).await;
        assert_eq!((view.state, view.summary.given_up), (JobState::Stopped, 1));
        assert_eq!(asked.lock().unwrap().len(), 1);
    });
}

#[test]
fn who_restarts_before_it_answers_has_come_back() {
    wait(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (house, ..) = house(1, fast(Duration::from_secs(5))).await;
        let hop = super::hop(listener.local_addr().unwrap().port(), Transport::Tcp);
        let pace = Pace { canary: 1, ..wanted(&[]).pace };
        let wanted = Wanted { way: Way::At(hop), pace, ..wanted(&macs(1)) };
        let job = house.jobs.start(wanted).unwrap();
        let (mut phone, _) = listener.accept().await.unwrap();
        assert!(tokio::io::AsyncReadExt::read(&mut phone, &mut [0; 4096]).await.unwrap() > 0);
        drop(phone);
        // It takes a while to start.
        tokio::time::sleep(Duration::from_millis(600)).await;
        house.boots(mac(0)).await;
        let view = until(&house, job, |job| job.ended.is_some()).await;
        assert_eq!(view.summary.came_back, 1, "{}", view.summary);
    });
}

#[test]
fn a_journal_that_was_replaced_during_a_job_is_read() {
    wait(async {
        let (house, _socket, _) = house(2, fast(Duration::from_secs(30))).await;
        let job = house.start(&macs(2));
        until(&house, job, |job| job.summary.asked == 2).await;
        house.boots(mac(0)).await;
        until(&house, job, |job| job.summary.came_back == 1).await;
        let aside = |ending: &str| {
            let file = house.state.join(format!("journal.sqlite{ending}"));
            let _ = std::fs::rename(&file, file.with_extension(format!("aside{ending}")));
        };
        ["", "-wal", "-shm"].into_iter().for_each(aside);
        // As a server writes it that has begun a new one.
        let journal = Journal::open(&house.state, Keeping::default).unwrap();
        journal.fetched(Fetch {
            mac: Some(mac(1)),
            known: true,
            file: Some("phone".into()),
            revision: Some("r".into()),
            status: 200,
            reason: None,
            ..Fetch::handshake(now_ms(), [127, 0, 0, 1].into(), "")
        });
        until(&house, job, |job| job.summary.came_back == 2).await;
    });
}

#[test]
fn the_firmware_that_a_phone_told_last_counts() {
    let folder = fleet(1, "192.0.2.1:5060".parse().unwrap());
    let serving = Arc::new(serving(&folder.path().join("fleet")));
    let unasked = |firmware: &[(Mac, &str)]| {
        let firmware = Arc::new(firmware.iter().map(|(mac, told)| (*mac, (*told).into())).collect());
        let plan = plan(&serving, macs(1), Verb::Resync, Way::Registrar, &firmware, folder.path());
        wait(plan).unwrap().unasked.into_iter().map(|(_, why)| why.to_string()).collect::<Vec<_>>().concat()
    };
    assert_eq!(unasked(&[]), "");
    let why = unasked(&[(mac(0), "66.60.0.5")]);
    assert!(why.contains("it reads sections of another kind"), "{why}");
}

#[test]
fn it_is_said_which_phones_are_meant() {
    let folder = fleet(4, "192.0.2.1:5060".parse().unwrap());
    // One without a good version is of its site all the same.
    std::fs::write(folder.path().join("fleet/sites/b/phones/001565010005.toml"), "model = \"none\"\n").unwrap();
    let serving = serving(&folder.path().join("fleet"));
    let meant = |text: &str| {
        let options: Options = serde_json::from_str(text).unwrap();
        match options.macs(&serving.world) {
            Ok(macs) => macs.iter().map(|mac| mac.to_string()[8..].to_owned()).collect::<Vec<_>>().join(" "),
            Err(error) => [Some(error.to_string()), error.hint()].into_iter().flatten().collect::<Vec<_>>().join("; "),
        }
    };
    for (text, wanted) in [
        (r#"{ "all": true }"#, "0000 0001 0002 0003 0005"),
        (r#"{ "behind": true }"#, "0000 0001 0002 0003 0005"),
        (r#"{ "site": "b" }"#, "0001 0003 0005"),
        (r#"{ "site": "a" }"#, "0000 0002"),
        (r#"{ "macs": ["00:15:65:01:00:03", "001565010001", "001565010003"] }"#, "0001 0003"),
        (r#"{ "macs": ["001565010001"], "to": "192.0.2.7" }"#, "0001"),
        ("{}", "it is not said which phones: `macs`, `site`, `all` or `behind` was expected"),
        (r#"{ "site": "a", "all": true }"#, "`macs`, `site` and `all` exclude each other"),
        (r#"{ "site": "aa" }"#, "the site `aa` does not exist; did you mean `a`?"),
        (r#"{ "macs": ["001565010009"] }"#, "no phone `001565010009` is stored"),
        (r#"{ "all": true, "to": "192.0.2.7" }"#, "`to` is the address of one phone, and 5 are named"),
        (r#"{ "all": true, "direct": true, "to": "192.0.2.7" }"#, "`direct` and `to` exclude each other"),
    ] {
        assert_eq!(meant(text), wanted, "{text}");
    }
}
