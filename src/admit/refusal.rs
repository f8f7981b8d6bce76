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
    /// Nothing is stored for the MAC, and it is remembered as seen.
    #[error("nobody has claimed the phone")]
    Unclaimed,
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
    /// The user name or the password is another one.
    #[error("the user name or the password is not the phone's")]
    WrongPassword,
    /// The first answer of a phone that tries the secret it was made with before what was typed into it.
    #[error("the phone has tried the secret that it was made with, as its family does first")]
    OwnSecret,
    /// The password came unencrypted.
    #[error("the password was sent in clear over a plain connection: give the phone another one")]
    BasicInClear,
    /// The header cannot be read.
    #[error("its Authorization header is no answer to a challenge of ours")]
    BadAuthorization,
    /// The password is proven for another file.
    #[error("its answer to the challenge is for another file than the one that it asks for")]
    OtherUri,
    /// The password is right, and the nonce has expired or is from before a restart.
    #[error("its answer to the challenge came too late, or is to one of before a restart")]
    StaleNonce,
    /// The password is right, and the same answer was taken before.
    #[error("its answer to the challenge was sent before")]
    ReplayedNonce,
    /// The site wants a token, and the path has none.
    #[error("the phone's site wants a token in the path")]
    NoToken,
    /// The token in the path is not the phone's.
    #[error("the token in the path is not the phone's")]
    WrongToken,
    /// The first-boot token, after the phone has got one of its own.
    #[error("the first-boot token is used up: somebody asks with it again")]
    SpentToken,
    /// The site wants a certificate, and the phone showed none.
    #[error("the phone's site wants a certificate of the phone's own")]
    NoCertificate,
    /// No authority of `fleet.toml` made the phone's certificate.
    #[error("no authority that is trusted made the phone's certificate")]
    UntrustedCertificate,
    /// SHA-1 or a short key, and the authority is not marked as weak.
    #[error("the phone's certificate is too weak: SHA-1, or an RSA key of fewer than 2048 bits")]
    WeakCertificate,
    /// It is too late for it, or too early.
    #[error("the phone's certificate is not valid at this time")]
    ExpiredCertificate,
    /// It was made for another phone.
    #[error("the phone's certificate was made for another phone")]
    OtherCertificate,
    /// It names no MAC where those of its family do.
    #[error("the phone's certificate names no MAC")]
    NamelessCertificate,
    /// More requests than a phone has reason for, or more guesses.
    #[error("it asks too often")]
    TooMany,
}

impl Refusal {
    /// Whether it is about the phone's certificate, or for want of one.
    pub fn is_of_certificate(self) -> bool {
        self.code().ends_with("-certificate")
    }

    /// Its short name.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Contradiction => "contradiction",
            Refusal::UnknownPhone => "unknown-phone",
            Refusal::Unclaimed => "unclaimed",
            Refusal::OtherSite => "other-site",
            Refusal::NoSuchFile => "no-such-file",
            Refusal::OldFirmware => "old-firmware",
            Refusal::OtherFamily => "other-family",
            Refusal::Untrusted => "untrusted-network",
            Refusal::NoPassword => "no-password",
            Refusal::WrongPassword => "wrong-password",
            Refusal::OwnSecret => "own-secret",
            Refusal::BasicInClear => "basic-in-clear",
            Refusal::BadAuthorization => "bad-authorization",
            Refusal::OtherUri => "other-uri",
            Refusal::StaleNonce => "stale-nonce",
            Refusal::ReplayedNonce => "replayed-nonce",
            Refusal::NoToken => "no-token",
            Refusal::WrongToken => "wrong-token",
            Refusal::SpentToken => "spent-token",
            Refusal::NoCertificate => "no-certificate",
            Refusal::UntrustedCertificate => "untrusted-certificate",
            Refusal::WeakCertificate => "weak-certificate",
            Refusal::ExpiredCertificate => "expired-certificate",
            Refusal::OtherCertificate => "other-certificate",
            Refusal::NamelessCertificate => "nameless-certificate",
            Refusal::TooMany => "too-many",
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
            Refusal::Unclaimed => {
                "`offhook seen` lists the phones that ask and are in no file, and `offhook claim` puts one into the fleet"
            }
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
            Refusal::WrongPassword => {
                "type the phone's user name and password into it again; `offhook password MAC` makes a new one, and its \
                 files tell the phone the next one as long as it still has the former"
            }
            Refusal::OwnSecret => {
                "it tries its own secret first, as its family does: the next answer should be the password that was typed \
                 into it"
            }
            Refusal::BasicInClear => {
                "let it come to a `[[listen]]` with TLS, or switch it to Digest: its password would cross the network in clear"
            }
            Refusal::BadAuthorization => {
                "look whether something between the phone and this server changes its requests; else its firmware answers \
                 in a way of its own: tell its user agent in a report"
            }
            Refusal::OtherUri => {
                "look whether a proxy rewrites the path: the phone proves its password for the address that it asked for"
            }
            Refusal::StaleNonce => "the phone asks again by itself, at once; if not, restart it",
            Refusal::ReplayedNonce => {
                "if it comes from the phone's own address, restart the phone; else somebody has recorded its request, and \
                 got nothing"
            }
            Refusal::NoToken => "give the phone the address with the token: `offhook url MAC` prints what to type",
            Refusal::WrongToken => "give the phone its own address again: `offhook url MAC` prints what to type",
            Refusal::SpentToken => {
                "if the phone was reset, `offhook rearm MAC` lets it begin anew; if not, somebody else has its first \
                 address, and got nothing"
            }
            Refusal::UntrustedCertificate => {
                "add its maker's authority to `[[client_authorities]]` in fleet.toml, if the phone is a genuine one"
            }
            Refusal::WeakCertificate => {
                "say `weak = true` at its authority in `[[client_authorities]]`, if phones as old as this shall come in"
            }
            Refusal::ExpiredCertificate => {
                "compare this machine's clock; phones cannot renew what they got at the factory: `weak = true` at its \
                 authority takes them all the same"
            }
            Refusal::OtherCertificate => {
                "the address typed into the phone names another phone's MAC, or somebody asks for the file of another phone"
            }
            Refusal::NamelessCertificate => {
                "it has its maker's generic certificate: let its site accept another kind of trust in `[trust]`"
            }
            Refusal::NoCertificate => {
                "let it come to a `[[listen]]` with `client_certificates = \"ask\"`; a phone that has no certificate of \
                 its maker needs another kind of trust in `[trust]` of its site.toml"
            }
            Refusal::TooMany => {
                "look why it asks again and again; if many guess for it, its address is known to somebody: it is served as \
                 soon as it shows what it must"
            }
        }
    }

    /// Whether something was shown that is not the phone's, as somebody does who guesses. To show nothing is none: many
    /// phones wait to be asked for their password. A certificate that nobody has vouched for is the administrator's matter.
    pub fn is_a_guess(self) -> bool {
        use Refusal::*;
        !matches!(
            self,
            NoSuchFile
                | OldFirmware
                | OtherFamily
                | OtherSite
                | Untrusted
                | NoPassword
                | NoToken
                | Unclaimed
                | OwnSecret
                | StaleNonce
                | NoCertificate
                | UntrustedCertificate
                | WeakCertificate
                | ExpiredCertificate
                | NamelessCertificate
                | TooMany
        )
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
