//! The strongest rung: a certificate that the phone's maker put into it at the factory.
//!
//! The handshake has proven that the phone holds the key of the first certificate, and nothing else. Here it is judged
//! whether one of the authorities that the administrator trusts made it, and for which MAC. A phone has no way to renew
//! it, so an authority can be marked as weak: then old signatures count, and time that is over counts if all was in order
//! when the certificate was made. Nothing can be revoked: a phone that was stolen is taken out of the fleet.

use std::sync::LazyLock;
use std::time::Duration;

use compact_str::CompactString;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use smallvec::SmallVec;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Refusal, Shown, legacy};
use crate::catalogue::CertificateName;
use crate::fleet::{ClientAuthority, is_weak};
use crate::phone::Mac;

/// Longer chains are not looked at, or a stranger could keep the server busy with them; makers need three or four.
const MOST_CERTIFICATES: usize = 6;

/// What a chain of certificates proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// None was shown.
    Nothing,
    /// It was made for the phone with this MAC, by a maker who vouches for these families.
    Phone(Mac, SmallVec<[CompactString; 2]>),
    /// Nothing, and why.
    Flawed(Refusal),
}

impl Proof {
    /// The phone that it was made for.
    pub fn mac(&self) -> Option<Mac> {
        match self {
            Proof::Phone(mac, _) => Some(*mac),
            _ => None,
        }
    }

    /// What it shows of a phone of some family.
    pub fn shown(&self, mac: Mac, family: &str) -> Shown {
        match self {
            Proof::Nothing => Shown::Nothing,
            Proof::Flawed(refusal) => Shown::Wrong(*refusal),
            Proof::Phone(made_for, families) if *made_for == mac && families.iter().any(|id| id == family) => {
                Shown::Good
            }
            Proof::Phone(..) => Shown::Wrong(Refusal::OtherCertificate),
        }
    }
}

/// Judges a chain, the phone's own certificate first; `names` tells where the certificates of a family have the MAC.
pub fn judge<'n>(
    chain: &[CertificateDer<'_>],
    authorities: &[ClientAuthority],
    names: impl Fn(&str) -> &'n [CertificateName],
    now: UnixTime,
) -> Proof {
    let Some((leaf, others)) = chain.split_first() else { return Proof::Nothing };
    let read = X509Certificate::from_der(leaf).ok().filter(|_| chain.len() <= MOST_CERTIFICATES);
    let Some((_, read)) = read else { return Proof::Flawed(Refusal::UntrustedCertificate) };
    let mut flaw = Refusal::UntrustedCertificate;
    let mut proven: Option<(Mac, SmallVec<[CompactString; 2]>)> = None;
    for authority in authorities {
        match vouches(authority, leaf, others, &read, now) {
            Ok(()) => flaw = Refusal::NamelessCertificate,
            Err(why) => {
                // What comes nearest to a good one is told.
                if flaw == Refusal::UntrustedCertificate {
                    flaw = why;
                }
                continue;
            }
        }
        for family in &authority.families {
            let Some(mac) = names(family).iter().find_map(|name| mac_in(&read, name)) else { continue };
            let (known, families) = proven.get_or_insert_with(|| (mac, SmallVec::new()));
            if *known == mac {
                families.push(family.clone());
            }
        }
    }
    proven.map_or(Proof::Flawed(flaw), |(mac, families)| Proof::Phone(mac, families))
}

fn mac_in(certificate: &X509Certificate<'_>, name: &CertificateName) -> Option<Mac> {
    let attributes = certificate.subject().iter_attributes();
    let mut texts = attributes.filter(|one| one.attr_type().to_id_string() == name.oid);
    texts.find_map(|one| name.mac(one.as_str().ok()?))
}

/// Whether an authority made a certificate, or what is wrong with it.
fn vouches(
    authority: &ClientAuthority,
    leaf: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    read: &X509Certificate<'_>,
    now: UnixTime,
) -> Result<(), Refusal> {
    let holds = |algorithms, time| is_chained(authority, leaf, others, algorithms, time);
    if !is_weak(read) && holds(webpki::ALL_VERIFICATION_ALGS, now) {
        return Ok(());
    }
    let made_at = u64::try_from(read.validity().not_before.timestamp()).unwrap_or_default();
    let made_at = UnixTime::since_unix_epoch(Duration::from_secs(made_at));
    let flaw = match holds(&OLD_ALGORITHMS, now) {
        true => Refusal::WeakCertificate,
        false if holds(&OLD_ALGORITHMS, made_at) => Refusal::ExpiredCertificate,
        false => return Err(Refusal::UntrustedCertificate),
    };
    if authority.weak { Ok(()) } else { Err(flaw) }
}

/// All that webpki knows, and what old phones were made with.
static OLD_ALGORITHMS: LazyLock<Vec<&'static dyn SignatureVerificationAlgorithm>> = LazyLock::new(|| {
    let old = [legacy::RSA_SHA1, legacy::RSA_SHA256, legacy::RSA_SHA512];
    // The old ones first: webpki takes the first that fits the signature.
    old.into_iter().chain(webpki::ALL_VERIFICATION_ALGS.iter().copied()).collect()
});

fn is_chained(
    authority: &ClientAuthority,
    leaf: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    time: UnixTime,
) -> bool {
    let Ok(leaf) = EndEntityCert::try_from(leaf) else { return false };
    let anchors: Vec<_> = authority.certificates.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    leaf.verify_for_usage(algorithms, &anchors, others, time, KeyUsage::client_auth(), None, None).is_ok()
}
