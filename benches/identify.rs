//! How long it takes to tell who asks: `cargo bench --bench identify`. The goal is under 10 µs for a request.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use offhook::catalogue::Catalogue;
use offhook::identify::{Index, Request, identify};
use offhook::live::shipped;

const REQUESTS: [(&str, &str, Option<&str>); 7] = [
    ("yealink with MAC", "/acme/001565aabbcc.cfg", Some("Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc")),
    (
        "spa under a token",
        "/~b7f3a1c09d2e4f58/000e08aabbcc.xml",
        Some("Cisco/SPA504G-7.6.2b (000E08AABBCC)(CCQ162306EA)"),
    ),
    ("maxwell", "/acme/7c2f80e61af4.xml", Some("Maxwell 3 PRO/82.2.18.4-release;7C2F80E61AF4")),
    ("xml without user agent", "/acme/7c2f80e61af4.xml", None),
    ("gigaset chain", "/device/42/2/../../sifs/siu_123.bin", Some("N510 IP PRO/42.245.00.000.000;7C2F804DF9A9")),
    ("browser", "/favicon.ico", Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")),
    ("scanner", "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh?x=1&mac=nonsense&y=%00", Some("curl/8.14.1")),
];

fn identification(criterion: &mut Criterion) {
    let index = Index::of(&Catalogue::load(&shipped(), None).0).unwrap();
    let mut group = criterion.benchmark_group("identify");
    for (name, target, user_agent) in REQUESTS {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                identify(
                    &Request { target: black_box(target), user_agent: black_box(user_agent), certificate: None },
                    &index,
                )
            })
        });
    }
    group.finish();
}

criterion_group!(benches, identification);
criterion_main!(benches);
