//! What tests of writes share: a fleet in which every place has something, requests with the condition that is due, the
//! files on disk and what the phone gets.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Answer, Api};
use crate::fleets::{Fleet, MAC};
use crate::server::{LONG, shell};

/// The MAC of the DECT base.
pub const BASE: &str = "7c2f80f40003";

/// A site with something at every place, with comments, and with a secret wherever one can stand: each has `canary` in it.
pub fn full() -> Fleet {
    Fleet::empty()
        .with(
            "fleet.toml",
            r#"
        # The whole house.
        schema = 1
        public_url = "https://phones.example.org"
        [settings] # of all
        admin_password = "canary1"
        language = "fr"
        [model.yealink-t46s.settings]
        admin_password = "canary2"
        "#,
        )
        .with(
            "sites/a/site.toml",
            r#"
        # The first customer.
        feature_codes = "ovh"
        [sip]
        server = "sip.example.org" # theirs
        [settings]
        admin_password = "canary3"
        # at home
        timezone = "Europe/Paris"
        [codes]
        voicemail = { dial = "123" } # as before
        [numbers]
        0033972109000 = { kind = "queue", label = "Sales" } # the queue
        [trust]
        networks = ["127.0.0.0/8"] # here
        [layouts.desk.keys.3] # the hall
        function = "supervise"
        number = "202"
        [layouts.desk.keys.4]
        function = "url"
        url = "https://anna:canary5@example.org/"
        "#,
        )
        .with(
            "sites/a/lines/201.toml",
            r#"
        # Front desk.
        layout = "desk"
        display_name = "Front"
        sip = { user = "201", password = "canary6" } # by the operator
        settings.call_waiting = true # busy
        keys.2 = { function = "dial", number = "202" } # Marie
        [soft_keys.1] # left
        function = "history"
        [modules.1.keys.5] # the wall
        function = "dial"
        number = "203"
        "#,
        )
        .with("sites/a/lines/202.toml", "sip.password = \"canary7\"\n")
        .with("sites/a/lines/203.toml", "# spare\n")
        .with(
            &format!("sites/a/phones/{MAC}.toml"),
            r#"
        # In the hall.
        model = "yealink-t46s"
        lines = ["201"] # the first
        modules = 1
        trust = { user = "anna", password = "canary4" }
        [settings] # of this one
        admin_password = "canary8"
        language = "de"
        [seed] # once
        ring_volume = 8
        [raw.yealink] # by hand
        "features.power_led_on.enable" = "1"
        "static.security.user_password" = "user:canary9"
        "#,
        )
        .with(
            &format!("sites/a/phones/{BASE}.toml"),
            r#"
        model = "gigaset-n870"
        lines = ["202"]
        [handsets.1] # upstairs
        line = 1
        "#,
        )
}

impl Api {
    /// Sends with the entity tag that it has now, if it is there.
    pub fn write(&self, method: &str, path: &str, body: &Value) -> Answer {
        let tag = self.tag(path.split('?').next().unwrap());
        let condition: &[(&str, &str)] = if tag.is_empty() { &[] } else { &[("if-match", &tag)] };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, condition, &body)
    }

    /// Sends many writes as one.
    pub fn bulk(&self, writes: &Value) -> Answer {
        self.send("POST", "/writes", &[], &serde_json::json!({ "writes": writes }).to_string())
    }

    /// The entity tag of a place; empty where there is nothing.
    pub fn tag(&self, path: &str) -> String {
        self.get(path).header("etag").to_owned()
    }

    /// A new token once the server knows it.
    pub fn known(&self, arguments: &str) -> String {
        let token = self.token(arguments);
        until(|| (self.get_as(&token, "/sites").status == 200).then_some(()));
        token
    }

    /// A file of the fleet.
    pub fn file(&self, path: &str) -> String {
        std::fs::read_to_string(self.fleet.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes a file of the fleet by hand, as an editor does.
    pub fn by_hand(&self, path: &str, text: &str) {
        let path = self.fleet.path().join(path);
        let aside = path.with_extension("tmp");
        std::fs::write(&aside, text).unwrap();
        std::fs::rename(aside, path).unwrap();
    }

    /// All files of the fleet.
    pub fn files(&self) -> BTreeMap<String, String> {
        files(self.fleet.path())
    }

    /// A file that phones fetch, at this moment.
    pub fn phone_gets(&self, file: &str) -> String {
        let curl = format!("curl --silent --show-error --max-time 20 http://{}/{file}", self.server.address());
        String::from_utf8(shell(&curl).stdout).unwrap()
    }

    /// The latest changes, once the journal has the one with this number.
    pub fn changes(&self, number: &Value) -> Vec<Value> {
        until(|| {
            let items = self.get("/changes").json()["items"].as_array().cloned().unwrap_or_default();
            items.iter().any(|change| change["number"] == *number).then_some(items)
        })
    }
}

/// All files below a folder.
pub fn files(folder: &Path) -> BTreeMap<String, String> {
    let found = shell(&format!("cd {} && find -L . -type f", folder.display())).stdout;
    let text = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
    String::from_utf8(found).unwrap().lines().map(|path| (path[2..].to_owned(), text(path))).collect()
}

/// Waits for something.
pub fn until<T>(mut wanted: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    while begin.elapsed() < LONG {
        if let Some(found) = wanted() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it never came");
}

/// Whether a command is there.
pub fn has(command: &str) -> bool {
    std::process::Command::new("sh")
        .args(["-c", &format!("command -v {command} >/dev/null")])
        .status()
        .unwrap()
        .success()
}
