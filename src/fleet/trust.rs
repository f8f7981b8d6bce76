//! `[trust]`: in a site's file what its phones have to show before they get a file of their own, in a phone's file what
//! it can show.

use std::borrow::Cow;

use compact_str::CompactString;
use ipnet::IpNet;

use super::Reading;
use crate::findings::nearest;
use crate::phone::{Mac, Secret};
use crate::reader::{At, Table};

/// A way in which a phone shows that it is the one. From weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// It asks from a network of the site's, or from the server's own machine.
    Network,
    /// It knows its user name and password.
    Password,
    /// It asks with a secret in the path.
    Token,
    /// It has the private key of its maker's certificate for its MAC.
    Certificate,
}

impl Rung {
    /// All of them, from weak to strong.
    pub const ALL: [Rung; 4] = [Rung::Network, Rung::Password, Rung::Token, Rung::Certificate];

    /// Its name in TOML.
    pub fn name(self) -> &'static str {
        match self {
            Rung::Network => "network",
            Rung::Password => "password",
            Rung::Token => "token",
            Rung::Certificate => "certificate",
        }
    }
}

/// What a site wants to be shown: every rung of `demand`, and at least one of `accept`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The networks of the site.
    pub networks: Vec<IpNet>,
    /// Each of these is enough, where none is demanded beside it.
    pub accept: Box<[Rung]>,
    /// Each of these is needed.
    pub demand: Box<[Rung]>,
    /// Files of phones that have a key are encrypted.
    pub encrypt_files: bool,
}

impl Default for Trust {
    fn default() -> Trust {
        Trust { networks: Vec::new(), accept: Rung::ALL.into(), demand: Box::default(), encrypt_files: false }
    }
}

impl Trust {
    /// Reads `[trust]` of a site.
    pub(super) fn read(table: &mut Table<'_, '_>) -> Trust {
        let Some(mut trust) = table.table("trust") else { return Trust::default() };
        let read = Trust {
            networks: read_networks(&mut trust, "networks"),
            accept: read_rungs(&mut trust, "accept").unwrap_or_else(|| Rung::ALL.into()),
            demand: read_rungs(&mut trust, "demand").unwrap_or_default(),
            encrypt_files: trust.boolean("encrypt_files").is_some_and(|at| at.value),
        };
        trust.finish();
        read
    }

    /// Whether phones' files carry their token: where it is demanded, or named among a few. The default takes a token, and
    /// gives none to phones that come without.
    pub fn gives_tokens(&self) -> bool {
        let is_default = Rung::ALL.iter().all(|rung| self.accept.contains(rung));
        self.demand.contains(&Rung::Token) || (self.accept.contains(&Rung::Token) && !is_default)
    }

    /// Whether this way of showing counts at all.
    pub fn knows(&self, rung: Rung) -> bool {
        self.accept.contains(&rung) || self.demand.contains(&rung)
    }
}

/// What a phone can show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Its user name; none: its MAC.
    pub user: Option<CompactString>,
    /// Its password.
    pub password: Option<Secret>,
    /// The password before, which is good as long as it stands here.
    pub former_password: Option<Secret>,
    /// The key under which its files are encrypted.
    pub file_key: Option<Secret>,
}

impl Access {
    /// Reads `[trust]` of a phone.
    pub(super) fn read(table: &mut Table<'_, '_>, reading: &Reading<'_>) -> Option<Box<Access>> {
        let mut trust = table.table("trust")?;
        let read = Access {
            user: trust.text("user").and_then(|at| user(&trust, at)),
            password: secret(&mut trust, "password", reading),
            former_password: secret(&mut trust, "former_password", reading),
            file_key: file_key(&mut trust, reading),
        };
        if read.former_password.is_some() && !trust.has("password") {
            trust.missing("password");
        }
        trust.finish();
        Some(Box::new(read))
    }

    /// What a phone with this MAC calls itself.
    pub fn user_of(&self, mac: Mac) -> Cow<'_, str> {
        self.user.as_deref().map_or_else(|| mac.to_string().into(), Cow::Borrowed)
    }
}

/// What a header carries as it is, and a Cisco takes for no macro.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\$".contains(&byte))
}

/// A colon ends the user name where HTTP sends it in clear (RFC 7617).
fn user(trust: &Table<'_, '_>, at: At<String>) -> Option<CompactString> {
    let good = is_plain(&at.value) && !at.value.contains(':');
    if !good {
        let what = "`trust.user` must be printable ASCII without blanks, colons, quotes, backslashes and dollar signs";
        trust.error("bad-user", at.line, what);
    }
    good.then(|| at.value.into())
}

fn secret(trust: &mut Table<'_, '_>, field: &'static str, reading: &Reading<'_>) -> Option<Secret> {
    let value = trust.value(field)?;
    let wrong = |what: String, hint: String| {
        trust.error_hint("bad-setting", value.line, format!("`{}` {what}", trust.name_of(field)), hint);
        None
    };
    match reading.secrets.read(&value.value, reading.entity) {
        Ok(secret) if !is_plain(secret.expose()) => wrong(
            "must be printable ASCII without blanks, quotes, backslashes and dollar signs".into(),
            "phones write other characters each in its own way; `offhook password MAC` makes a password".into(),
        ),
        Ok(secret) => Some(secret),
        Err((what, hint)) => wrong(what, hint),
    }
}

/// Phones' menus and rules take letters and digits without a thought.
fn file_key(trust: &mut Table<'_, '_>, reading: &Reading<'_>) -> Option<Secret> {
    let line = trust.value("file_key")?.line;
    let key = secret(trust, "file_key", reading)?;
    let good = (16..=64).contains(&key.expose().len()) && key.expose().bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !good {
        trust.error("bad-setting", line, "`trust.file_key` must be 16 to 64 letters and digits");
    }
    good.then_some(key)
}

/// Reads a list of networks and single addresses.
pub(super) fn read_networks(table: &mut Table<'_, '_>, field: &'static str) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for text in table.texts(field).map(|at| at.value).unwrap_or_default() {
        match network(&text.value) {
            Ok(network) => networks.push(network),
            Err(what) => table.error("bad-network", text.line, what),
        }
    }
    networks
}

/// Reads a network, or one address.
///
/// # Errors
/// What was expected.
pub fn network(text: &str) -> Result<IpNet, String> {
    let address = |_| text.parse().map(|address: std::net::IpAddr| address.into());
    text.parse::<IpNet>()
        .or_else(address)
        .map_err(|_| format!("`{text}` is not a network: 192.0.2.0/24, 2001:db8::/32 or one address were expected"))
}

fn read_rungs(trust: &mut Table<'_, '_>, field: &'static str) -> Option<Box<[Rung]>> {
    let words = trust.texts(field)?;
    let mut rungs = Vec::new();
    for word in words.value {
        match Rung::ALL.into_iter().find(|rung| rung.name() == word.value) {
            Some(rung) => rungs.push(rung),
            None => {
                let what = format!("`{}` names `{}`, which shows nothing", trust.name_of(field), word.value);
                let near =
                    nearest(&word.value, Rung::ALL.map(Rung::name)).map(|near| format!("did you mean `{near}`?"));
                let hint = near.unwrap_or("network, password, token and certificate do".into());
                trust.error_hint("unknown-word", word.line, what, hint);
            }
        }
    }
    Some(rungs.into())
}
