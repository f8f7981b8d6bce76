//! What the certificates of connections prove, judged once and kept for a while.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{Context, SHA256};
use quick_cache::sync::Cache;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::admit::{Proof, judge};
use crate::live::Serving;

/// Chains that are remembered, about 200 bytes each.
const CHAINS: usize = 16 * 1024;

/// A chain is judged again after so long, since certificates end.
const WHILE: Duration = Duration::from_secs(3600);

/// A chain by its hash, and what it is judged by: the generations of authorities and families, and the hour.
type Key = ([u8; 32], [u64; 2], u64);

/// The proofs of late. What has changed since makes another key, so none of them is stale.
pub(super) struct Proofs(Cache<Key, Proof>);

impl Proofs {
    pub(super) fn new() -> Proofs {
        Proofs(Cache::new(CHAINS))
    }

    /// What a chain proves at this time.
    pub(super) fn of(&self, chain: &[CertificateDer<'_>], serving: &Serving, now: SystemTime) -> Proof {
        if chain.is_empty() {
            return Proof::Nothing;
        }
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let key = (hash(chain), serving.world.common_generations(), now.as_secs() / WHILE.as_secs());
        if let Some(known) = self.0.get(&key) {
            return known;
        }
        let authorities = serving.world.root().map(|root| root.client_authorities.clone()).unwrap_or_default();
        let families = &serving.world.catalogue.families;
        let names = |id: &str| families.get(id).map(|maker| &*maker.family.certificate_names).unwrap_or_default();
        let proof = judge(chain, &authorities, names, UnixTime::since_unix_epoch(now));
        self.0.insert(key, proof.clone());
        proof
    }
}

fn hash(chain: &[CertificateDer<'_>]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for one in chain {
        context.update(&(one.len() as u64).to_be_bytes());
        context.update(one);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
