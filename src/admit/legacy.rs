//! Signatures of the time in which old phones were made: RSA with keys of 1024 bits and more, and SHA-1.

use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RsaParameters, UnparsedPublicKey,
};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// RSA with SHA-1.
pub static RSA_SHA1: &dyn SignatureVerificationAlgorithm =
    &Legacy { signature: SHA1_WITH_RSA, verify: &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY };
/// RSA with SHA-256, from 1024 bits on.
pub static RSA_SHA256: &dyn SignatureVerificationAlgorithm =
    &Legacy { signature: alg_id::RSA_PKCS1_SHA256, verify: &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY };
/// RSA with SHA-512, from 1024 bits on.
pub static RSA_SHA512: &dyn SignatureVerificationAlgorithm =
    &Legacy { signature: alg_id::RSA_PKCS1_SHA512, verify: &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY };

/// sha1WithRSAEncryption (RFC 3279), with its empty parameter.
const SHA1_WITH_RSA: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00]);

#[derive(Debug)]
struct Legacy {
    signature: AlgorithmIdentifier,
    verify: &'static RsaParameters,
}

impl SignatureVerificationAlgorithm for Legacy {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.verify, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}
