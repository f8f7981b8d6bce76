//! Why a request is refused.

/// A reason, with a short name for logs and a sentence for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
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
    /// More requests than a phone has reason for, or more guesses.
    #[error("it asks too often")]
    TooMany,
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
            Refusal::TooMany => "too-many",
        }
    }

    /// Whether something was shown that is not the phone's, as somebody does who guesses. To show nothing is none: many
    /// phones wait to be asked for their password.
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
                | NoCertificate
                | TooMany
        )
    }
}
