//! What a chain of certificates proves, whoever shows it.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook::admit::{Proof, judge};
use offhook::catalogue::{Catalogue, CertificateName};
use offhook::fleet::ClientAuthority;
use offhook::live::shipped;
use rcgen::DnType::{CommonName, OrganizationName};
use rustls::pki_types::{CertificateDer, UnixTime};

use crate::makers::{Maker, OldMaker, expired, for_clients, for_servers, not_yet, surname};

const MAC: &str = "001565aa0001";

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(&shipped(), None).0);

fn names(family: &str) -> &'static [CertificateName] {
    &CATALOGUE.families[family].family.certificate_names
}

fn authority(certificates: Vec<CertificateDer<'static>>, families: &[&str], weak: bool) -> ClientAuthority {
    let families = families.iter().map(|id| (*id).into()).collect();
    ClientAuthority { file: "ca.pem".into(), families, weak, certificates, at: 1 }
}

/// What a chain proves to these authorities, in a word or two.
fn proof(chain: &[CertificateDer<'static>], authorities: &[ClientAuthority]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    match judge(chain, authorities, names, UnixTime::since_unix_epoch(now)) {
        Proof::Nothing => "nothing".to_owned(),
        Proof::Phone(mac, families) => format!("{mac} {}", families.join(" ")),
        Proof::Flawed(refusal) => refusal.code().to_owned(),
    }
}

#[test]
fn the_name_is_read_where_the_family_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let maker = Maker::new(folder.path(), "maker");
    for (field, text, yealink, cisco) in [
        (CommonName, MAC, "001565aa0001 yealink", "nameless-certificate"),
        (CommonName, "00:15:65:AA:00:01", "001565aa0001 yealink", "nameless-certificate"),
        (CommonName, "00-15-65-aa-00-01", "001565aa0001 yealink", "nameless-certificate"),
        (CommonName, "Yealink 001565aa0001", "nameless-certificate", "nameless-certificate"),
        (CommonName, "001565aa00011", "nameless-certificate", "nameless-certificate"),
        (CommonName, "SIP Phone", "nameless-certificate", "nameless-certificate"),
        (surname(), "000e08abcdef", "nameless-certificate", "000e08abcdef cisco-spa cisco-mpp"),
        (surname(), "ciscogeneric", "nameless-certificate", "nameless-certificate"),
        (OrganizationName, MAC, "nameless-certificate", "nameless-certificate"),
    ] {
        let chain = maker.phone("phone", field, text).chain();
        assert_eq!(proof(&chain, &[authority(maker.made.chain(), &["yealink"], false)]), yealink, "{text}");
        assert_eq!(
            proof(&chain, &[authority(maker.made.chain(), &["cisco-spa", "cisco-mpp"], false)]),
            cisco,
            "{text}"
        );
    }
}

#[test]
fn the_chain_has_to_lead_to_an_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (maker, other) = (Maker::new(folder.path(), "maker"), Maker::new(folder.path(), "other"));
    let below = maker.below("below");
    let whole = below.phone_with_chain("whole", CommonName, MAC).chain();
    let alone = below.phone("alone", CommonName, MAC).chain();
    // A phone that passes itself off as an authority.
    let phone = maker.phone("phone", CommonName, MAC);
    for (what, chain, authorities, verdict) in [
        ("none is shown", vec![], vec![&maker], "nothing"),
        ("nobody is trusted", phone.chain(), vec![], "untrusted-certificate"),
        ("another maker's", phone.chain(), vec![&other], "untrusted-certificate"),
        ("one of two", phone.chain(), vec![&other, &maker], "001565aa0001 yealink"),
        ("by way of an authority below", whole.clone(), vec![&maker], "001565aa0001 yealink"),
        ("which is missing", alone.clone(), vec![&maker], "untrusted-certificate"),
        ("which is trusted itself", alone, vec![&below], "001565aa0001 yealink"),
        ("the authority itself", maker.made.chain(), vec![&maker], "untrusted-certificate"),
        (
            "far too long",
            whole.iter().chain(&whole).chain(&whole).chain(&whole).cloned().collect(),
            vec![&maker],
            "untrusted-certificate",
        ),
        ("no certificate at all", vec![CertificateDer::from(vec![1, 2, 3])], vec![&maker], "untrusted-certificate"),
    ] {
        let authorities: Vec<_> =
            authorities.into_iter().map(|maker| authority(maker.made.chain(), &["yealink"], false)).collect();
        assert_eq!(proof(&chain, &authorities), verdict, "{what}");
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_and_a_weak_authority_bears_it() {
    let folder = tempfile::tempdir().unwrap();
    let maker = Maker::new(folder.path(), "maker");
    let sha1 = OldMaker::new(folder.path(), "sha1", 2048, "sha1");
    let short = OldMaker::new(folder.path(), "short", 1024, "sha256");
    let sound = OldMaker::new(folder.path(), "sound", 2048, "sha256");
    let subject = format!("/CN={MAC}");
    let by = |change: fn(&mut rcgen::CertificateParams)| maker.phone_with("phone", CommonName, MAC, change).chain();
    let good = "001565aa0001 yealink";
    for (what, chain, ca, strict, weak) in [
        ("good", by(|_| {}), &maker.made, good, good),
        ("for clients", by(for_clients), &maker.made, good, good),
        ("for servers only", by(for_servers), &maker.made, "untrusted-certificate", "untrusted-certificate"),
        ("over", by(expired), &maker.made, "expired-certificate", good),
        ("not yet", by(not_yet), &maker.made, "expired-certificate", good),
        ("SHA-1", sha1.phone("a", &subject).chain(), &sha1.made, "weak-certificate", good),
        ("RSA-1024", short.phone("b", &subject).chain(), &short.made, "weak-certificate", good),
        ("its own key is short", sound.phone_of("c", &subject, 1024).chain(), &sound.made, "weak-certificate", good),
        ("RSA-2048, SHA-256", sound.phone("d", &subject).chain(), &sound.made, good, good),
        (
            "old, of another",
            sha1.phone("e", &subject).chain(),
            &short.made,
            "untrusted-certificate",
            "untrusted-certificate",
        ),
    ] {
        for (is_weak, verdict) in [(false, strict), (true, weak)] {
            let shown = proof(&chain, &[authority(ca.chain(), &["yealink"], is_weak)]);
            assert_eq!(shown, verdict, "{what}, weak: {is_weak}");
        }
    }
}

#[test]
fn a_chain_is_judged_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let maker = Maker::new(folder.path(), "maker");
    let chain = maker.phone_with("phone", CommonName, MAC, expired).chain();
    let authorities = [authority(maker.made.chain(), &["yealink"], false)];
    // In the year 2015 it was good, and where the server's clock stands at 1970 nothing is.
    for (secs, good) in [(1_420_070_400, true), (0, false), (1_600_000_000, false)] {
        let proof = judge(&chain, &authorities, names, UnixTime::since_unix_epoch(Duration::from_secs(secs)));
        assert_eq!(proof.mac().is_some(), good, "{secs}");
    }
}
