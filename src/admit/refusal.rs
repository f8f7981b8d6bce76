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
            Refusal::OtherSite => "other-site",
            Refusal::NoSuchFile => "no-such-file",
            Refusal::OldFirmware => "old-firmware",
            Refusal::OtherFamily => "other-family",
            Refusal::Untrusted => "untrusted-network",
            Refusal::NoPassword => "no-password",
            Refusal::NoToken => "no-token",
            Refusal::NoCertificate => "no-certificate",
            Refusal::UntrustedCertificate => "untrusted-certificate",
            Refusal::WeakCertificate => "weak-certificate",
            Refusal::ExpiredCertificate => "expired-certificate",
            Refusal::OtherCertificate => "other-certificate",
            Refusal::NamelessCertificate => "nameless-certificate",
        }
    }
}
