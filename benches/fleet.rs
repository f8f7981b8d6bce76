//! A fleet of many phones from files: how long it takes to load, to check, and to serve an edit, and what memory it needs.
//!
//! `cargo bench --bench fleet -- 100000` prints a table, with `writes` behind it only what writes by the API take. The fleet is made in the system's folder for temporary files:
//! 12 keys on average, 5 % of the phones with two modules of 40 keys, three families, sites of 100 phones.

#[path = "fleet/writes.rs"]
mod writes;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook::board::{Board, Change, Filter, State};
use offhook::check::check;
use offhook::effect::effect;
use offhook::fleet::{Entity, Keeping};
use offhook::journal::Journal;
use offhook::live::{Live, Loader, Serving, watch};
use offhook::phone::Mac;
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use offhook::server::tokens::Tokens;
use offhook::server::{Answer, Asked, Method, Reply};

fn main() {
    let wanted = std::env::args().filter_map(|argument| argument.parse().ok()).next();
    let phones: usize = wanted.unwrap_or(10_000);
    let folder = tempfile::tempdir().expect("the system's folder for temporary files can be written");
    let began = Instant::now();
    generate(folder.path(), phones);
    println!("made {phones} phones and {phones} lines in {:.1} s", began.elapsed().as_secs_f64());
    if std::env::args().any(|argument| argument == "writes") {
        let live = Arc::new(Live::load(folder.path()));
        writes::by_parts(folder.path(), &live);
        drop(live);
        return writes::over_the_wire(folder.path());
    }

    let before = resident_mib();
    let began = Instant::now();
    let live = Arc::new(Live::load(folder.path()));
    row("start from files, warm page cache", began.elapsed());
    println!("{:<44} {:>9} MiB (of it {before} before)", "resident after the start", resident_mib());

    storm(&live);
    edit_to_served(folder.path(), &live);
    writes::by_parts(folder.path(), &live);
    states(folder.path(), &live);
    drop(live);
    writes::over_the_wire(folder.path());

    let mut loader = Loader::new(folder.path());
    let serving = loader.load();
    let began = Instant::now();
    let findings = check(&serving);
    row("check of every phone", began.elapsed());
    println!("{:<44} {:>9}", "findings", findings.len());
    drop(findings);
    effects(&loader, &serving);
}

/// What an edit does to phones: of a default that all have, and of one line.
fn effects(loader: &Loader, serving: &Serving) {
    let default = "schema = 1\n[settings]\nlanguage = \"fr\"\n".to_owned();
    let line = line(0, 100_001, true);
    let edits = [("default", Entity::Root, default), ("line", Entity::Line("s0".into(), "100000".into()), line)];
    for (what, entity, text) in edits {
        let after = loader.with_texts(serving, &[(entity, text)]);
        let began = Instant::now();
        let found = effect(serving, &after, || ());
        row(&format!("effect of an edited {what}"), began.elapsed());
        println!("{:<44} {:>9} in {} groups", "phones that change", found.affected, found.groups.len());
    }
}

fn row(what: &str, took: Duration) {
    println!("{what:<44} {:>9.3} s", took.as_secs_f64());
}

/// Phones that ask one after the other for what they have, by themselves, with a journal, and with the board of their
/// states: what that costs a request, and what the processors of the whole process do meanwhile, other threads included.
fn storm(live: &Arc<Live>) {
    const ROUNDS: u32 = 20;
    let targets: Vec<String> = live.now().world.macs().take(10_000).map(|mac| format!("/{mac}.cfg")).collect();
    let requests = ROUNDS * targets.len() as u32;
    let state = tempfile::tempdir().expect("the system's folder for temporary files can be written");
    for (what, with_journal, with_board) in
        [("by itself", false, false), ("with the journal", true, false), ("with the board", false, true)]
    {
        let (ledger, tokens) = (Arc::new(Ledger::in_memory()), Arc::new(Tokens::in_memory()));
        let mut phones =
            Phones::new(live.clone(), Cache::new(MAX_CACHE_BYTES), RevisionKey::fixed(), ledger.clone(), Vec::new());
        let journal = Arc::new(Journal::open(state.path(), Keeping::default).expect("a thread can be started"));
        if with_journal {
            phones = phones.with_journal(journal.clone());
        }
        if with_board {
            let board =
                Board::start(live.clone(), ledger, tokens, RevisionKey::fixed()).expect("a thread can be started");
            settled(&board);
            phones = phones.with_onlooker(board);
        }
        targets.iter().for_each(|target| drop(ask(&phones, target)));
        let (began, busy) = (Instant::now(), processors());
        (0..ROUNDS).for_each(|_| targets.iter().for_each(|target| drop(ask(&phones, target))));
        let took = began.elapsed() / requests;
        journal.close();
        let busy = (processors() - busy) / requests;
        println!("a request {what:<34} {:>9.3} us", took.as_secs_f64() * 1e6);
        println!("a request {what}, of all processors {:>14.3} us", busy.as_secs_f64() * 1e6);
    }
    let bytes = fs::metadata(offhook::journal::path(state.path())).map_or(0, |file| file.len());
    println!("{:<44} {:>9} KiB for {} requests", "the journal", bytes / 1024, requests + targets.len() as u32);
}

/// What the processors have done for this process, from `/proc`, in steps of 10 ms.
fn processors() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// From the last write of an edited file to the first answer with the new bytes: a line, and the template of the family
/// with most models.
fn edit_to_served(root: &Path, live: &Arc<Live>) {
    let phones =
        Phones::new(live.clone(), Cache::new(MAX_CACHE_BYTES), RevisionKey::fixed(), Ledger::in_memory(), Vec::new());
    let watching = watch(live.clone(), root, Vec::new()).expect("the folder can be watched");
    let mac = Mac::from_bytes([0, 0x15, 0x65, 0, 0, 0]);
    let target = format!("/{mac}.cfg");
    let line = root.join("sites/s0/lines/100000.toml");
    let text = fs::read_to_string(&line).expect("the line was generated");
    edits(("edit to served", 20, Duration::ZERO), &line, &phones, &target, |mark| {
        text.replace("label = \"K1\"", &format!("label = \"{mark}\""))
    });
    let template = root.join("overrides/templates/yealink/phone.cfg");
    fs::create_dir_all(template.parent().expect("it has one")).expect("the folder can be made");
    // A new folder is looked at when it has settled.
    std::thread::sleep(Duration::from_secs(1));
    let shipped = fs::read_to_string("templates/yealink/phone.cfg").expect("the benchmark runs in the crate's folder");
    edits(("edited template to served", 10, Duration::from_secs(3)), &template, &phones, &target, |mark| {
        format!("{shipped}\n# {mark}\n")
    });
    drop(watching);
}

/// The board: what it needs, how long a look at every phone takes in the background, and when an edit is known meanwhile
/// and afterwards. Every phone has got something long ago, so each is rendered.
fn states(root: &Path, live: &Arc<Live>) {
    let world = &live.now().world;
    for (what, entity) in [("line", Entity::Line("s0".into(), "100000".into())), ("site", Entity::Site("s0".into()))] {
        let began = Instant::now();
        let found = (0..100).map(|_| world.phones_using(&entity).len()).max();
        println!("{:<44} {:>9.3} us for {found:?}", format!("phones of a {what}"), began.elapsed().as_secs_f64() * 1e4);
    }
    let (ledger, tokens) = (Arc::new(Ledger::in_memory()), Arc::new(Tokens::in_memory()));
    for mac in world.macs() {
        ledger.served(mac, &"phone".into(), &"0".repeat(32), 0);
    }
    let (before, busy, began) = (resident_mib(), processors(), Instant::now());
    let watching = watch(live.clone(), root, Vec::new()).expect("the folder can be watched");
    let board = Board::start(live.clone(), ledger, tokens, RevisionKey::fixed()).expect("a thread can be started");
    std::thread::sleep(Duration::from_secs(1));
    println!("{:<44} {:>9} MiB (of it {before} before)", "resident with the board", resident_mib());
    for what in ["while every phone is looked at", "when nothing else is to do"] {
        let (line, mut changes) = (root.join("sites/s0/lines/100000.toml"), board.changes());
        let text = fs::read_to_string(&line).expect("the line was generated");
        fs::write(&line, text.replace("display_name = \"", "display_name = \"A")).expect("it can be written");
        let written = Instant::now();
        // Both are told: that it is being looked at, and what came of it.
        let is_first = |change: &Change| change.mac == Mac::from_bytes([0, 0x15, 0x65, 0, 0, 0]);
        let is_known = |state: Option<State>| state.is_some_and(|state| state != State::Checking);
        while !changes.try_recv().is_ok_and(|change| is_first(&change) && is_known(change.state)) {
            std::thread::yield_now();
        }
        row(&format!("edit to known, {what}"), written.elapsed());
        settled(&board);
        if what.starts_with("while") {
            row("a look at every phone", began.elapsed());
            row("… of processors", processors() - busy);
            println!("{:<44} {:>9} MiB", "resident afterwards", resident_mib());
        }
    }
    println!("{}", board.counts(&Filter::default()));
    let began = Instant::now();
    println!("{:<44} {:>9}", "phones that are told", board.all(&Filter::default()).len());
    row("telling all phones", began.elapsed());
    drop(watching);
}

fn settled(board: &Board) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be started");
    runtime.block_on(board.settled());
}

fn edits(
    (what, turns, pause): (&str, usize, Duration),
    file: &Path,
    phones: &Phones,
    target: &str,
    text: impl Fn(&str) -> String,
) {
    let mut times = Vec::new();
    for turn in 0..turns {
        let mark = format!("Edit {turn}");
        // The next edit comes when the one before is told and proven, as a person's does.
        std::thread::sleep(pause);
        fs::write(file, text(&mark)).expect("the file can be written");
        let written = Instant::now();
        while !serves(phones, target, &mark) {
            assert!(written.elapsed() < Duration::from_secs(10), "the edit is never served");
            std::thread::sleep(Duration::from_micros(500));
        }
        times.push(written.elapsed());
    }
    times.sort();
    row(&format!("{what}, median of {turns}"), times[times.len() / 2]);
    row(&format!("{what}, slowest of {turns}"), times[times.len() - 1]);
}

fn serves(phones: &Phones, target: &str, mark: &str) -> bool {
    String::from_utf8_lossy(&ask(phones, target).body).contains(mark)
}

fn ask(phones: &Phones, target: &str) -> Reply {
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let asked = Asked {
        method: &Method::GET,
        target,
        user_agent: Some("Yealink SIP-T46S 66.86.0.15"),
        authorization: None,
        if_none_match: None,
        peer: here,
        local: here,
        listener: 0,
        tls: true,
        forwarded: false,
        certificates: &[],
    };
    phones.answer(&asked)
}

/// Resident memory of this process, from `/proc`.
fn resident_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or_default() / 1024
}

fn generate(root: &Path, phones: usize) {
    const MODELS: [(&str, [u8; 3]); 4] = [
        ("yealink-t46s", [0x00, 0x15, 0x65]),
        ("yealink-t54w", [0x80, 0x5e, 0xc0]),
        ("cisco-spa509g", [0x00, 0x1d, 0xe5]),
        ("gigaset-maxwell3", [0x7c, 0x2f, 0x80]),
    ];
    fs::create_dir_all(root).expect("the folder can be made");
    fs::write(root.join("fleet.toml"), "schema = 1\n[settings]\nlanguage = \"en\"\n").expect("it can be written");
    for n in 0..phones {
        let site = root.join(format!("sites/s{}", n / 100));
        if n % 100 == 0 {
            fs::create_dir_all(site.join("lines")).expect("the folder can be made");
            fs::create_dir_all(site.join("phones")).expect("the folder can be made");
            let text = "feature_codes = \"ovh\"\n[sip]\nserver = \"sip.example.org\"\n[trust]\nnetworks = [\"192.0.2.0/24\"]\n";
            fs::write(site.join("site.toml"), text).expect("it can be written");
        }
        let (model, prefix) = MODELS[n % MODELS.len()];
        let with_modules = n % 20 == 0;
        let name = 100_000 + n;
        fs::write(site.join(format!("lines/{name}.toml")), line(n, name, with_modules)).expect("it can be written");
        let mac = Mac::from_bytes([prefix[0], prefix[1], prefix[2], (n >> 16) as u8, (n >> 8) as u8, n as u8]);
        let modules = if with_modules { "modules = 2\n" } else { "" };
        let phone = format!("model = \"{model}\"\nlines = [\"{name}\"]\n{modules}");
        fs::write(site.join(format!("phones/{mac}.toml")), phone).expect("it can be written");
    }
}

fn line(n: usize, name: usize, with_modules: bool) -> String {
    let sibling = 100_000 + n - n % 100;
    let mut text = format!("display_name = \"Desk {name}\"\n[sip]\npassword = \"p{name}x{}\"\n", n * 7919);
    let mut key = |place: String, k: usize| {
        let _ = match k % 3 {
            0 => writeln!(text, "[{place}]\nfunction = \"dial\"\nnumber = \"00339721{name}\"\nlabel = \"K{k}\""),
            1 => writeln!(
                text,
                "[{place}]\nfunction = \"supervise\"\nnumber = \"{}\"\nlabel = \"K{k}\"",
                sibling + k % 50
            ),
            _ => writeln!(text, "[{place}]\nfunction = \"do_not_disturb\"\nlabel = \"K{k}\""),
        };
    };
    // 8 keys on every phone, and 80 module keys on one in twenty: 12 on average.
    for k in 1..=8 {
        key(format!("keys.{k}"), k);
    }
    if with_modules {
        for module in 1..=2 {
            for k in 1..=40 {
                key(format!("modules.{module}.keys.{k}"), k);
            }
        }
    }
    text
}
