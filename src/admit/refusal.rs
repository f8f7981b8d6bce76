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
        }
    }
}
