//! Why a request is refused.

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};

/// A reason, with a short name for logs and a sentence for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Two strong MACs that differ.
    #[error("the request names two different phones")]
    Contradiction,
    /// Nothing is stored for the MAC.
    #[error("no such phone is stored")]
    UnknownPhone,
    /// The address names another site than the phone's.
    #[error("the address names another site than the phone's")]
    OtherSite,
    /// The phone's family has no such file.
    #[error("the phone's family has no such file")]
    NoSuchFile,
    /// The firmware reads a format in which no file is written.
    #[error("the phone's firmware reads another file format")]
    OldFirmware,
    /// The listener does not serve the family.
    #[error("this listener does not serve the phone's family")]
    OtherFamily,
    /// The phone's site does not name the network that the request comes from.
    #[error("the phone's site does not trust this network")]
    #[serde(rename = "untrusted-network")]
    Untrusted,
    /// The site wants a password, and none was sent.
    #[error("the phone's site wants a password")]
    NoPassword,
    /// The site wants a token, and the path has none.
    #[error("the phone's site wants a token in the path")]
    NoToken,
    /// The site wants a certificate, and the phone showed none.
    #[error("the phone's site wants a certificate of the phone's own")]
    NoCertificate,
}

impl Refusal {
    /// Its short name.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Contradiction => "contradiction",
            Refusal::UnknownPhone => "unknown-phone",
            Refusal::OtherSite => "other-site",
            Refusal::NoSuchFile => "no-such-file",
            Refusal::OldFirmware => "old-firmware",
            Refusal::OtherFamily => "other-family",
            Refusal::Untrusted => "untrusted-network",
            Refusal::NoPassword => "no-password",
            Refusal::NoToken => "no-token",
            Refusal::NoCertificate => "no-certificate",
        }
    }

    /// The refusal of a short name.
    pub fn named(code: &str) -> Option<Refusal> {
        Refusal::deserialize(StrDeserializer::<Error>::new(code)).ok()
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Refusal::Contradiction => {
                "the address typed into the phone, or its DHCP option, names another phone's MAC: \
                 `offhook url MAC` prints what to type"
            }
            Refusal::UnknownPhone => "put `MAC.toml` with its model and lines into its site's folder `phones`",
            Refusal::OtherSite => {
                "correct the site in the address that the phone was given, or move its file into that site's folder"
            }
            Refusal::NoSuchFile => {
                "most phones ask for some files that they can do without; if it gets none at all, its `model` is of \
                 another family than the phone: compare it with the user agent"
            }
            Refusal::OldFirmware => "update the phone's firmware by hand; docs/models.md tells which files it can read",
            Refusal::OtherFamily => {
                "send the phone to another `[[listen]]`, or add its family to `families` of this one, in fleet.toml"
            }
            Refusal::Untrusted => "if it is the phone's network, add it to `networks` in `[trust]` of its site.toml",
            Refusal::NoPassword => {
                "type the phone's user name and password into it, or look why it does not send them; some phones \
                 ask once without them, as a rule, and then again"
            }
            Refusal::NoToken => "give the phone the address with the token: `offhook url MAC` prints what to type",
            Refusal::NoCertificate => {
                "let it come to a `[[listen]]` with `client_certificates = \"ask\"`; a phone that has no certificate of \
                 its maker needs another kind of trust in `[trust]` of its site.toml"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All short names, which the error of an unknown one lists.
    fn names() -> Vec<String> {
        let error = Refusal::deserialize(StrDeserializer::<Error>::new("?")).unwrap_err().to_string();
        error.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_refusal_is_known_by_its_short_name_and_has_a_remedy() {
        let names = names();
        assert!(names.len() >= 10 && names.contains(&"no-certificate".to_owned()), "{names:?}");
        for name in names {
            let refusal = Refusal::named(&name).unwrap();
            assert_eq!(refusal.code(), name);
            assert!(refusal.hint().len() > 20 && !refusal.hint().ends_with('.'), "{name}: {}", refusal.hint());
        }
        assert_eq!(Refusal::named("tls-handshake"), None);
    }
}
