//! What one phone is asked, as whom, and where to.

use std::fmt;
use std::net::IpAddr;

use compact_str::{CompactString, ToCompactString};

use crate::catalogue::{Notice, Verb};
use crate::phone::{Mac, Secret, SettingValue};
use crate::resolve::{Account, Phase, resolve};
use crate::world::{Subject, Unserved};

/// How SIP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Packets, which are sent again until they are answered.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
}

impl Transport {
    /// The word in URIs.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }

    /// The transport of a word.
    pub fn named(word: &str) -> Option<Transport> {
        [Transport::Udp, Transport::Tcp, Transport::Tls].into_iter().find(|transport| transport.name() == word)
    }

    /// The port where none is written.
    pub fn port(self) -> u16 {
        if self == Transport::Tls { 5061 } else { 5060 }
    }
}

/// Where packets are sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// A name or an address, without brackets.
    pub host: CompactString,
    /// The port.
    pub port: u16,
    /// How.
    pub transport: Transport,
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hop { host, port, transport } = self;
        let transport = transport.name();
        if host.contains(':') {
            write!(f, "{transport}:[{host}]:{port}")
        } else {
            write!(f, "{transport}:{host}:{port}")
        }
    }
}

/// Which way phones are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Through the primary line's outbound proxy, or its registrar.
    Registrar,
    /// At the address from which the phone last fetched.
    Direct,
    /// At one address.
    At(Hop),
}

/// One phone that can be asked.
#[derive(Debug, Clone)]
pub struct Target {
    /// The phone.
    pub mac: Mac,
    /// Its site.
    pub site: CompactString,
    /// The user part of its primary line's address.
    pub user: CompactString,
    /// The registrar's name, with its port where one is written.
    pub domain: (CompactString, Option<u16>),
    /// The name for authentication.
    pub auth_user: CompactString,
    /// The line's password.
    pub password: Option<Secret>,
    /// Where packets go.
    pub hop: Hop,
    /// What stands at the hop.
    pub role: Role,
    /// What it is asked.
    pub notice: Notice,
}

/// What stands where packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The registrar itself.
    Registrar,
    /// A proxy on the way to it.
    Proxy,
    /// The phone.
    Phone,
}

/// Why a phone cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// The fleet's files have errors.
    #[error("{0}")]
    Unserved(#[from] Unserved),
    /// No file of it can be written, so nobody knows its account.
    #[error("{0}")]
    NoFiles(String),
    /// Nothing is known that makes its family fetch.
    #[error("no SIP event is known that makes phones of the family `{0}` fetch")]
    NoEvent(CompactString),
    /// Its family restarts by no event.
    #[error("no SIP event is known that restarts phones of the family `{0}`; without --reboot they are asked to fetch")]
    NoReboot(CompactString),
    /// It has no line.
    #[error("it has no line, so nothing that it is called by")]
    NoLine,
    /// Nobody says where its line registers.
    #[error("its primary line `{0}` has no `sip.server`")]
    NoServer(CompactString),
    /// It never fetched anything.
    #[error("the journal knows no address from which it fetched")]
    NoSource,
}

impl Target {
    /// What a phone is asked; `firmware` is what it last told, and `source` the address from which it last fetched.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub fn new(
        subject: &Subject,
        firmware: Option<&str>,
        verb: Verb,
        way: &Way,
        source: Option<IpAddr>,
    ) -> Result<Target, NoWay> {
        let family = &subject.maker.family;
        let resync = family.resync.as_ref().ok_or_else(|| NoWay::NoEvent(family.id.clone()))?;
        let notice = resync.notice(verb).ok_or_else(|| NoWay::NoReboot(family.id.clone()))?;
        let band = subject.band(None, firmware);
        let resolved = resolve(subject, band, Phase::Later).ok_or_else(|| NoWay::NoFiles(subject.no_files(band)))?;
        let account = resolved.accounts.first().ok_or(NoWay::NoLine)?;
        let line = account.line.ok_or(NoWay::NoLine)?;
        let sip = Sip { subject, account };
        let server = sip.text("sip.server").ok_or_else(|| NoWay::NoServer(line.name.clone()))?;
        let user = sip.text("sip.user").unwrap_or(&line.name);
        let (hop, role) = sip.hop(way, server, source)?;
        Ok(Target {
            mac: subject.phone.mac,
            site: subject.site.id.clone(),
            user: user.into(),
            domain: (server.into(), sip.port("sip.port")),
            auth_user: sip.text("sip.auth_user").unwrap_or(user).into(),
            password: sip.password(),
            hop,
            role,
            notice: notice.clone(),
        })
    }
}

/// The SIP account of a phone's primary line.
struct Sip<'s> {
    subject: &'s Subject,
    account: &'s Account<'s>,
}

impl<'s> Sip<'s> {
    fn value(&self, name: &str) -> Option<&'s SettingValue> {
        let id = self.subject.catalogue.vocabulary.id(name)?;
        self.account.settings.get(usize::from(id.0))?.value
    }

    fn text(&self, name: &str) -> Option<&'s str> {
        self.value(name)?.as_text().filter(|text| !text.is_empty())
    }

    fn port(&self, name: &str) -> Option<u16> {
        match self.value(name)? {
            SettingValue::Integer(port) => u16::try_from(*port).ok(),
            _ => None,
        }
    }

    fn password(&self) -> Option<Secret> {
        match self.value("sip.password")? {
            SettingValue::Secret(secret) => Some(secret.clone()),
            _ => None,
        }
    }

    fn hop(&self, way: &Way, server: &str, source: Option<IpAddr>) -> Result<(Hop, Role), NoWay> {
        // What DNS would choose is not looked up; every server takes UDP.
        let transport = self.text("sip.transport").and_then(Transport::named).unwrap_or(Transport::Udp);
        let hop = |host: &str, port: Option<u16>| Hop {
            host: host.trim_matches(['[', ']']).into(),
            port: port.unwrap_or(transport.port()),
            transport,
        };
        match (way, self.text("sip.outbound_proxy")) {
            (Way::At(hop), _) => Ok((hop.clone(), Role::Phone)),
            (Way::Direct, _) => {
                let source = source.ok_or(NoWay::NoSource)?.to_canonical();
                Ok((hop(&source.to_compact_string(), None), Role::Phone))
            }
            (Way::Registrar, Some(proxy)) => Ok((hop(proxy, self.port("sip.outbound_proxy_port")), Role::Proxy)),
            (Way::Registrar, None) => Ok((hop(server, self.port("sip.port")), Role::Registrar)),
        }
    }
}
