//! The arithmetic of Digest: RFC 7616, section 3.4.1, and the older form of RFC 2069.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use md5::Md5;

/// How texts are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// What every phone knows. Its collisions are of no use against a password of 128 random bits.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    /// The hash of some texts with colons between them.
    fn of(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Algorithm::Md5 => HEXLOWER.encode(&<Md5 as md5::Digest>::digest(text)),
            Algorithm::Sha256 => HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref()),
        }
    }
}

/// The proof that somebody knows a password, as a client sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// The user name.
    pub user: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// What is asked for, as the client writes it here.
    pub uri: String,
    /// The proof, in lower case.
    pub response: String,
    /// How it was made.
    pub algorithm: Algorithm,
    /// How often the nonce was used; none in the form of RFC 2069.
    pub counted: Option<Counted>,
}

/// What `qop=auth` adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// How often the client has used the nonce, this time included.
    pub count: u32,
    /// The same as it is written.
    pub nc: String,
    /// `auth`, as it is written.
    pub qop: String,
    /// The client's own nonce.
    pub cnonce: String,
}

impl Digest {
    /// What the response is if it was made with this password.
    pub fn expected(&self, realm: &str, password: &str, method: &str) -> String {
        let hash = |parts: &[&str]| self.algorithm.of(parts);
        let who = hash(&[&self.user, realm, password]);
        let what = hash(&[method, &self.uri]);
        match &self.counted {
            Some(Counted { nc, cnonce, qop, .. }) => hash(&[&who, &self.nonce, nc, cnonce, qop, &what]),
            None => hash(&[&who, &self.nonce, &what]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Authorization, parse};

    /// The examples of the RFCs: the header that the client sends is right with this realm and password.
    #[test]
    fn the_examples_of_the_rfcs() {
        for (realm, password, header) in [
            // RFC 7616, 3.9.1: MD5 and SHA-256.
            (
                "http-auth@example.org",
                "Circle of Life",
                r#"Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5,
                   nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001,
                   cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth,
                   response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            ),
            (
                "http-auth@example.org",
                "Circle of Life",
                r#"Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256,
                   nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001,
                   cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth,
                   response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
                   opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            ),
            // RFC 2617, 3.5.
            (
                "testrealm@host.com",
                "Circle Of Life",
                r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
                   uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b",
                   response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
            ),
            // RFC 2069, 2.4, with the response of its erratum 749.
            (
                "testrealm@host.com",
                "CircleOfLife",
                r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
                   uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea",
                   opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
            ),
        ] {
            let header = header.split_whitespace().collect::<Vec<_>>().join(" ");
            let Ok(Authorization::Digest(digest)) = parse(&header) else { panic!("{header}") };
            assert_eq!(digest.expected(realm, password, "GET"), digest.response, "{header}");
            for (realm, password, method) in
                [("other", password, "GET"), (realm, "other", "GET"), (realm, password, "HEAD")]
            {
                assert_ne!(digest.expected(realm, password, method), digest.response, "{header}");
            }
        }
    }
}
