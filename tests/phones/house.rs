//! A small fleet of three families, and somebody who asks for its files.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use offhook::live::Live;
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use offhook::server::tokens::Tokens;
use offhook::server::{Answer, Asked, Method, Reply};
use tempfile::TempDir;

/// A phone of the fleet: its MAC, what it says it is, and its password, which no other file may have.
pub struct Phone {
    pub mac: &'static str,
    pub file: &'static str,
    pub user_agent: &'static str,
    pub password: &'static str,
}

pub const YEALINK: Phone = Phone {
    mac: "001565aa0001",
    file: "001565aa0001.cfg",
    user_agent: "Yealink SIP-T46S 66.86.0.15 00:15:65:aa:00:01",
    password: "Secret201x",
};
pub const CISCO: Phone = Phone {
    mac: "1cdf0faa0002",
    file: "1cdf0faa0002.xml",
    user_agent: "Cisco/SPA504G-7.4.9c (1CDF0FAA0002)(CCQ162306EA)",
    password: "Secret202x",
};
pub const GIGASET: Phone = Phone {
    mac: "7c2f80aa0003",
    file: "7c2f80aa0003.xml",
    user_agent: "Maxwell 3/82.2.18.4-release;7C2F80AA0003",
    password: "Secret203x",
};
/// Of another site, which trusts a network.
pub const OTHER: Phone = Phone {
    mac: "001565bb0004",
    file: "001565bb0004.cfg",
    user_agent: "Yealink SIP-T42S 66.86.0.15 00:15:65:bb:00:04",
    password: "Secret301x",
};
pub const ALL: [&Phone; 4] = [&YEALINK, &CISCO, &GIGASET, &OTHER];

/// The network that the site `b` trusts.
pub const TRUSTED: &str = "192.0.2.7:4000";
pub const STRANGER: &str = "198.51.100.7:4000";
/// An address of this machine that others can reach.
pub const PUBLIC: &str = "203.0.113.1:8443";
const LOOPBACK: &str = "127.0.0.1:4000";

pub struct House {
    pub folder: TempDir,
    pub live: Arc<Live>,
    pub phones: Arc<Phones>,
}

/// What to ask, beside the target.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    pub method: &'a Method,
    pub user_agent: Option<&'a str>,
    pub authorization: Option<&'a str>,
    pub tls: bool,
    pub peer: &'a str,
    pub local: &'a str,
    pub listener: usize,
}

pub const LOCAL: Way<'static> = Way {
    method: &Method::GET,
    user_agent: None,
    authorization: None,
    tls: true,
    peer: LOOPBACK,
    local: LOOPBACK,
    listener: 0,
};

impl House {
    pub fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        fleet(folder.path());
        House::open(folder)
    }

    pub fn open(folder: TempDir) -> House {
        let live = Arc::new(Live::load(folder.path()));
        let phones = phones(&live, Ledger::in_memory());
        House { folder, live, phones }
    }

    pub fn ask(&self, target: &str, way: Way<'_>) -> Reply {
        self.phones.answer(&Asked {
            method: way.method,
            target,
            user_agent: way.user_agent,
            authorization: way.authorization,
            if_none_match: None,
            peer: address(way.peer),
            local: address(way.local),
            listener: way.listener,
            tls: way.tls,
            forwarded: false,
            certificates: &[],
        })
    }

    /// The status and the body, from this machine.
    pub fn get(&self, target: &str) -> (u16, String) {
        said(&self.ask(target, LOCAL))
    }

    /// The same with a user agent.
    pub fn get_as(&self, target: &str, user_agent: &str) -> (u16, String) {
        said(&self.ask(target, Way { user_agent: Some(user_agent), ..LOCAL }))
    }
}

/// A service of which the second listener serves Cisco phones only.
pub fn phones(live: &Arc<Live>, ledger: Ledger) -> Arc<Phones> {
    phones_with(live, ledger, Arc::new(Tokens::in_memory()))
}

/// The same with tokens that the test knows.
pub fn phones_with(live: &Arc<Live>, ledger: Ledger, tokens: Arc<Tokens>) -> Arc<Phones> {
    let listeners = vec![Vec::new(), vec!["cisco-spa".into()]];
    let phones = Phones::new(live.clone(), Cache::new(MAX_CACHE_BYTES), RevisionKey::fixed(), ledger, listeners);
    Arc::new(phones.with_tokens(tokens))
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub fn said(reply: &Reply) -> (u16, String) {
    (reply.status.as_u16(), String::from_utf8(reply.body.to_vec()).unwrap())
}

/// Whose file an answer is, by the password in it.
pub fn whose(body: &str) -> Vec<&'static str> {
    ALL.iter().filter(|phone| body.contains(phone.password)).map(|phone| phone.mac).collect()
}

pub fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub fn fleet(root: &Path) {
    put(root, "fleet.toml", "schema = 1\npublic_url = \"https://phones.example.org\"\n");
    put(root, "sites/a/site.toml", "sip.server = \"sip.example.org\"\n");
    put(root, "sites/b/site.toml", "sip.server = \"sip.example.org\"\n[trust]\nnetworks = [\"192.0.2.0/24\"]\n");
    for (site, line, phone, model) in [
        ("a", "201", YEALINK, "yealink-t46s"),
        ("a", "202", CISCO, "cisco-spa504g"),
        ("a", "203", GIGASET, "gigaset-maxwell3"),
        ("b", "301", OTHER, "yealink-t42s"),
    ] {
        let password = phone.password;
        put(root, &format!("sites/{site}/lines/{line}.toml"), &format!("sip.password = \"{password}\"\n"));
        let text = format!("model = \"{model}\"\nlines = [\"{line}\"]\n");
        put(root, &format!("sites/{site}/phones/{}.toml", phone.mac), &text);
    }
}
