//! Listeners, and by whom phones' certificates are judged.

use insta::assert_snapshot;

use crate::common::{SITE, phone};

#[test]
fn listeners_that_cannot_be() {
    let fleet = "schema = 1\n[[listen]]\naddress = \"localhost\"\n[[listen]]\naddress = \"0.0.0.0:8443\"\nplain = true\n\
                 tls = { certificate = \"a\", key = \"b\" }\nfamilies = [\"yealnk\"]\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", fleet).findings(), @"
    error: fleet.toml:3: `address` is `localhost`, but must be an address with a port, such as 0.0.0.0:8443 [bad-address]
    error: fleet.toml:4: a listener is either `plain` or has `tls`, not both [plain-and-tls]
    ");
    let behind = "schema = 1\n[[listen]]\naddress = \"127.0.0.1:8443\"\nproxy_protocol = true\n[[listen]]\n\
                  address = \"127.0.0.1:8444\"\nproxies = [\"10.0.0.5\", \"haproxy\"]\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", behind).findings(), @r#"
    error: fleet.toml:2: with `proxy_protocol` nobody but `proxies` may connect, and none are named [no-proxies]
      hint: write `proxies = ["10.0.0.5"]`
    error: fleet.toml:7: `haproxy` is not a network: 192.0.2.0/24, 2001:db8::/32 or one address were expected [bad-network]
    "#);
    let open = "schema = 1\n[[listen]]\naddress = \"0.0.0.0:8443\"\n";
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", open).findings(), @"
    error: fleet.toml: `public_url` is missing: phones would be told `https://0.0.0.0:8443`, which is no address [no-public-url]
      hint: write what phones call this server
    warning: fleet.toml:2: `0.0.0.0:8443` is open to other machines, but no site says in [trust] who may fetch [no-trust]
      hint: until one does, it refuses every phone
    ");
    let named = "schema = 1\npublic_url = \"https://phones.example.org\"\n[[listen]]\naddress = \"0.0.0.0:8443\"\n";
    let site = format!("{SITE}[trust]\ndemand = [\"token\"]\n");
    let demanding = phone("yealink-t46s", "").with("fleet.toml", named).with("sites/a/site.toml", &site);
    assert_snapshot!(demanding.findings(), @"");
}

#[test]
fn authorities_that_cannot_be() {
    let made = |change: fn(&mut rcgen::CertificateParams), key: &rcgen::KeyPair| {
        let mut params = rcgen::CertificateParams::default();
        change(&mut params);
        params.self_signed(key).unwrap().pem()
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = |params: &mut rcgen::CertificateParams| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    let no_authority = |params: &mut rcgen::CertificateParams| params.is_ca = rcgen::IsCa::ExplicitNoCa;
    let two = made(authority, &key) + &made(no_authority, &key);
    let with = |entry: &str| {
        let text = format!("schema = 1\n[[client_authorities]]\n{entry}\n");
        let fleet = phone("yealink-t46s", "").with("fleet.toml", &text).with("ca/none.pem", "nothing\n");
        let fleet = fleet.with("ca/cut.pem", "-----BEGIN CERTIFICATE-----\n").with("ca/two.pem", &two);
        let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        fleet.with("ca/odd.pem", odd).with("ca/good.pem", &made(authority, &key)).findings()
    };
    let all: Vec<String> = [
        "file = \"ca/good.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/good.pem\"",
        "families = [\"yealink\"]\nweek = true",
        "file = \"ca/missing.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/none.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/cut.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/odd.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/two.pem\"\nfamilies = [\"yealink\"]",
        "file = \"ca/good.pem\"\nfamilies = [\"yealnk\", \"gigaset-nx70\"]",
    ]
    .map(|entry| with(entry).trim().to_owned())
    .into();
    assert_snapshot!(all.join("\n--\n"), @r#"
    --
    error: fleet.toml:2: `client_authorities[1].families` says for no family of phones [missing-field]
      hint: a maker vouches for its own phones only: families = ["yealink"]
    --
    error: fleet.toml:2: `client_authorities[1].file` is missing [missing-field]
    error: fleet.toml:4: `client_authorities[1].week` is not a known field [unknown-field]
      hint: did you mean `weak`?
    --
    error: fleet.toml:3: `ca/missing.pem` cannot be read: no such file or directory [bad-authority]
      hint: paths begin at the fleet's folder; PEM is expected
    --
    error: fleet.toml:3: `ca/none.pem` holds no certificate [bad-authority]
      hint: expected PEM, with a line `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der` converts DER
    --
    error: fleet.toml:3: `ca/cut.pem` is not PEM: a block in it is cut off or damaged [bad-authority]
      hint: get it from the maker again
    --
    error: fleet.toml:3: certificate 1 of `ca/odd.pem` cannot be read [bad-authority]
      hint: only certificates that sign others belong here, never a phone's or a server's own
    --
    error: fleet.toml:3: certificate 2 of `ca/two.pem` is not that of an authority: `CN=rcgen self signed cert` [bad-authority]
      hint: only certificates that sign others belong here, never a phone's or a server's own
    --
    error: fleet.toml:2: the family `yealnk` does not exist [unknown-family]
      hint: did you mean `yealink`?
    warning: fleet.toml:2: nobody knows where certificates of the family `gigaset-nx70` have the MAC [no-certificate-name]
      hint: none of its phones is admitted by one; see [[certificate]] in docs/add-a-family.md
    "#);
}

#[test]
fn certificates_that_nobody_asks_for() {
    let fleet = phone("yealink-t46s", "");
    let site = "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"certificate\"]\n";
    let plain = "schema = 1\n[[listen]]\naddress = \"127.0.0.1:1\"\nplain = true\nclient_certificates = \"ask\"\n";
    assert_snapshot!(fleet.with("sites/a/site.toml", site).findings(), @r#"
    warning: sites/a/site.toml: the site demands a certificate, and no phone can show a good one [no-trust]
      hint: a listener in fleet.toml has to ask: client_certificates = "ask"
    "#);
    assert_snapshot!(phone("yealink-t46s", "").with("fleet.toml", plain).findings(), @"
    error: fleet.toml:2: a `plain` listener cannot ask for certificates [plain-and-tls]
      hint: phones show theirs to a listener with TLS only
    ");
}
