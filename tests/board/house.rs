//! A fleet that is followed, phones that ask, and the board that looks on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use offhook::board::{Board, Filter, PhoneState};
use offhook::live::{Live, Watching, watch};
use offhook::phone::Mac;
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use offhook::server::tokens::Tokens;
use offhook::server::{Answer, Asked, Method};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;

use super::server::LONG;

pub const HERE: &str = "127.0.0.1:4000";
pub const STRANGER: &str = "198.51.100.7:4000";

pub struct House {
    pub folder: TempDir,
    pub root: PathBuf,
    pub live: Arc<Live>,
    pub phones: Phones,
    pub board: Arc<Board>,
    pub tokens: Arc<Tokens>,
    changes: Mutex<Receiver<offhook::board::Change>>,
    _watching: Watching,
}

pub fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub fn mac(last: u8) -> Mac {
    Mac::from_bytes([0, 0x15, 0x65, 0, 0, last])
}

/// Three phones in the site `a`, of which the third is a Cisco, and one in the site `b`, which trusts a network.
pub fn fleet(root: &Path) {
    put(root, "fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\n");
    put(root, "sites/a/site.toml", "sip.server = \"sip.example.org\"\n");
    put(root, "sites/b/site.toml", "sip.server = \"sip.example.org\"\ntrust.networks = [\"127.0.0.0/8\"]\n");
    for (site, number, model) in
        [("a", 1, "yealink-t46s"), ("a", 2, "yealink-t46s"), ("a", 3, "cisco-spa504g"), ("b", 4, "yealink-t42s")]
    {
        put(root, &format!("sites/{site}/lines/20{number}.toml"), "sip.password = \"Secret201x\"\n");
        let text = format!("model = \"{model}\"\nlines = [\"20{number}\"]\n");
        put(root, &format!("sites/{site}/phones/{}.toml", mac(number)), &text);
    }
}

impl House {
    pub fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        fleet(&folder.path().join("fleet"));
        House::open(folder)
    }

    /// A server on the folders `fleet` and `state`, which knows how each phone stands.
    pub fn open(folder: TempDir) -> House {
        let house = House::start(folder);
        house.settle();
        house.changed();
        house
    }

    pub fn start(folder: TempDir) -> House {
        let (root, state) = (folder.path().join("fleet"), folder.path().join("state"));
        std::fs::create_dir_all(&state).unwrap();
        let live = Arc::new(Live::load(&root));
        let ledger = Arc::new(Ledger::open(&state).unwrap());
        let (tokens, key) = (Arc::new(Tokens::in_memory()), RevisionKey::fixed());
        let board = Board::start(live.clone(), ledger.clone(), tokens.clone(), key.clone()).unwrap();
        let changes = Mutex::new(board.changes());
        let phones = Phones::new(live.clone(), Cache::new(MAX_CACHE_BYTES), key, ledger, Vec::new());
        let phones = phones.with_tokens(tokens.clone()).with_onlooker(board.clone());
        let watching = watch(live.clone(), &root, Vec::new()).unwrap();
        House { folder, root, live, phones, board, tokens, changes, _watching: watching }
    }

    /// Stops it, and starts another one on the same folders.
    pub fn restart(self) -> House {
        let House { folder, .. } = self;
        House::open(folder)
    }

    /// Writes a file, and waits until that is followed and each phone's state is known.
    pub fn put(&self, path: &str, text: &str) {
        self.edit(|| put(&self.root, path, text));
    }

    pub fn edit(&self, edit: impl FnOnce()) {
        let before = self.live.now();
        edit();
        self.until("the edit is followed", || !Arc::ptr_eq(&before, &self.live.now()));
        self.settle();
    }

    pub fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begin = Instant::now();
        while !is_so() {
            assert!(begin.elapsed() < LONG, "never: {what}; {}", self.summary());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until nothing is being looked at.
    pub fn settle(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let settled = runtime.block_on(async { tokio::time::timeout(4 * LONG, self.board.settled()).await });
        settled.unwrap_or_else(|_| panic!("it never settles: {}", self.summary()));
    }

    /// The status that a phone gets for its file.
    pub fn get(&self, file: &str) -> u16 {
        self.get_as(file, HERE, None)
    }

    pub fn get_as(&self, file: &str, peer: &str, user_agent: Option<&str>) -> u16 {
        let reply = self.phones.answer(&Asked {
            method: &Method::GET,
            target: &format!("/{file}"),
            user_agent,
            authorization: None,
            if_none_match: None,
            peer: peer.parse().unwrap(),
            local: "127.0.0.1:8443".parse().unwrap(),
            listener: 0,
            tls: true,
            forwarded: false,
            certificates: &[],
        });
        reply.status.as_u16()
    }

    /// Has all four phones fetch their files.
    pub fn all_come(&self) {
        for number in 1..=4 {
            let ending = if number == 3 { "xml" } else { "cfg" };
            assert_eq!(self.get(&format!("{}.{ending}", mac(number))), 200, "{number}");
        }
        self.settle();
        self.changed();
    }

    /// What has changed since this was asked last: `1 checking, 1 behind`.
    pub fn changed(&self) -> String {
        let mut changes = self.changes.lock().unwrap();
        let changes = std::iter::from_fn(|| changes.try_recv().ok());
        let told = changes
            .map(|change| format!("{} {}", change.mac.bytes()[5], change.state.map_or("gone", |state| state.code())));
        told.collect::<Vec<_>>().join(", ")
    }

    pub fn phone(&self, number: u8) -> PhoneState {
        self.board.state_of(mac(number)).unwrap()
    }

    pub fn summary(&self) -> String {
        self.board.counts(&Filter::default()).to_string()
    }
}
