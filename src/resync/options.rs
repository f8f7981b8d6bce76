//! What is wanted of phones, as people and programs write it: the command's options and the fields of a request have the
//! same names and limits, and are read here.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use super::jobs::Wanted;
use super::target::{Hop, Transport, Way};
use super::waves::Pace;
use crate::admit::LONGEST_WINDOW_SECS;
use crate::catalogue::Verb;
use crate::fleet::{PER_SECOND, per_second};
use crate::phone::Mac;

/// How many phones may be out: each holds a socket.
const WAVE: std::ops::RangeInclusive<usize> = 1..=10_000;

/// Which phones are asked, for what, and how.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// These phones, by their MAC addresses.
    #[schema(value_type = Vec<String>)]
    pub macs: Vec<Mac>,
    /// The phones of this site.
    #[schema(value_type = Option<String>)]
    pub site: Option<CompactString>,
    /// Every phone.
    pub all: bool,
    /// Of these, or of all, those that have not got what the fleet says now.
    pub behind: bool,
    /// Restart them instead.
    pub reboot: bool,
    /// Ask each phone at the address from which it last fetched, not through its registrar.
    pub direct: bool,
    /// Ask one phone at this address, such as `192.0.2.7`, `tcp:192.0.2.7` or `tls:phone.example.org:5061`.
    #[schema(value_type = Option<String>)]
    pub to: Option<Hop>,
    /// So many phones a second: a number, or a text such as `20/s`.
    #[serde(deserialize_with = "pace")]
    #[schema(minimum = 0.001, maximum = 10_000)]
    pub pace: f64,
    /// So many phones a second in one site.
    #[serde(deserialize_with = "some_pace")]
    #[schema(minimum = 0.001, maximum = 10_000)]
    pub site_pace: Option<f64>,
    /// So many phones a second through one registrar or proxy, or to one address.
    #[serde(deserialize_with = "some_pace")]
    #[schema(minimum = 0.001, maximum = 10_000)]
    pub hop_pace: Option<f64>,
    /// So many phones are asked first; the others once these have come back. 0: none.
    pub canary: usize,
    /// So many phones at the most are asked and not back yet.
    #[serde(deserialize_with = "wave_or_text")]
    #[schema(minimum = 1, maximum = 10_000)]
    pub wave: usize,
    /// Nobody else is asked when more than so many in a hundred, of the canary or of the last wave, did not come back.
    #[serde(deserialize_with = "percent")]
    #[schema(maximum = 100)]
    pub stop: u8,
    /// How long a phone is waited for: seconds, or a text such as `90s` or `5m`.
    #[serde(deserialize_with = "span")]
    #[schema(value_type = u64, default = 300, minimum = 1, maximum = 86_400)]
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Options {
        let Pace { overall, of_site, of_hop, canary, wave, bearable } = Pace::default();
        Options {
            macs: Vec::new(),
            site: None,
            all: false,
            behind: false,
            reboot: false,
            direct: false,
            to: None,
            pace: overall,
            site_pace: of_site,
            hop_pace: of_hop,
            canary,
            wave,
            stop: (bearable * 100.0) as u8,
            wait: Duration::from_secs(300),
        }
    }
}

impl Options {
    /// What phones are asked for.
    pub fn verb(&self) -> Verb {
        if self.reboot { Verb::Reboot } else { Verb::Resync }
    }

    /// Which way they are reached.
    pub fn way(&self) -> Way {
        match &self.to {
            Some(hop) => Way::At(hop.clone()),
            None if self.direct => Way::Direct,
            None => Way::Registrar,
        }
    }

    /// The same for the phones that it means, as somebody wants it.
    pub fn wanted(&self, macs: Vec<Mac>, who: String) -> Wanted {
        Wanted { macs, verb: self.verb(), way: self.way(), pace: self.pace(), wait: self.wait, who }
    }

    /// How fast, and how carefully.
    pub fn pace(&self) -> Pace {
        Pace {
            overall: self.pace,
            of_site: self.site_pace,
            of_hop: self.hop_pace,
            canary: self.canary,
            wave: self.wave,
            bearable: f64::from(self.stop) / 100.0,
        }
    }
}

/// How many phones may be out.
///
/// # Errors
/// What was expected.
pub fn wave(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|wave| WAVE.contains(wave));
    number.ok_or_else(|| "write a number from 1 to 10000".to_owned())
}

/// A span of time such as `5m`, in seconds.
///
/// # Errors
/// What was expected.
pub fn seconds(text: &str) -> Result<u64, String> {
    let expected = || format!("`{text}` is no span of time: 90s, 15m or 2h were expected, 24h at most");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(expected)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(expected()),
    };
    let secs = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    secs.filter(|secs| (1..=LONGEST_WINDOW_SECS).contains(secs)).ok_or_else(expected)
}

impl FromStr for Hop {
    type Err = String;

    /// An address such as `tcp:192.0.2.7:5060`.
    fn from_str(text: &str) -> Result<Hop, String> {
        let (transport, rest) = match text.split_once(':').map(|(word, rest)| (Transport::named(word), rest)) {
            Some((Some(transport), rest)) => (transport, rest),
            _ => (Transport::Udp, text),
        };
        let wrong =
            || format!("`{text}` is no address: write one such as 192.0.2.7, 192.0.2.7:5062 or tcp:[2001:db8::7]:5060");
        let alone = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !alone(rest) => (host, port.parse().map_err(|_| wrong())?),
            _ => (rest, transport.port()),
        };
        let is_host =
            alone(host) || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        if host.is_empty() || port == 0 || !is_host {
            return Err(wrong());
        }
        Ok(Hop { host: host.trim_matches(['[', ']']).into(), port, transport })
    }
}

impl Serialize for Hop {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hop, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A number, or the text that the command takes.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a number or a text was expected")]
enum Written<N> {
    Number(N),
    Text(String),
}

fn pace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match Written::<f64>::deserialize(deserializer)? {
        Written::Number(pace) if PER_SECOND.contains(&pace) => Ok(pace),
        Written::Number(pace) => per_second(&pace.to_string()).map_err(de::Error::custom),
        Written::Text(text) => per_second(&text).map_err(de::Error::custom),
    }
}

fn some_pace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    struct Own(#[serde(deserialize_with = "pace")] f64);
    Ok(Option::<Own>::deserialize(deserializer)?.map(|Own(pace)| pace))
}

fn wave_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    wave(&u64::deserialize(deserializer)?.to_string()).map_err(de::Error::custom)
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let percent = u8::try_from(number).ok().filter(|percent| *percent <= 100);
    percent.ok_or_else(|| de::Error::custom("write a number from 0 to 100"))
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let secs = match Written::<u64>::deserialize(deserializer)? {
        Written::Number(secs) => seconds(&format!("{secs}s")),
        Written::Text(text) => seconds(&text),
    };
    secs.map(Duration::from_secs).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_takes_a_request_takes_too() {
        let options: Options = serde_json::from_str(
            r#"{ "macs": ["00:15:65:AA:BB:CC"], "reboot": true, "to": "tcp:192.0.2.7", "pace": "0.5/s", "site_pace": 2,
                 "canary": 0, "wave": 10, "stop": 100, "wait": "90s" }"#,
        )
        .unwrap();
        let to = Hop { host: "192.0.2.7".into(), port: 5060, transport: Transport::Tcp };
        assert_eq!((options.verb(), options.way()), (Verb::Reboot, Way::At(to)));
        let pace = Pace { overall: 0.5, of_site: Some(2.0), of_hop: None, canary: 0, wave: 10, bearable: 1.0 };
        assert_eq!((options.pace(), options.wait), (pace, Duration::from_secs(90)));
        assert_eq!(serde_json::from_str::<Options>("{}").unwrap(), Options::default());
        assert_eq!(Options::default().pace(), Pace::default());
    }

    #[test]
    fn what_the_command_refuses_a_request_refuses_with_the_same_words() {
        let pace = "write how many phones a second, such as 20/s or 0.5/s";
        for (text, told) in [
            (r#"{ "pace": 0 }"#, pace),
            (r#"{ "pace": "fast" }"#, pace),
            (r#"{ "site_pace": 10001 }"#, pace),
            (r#"{ "hop_pace": "-1/s" }"#, pace),
            (r#"{ "wave": 0 }"#, "write a number from 1 to 10000"),
            (r#"{ "wave": 10001 }"#, "write a number from 1 to 10000"),
            (r#"{ "stop": 101 }"#, "write a number from 0 to 100"),
            (r#"{ "wait": 0 }"#, "`0s` is no span of time: 90s, 15m or 2h were expected, 24h at most"),
            (r#"{ "wait": "25h" }"#, "`25h` is no span of time"),
            (r#"{ "to": "sip:1@x" }"#, "`sip:1@x` is no address: write one such as 192.0.2.7"),
            (r#"{ "macs": ["1"] }"#, "`1` is not a MAC address"),
            (r#"{ "restart": true }"#, "unknown field `restart`"),
        ] {
            let error = serde_json::from_str::<Options>(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
