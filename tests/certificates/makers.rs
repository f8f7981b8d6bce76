//! Makers of phones, and the certificates that they put into them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The field that Cisco calls S.
pub fn surname() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 4])
}

/// A certificate with its key, in files `NAME.pem` and `NAME.key`.
#[derive(Clone)]
pub struct Made {
    pub pem: PathBuf,
    pub key: PathBuf,
}

impl Made {
    fn write(folder: &Path, name: &str, pem: &str, key: &str) -> Made {
        let made = Made::at(folder, name);
        fs::write(&made.pem, pem).unwrap();
        fs::write(&made.key, key).unwrap();
        made
    }

    fn at(folder: &Path, name: &str) -> Made {
        Made { pem: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) }
    }

    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(&self.pem).unwrap().map(Result::unwrap).collect()
    }
}

/// A maker with keys of today.
pub struct Maker {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    pub made: Made,
}

impl Maker {
    pub fn new(folder: &Path, name: &str) -> Maker {
        let key = KeyPair::generate().unwrap();
        let params = authority(name);
        let certificate = params.self_signed(&key).unwrap();
        Maker::of(folder, name, params, key, certificate.pem())
    }

    fn of(folder: &Path, name: &str, params: CertificateParams, key: KeyPair, pem: String) -> Maker {
        let made = Made::write(folder, name, &pem, &key.serialize_pem());
        Maker { folder: folder.to_owned(), issuer: Issuer::new(params, key), pem, made }
    }

    /// An authority under this one.
    pub fn below(&self, name: &str) -> Maker {
        let key = KeyPair::generate().unwrap();
        let params = authority(name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Maker::of(&self.folder, name, params, key, certificate.pem())
    }

    /// A phone with something in a field of its subject.
    pub fn phone(&self, name: &str, field: DnType, text: &str) -> Made {
        self.phone_with(name, field, text, |_| {})
    }

    pub fn phone_with(&self, name: &str, field: DnType, text: &str, change: impl Fn(&mut CertificateParams)) -> Made {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationalUnitName, "a phone");
        params.distinguished_name.push(field, text);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Made::write(&self.folder, name, &certificate.pem(), &key.serialize_pem())
    }

    /// A phone that shows this authority behind its own certificate.
    pub fn phone_with_chain(&self, name: &str, field: DnType, text: &str) -> Made {
        let made = self.phone(name, field, text);
        let leaf = fs::read_to_string(&made.pem).unwrap();
        fs::write(&made.pem, leaf + &self.pem).unwrap();
        made
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub fn expired(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2010, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
}

pub fn not_yet(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2090, 1, 1);
    params.not_after = rcgen::date_time_ymd(2095, 1, 1);
}

pub fn for_servers(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
}

pub fn for_clients(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

/// A maker of long ago, by openssl: RSA keys of so many bits, signatures with a digest.
pub struct OldMaker {
    folder: PathBuf,
    name: &'static str,
    bits: u32,
    digest: &'static str,
    pub made: Made,
}

impl OldMaker {
    pub fn new(folder: &Path, name: &'static str, bits: u32, digest: &'static str) -> OldMaker {
        let made = Made::at(folder, name);
        let subject = format!("/CN={name}");
        let (bits_of_key, digest_of_it) = (format!("rsa:{bits}"), format!("-{digest}"));
        let rest = [&digest_of_it, "-nodes", "-days", "3650", "-subj", &subject];
        openssl(folder, &[&["req", "-x509", "-newkey", &bits_of_key][..], &rest, &files(name)].concat());
        OldMaker { folder: folder.to_owned(), name, bits, digest, made }
    }

    pub fn phone(&self, name: &str, subject: &str) -> Made {
        self.phone_of(name, subject, self.bits)
    }

    /// A phone with a key of its own size.
    pub fn phone_of(&self, name: &str, subject: &str, bits: u32) -> Made {
        let (bits, digest) = (format!("rsa:{bits}"), format!("-{}", self.digest));
        let (key, request, pem) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let (authority, its_key) = (format!("{}.pem", self.name), format!("{}.key", self.name));
        // Without any extension openssl writes certificates of version 1.
        fs::write(self.folder.join("v3.cnf"), "keyUsage = digitalSignature, keyEncipherment\n").unwrap();
        openssl(
            &self.folder,
            &["req", "-new", "-newkey", &bits, "-nodes", "-subj", subject, "-keyout", &key, "-out", &request],
        );
        openssl(
            &self.folder,
            &[
                "x509",
                "-req",
                "-in",
                &request,
                &digest,
                "-CA",
                &authority,
                "-CAkey",
                &its_key,
                "-set_serial",
                "7",
                "-days",
                "365",
                "-extfile",
                "v3.cnf",
                "-out",
                &pem,
            ],
        );
        Made::at(&self.folder, name)
    }
}

fn files(name: &str) -> [&str; 4] {
    let leak = |text: String| -> &'static str { text.leak() };
    ["-keyout", leak(format!("{name}.key")), "-out", leak(format!("{name}.pem"))]
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let run = Command::new("openssl").current_dir(folder).args(arguments).output().expect("openssl is installed");
    assert!(run.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}
