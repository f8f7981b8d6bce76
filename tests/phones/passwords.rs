//! Phones that show a password, asked for by programs that know nothing of us.

use std::process::Command;

use http_auth::{PasswordClient, PasswordParams};
use offhook::server::{Method, Reply};

use crate::house::{
    ALL, CISCO, GIGASET, House, LOCAL, PUBLIC, Phone, STRANGER, TRUSTED, Way, YEALINK, fleet, put, whose,
};
use crate::log::Log;
use crate::wire::{Running, header, request, serving};

const PASSWORD: &str = "typed-in-7";

/// Every phone has a password; the site `a` demands it, and `b` takes it in place of the network.
fn house() -> House {
    house_with("[trust]\ndemand = [\"password\"]\n", "")
}

/// The same with other texts in the site `a` and in the `[trust]` of its phones.
fn house_with(site: &str, trust: &str) -> House {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path());
    put(folder.path(), "sites/a/site.toml", &format!("sip.server = \"sip.example.org\"\n{site}"));
    for phone in ALL {
        let site = if phone.password == "Secret301x" { "b" } else { "a" };
        let path = format!("sites/{site}/phones/{}.toml", phone.mac);
        let text = std::fs::read_to_string(folder.path().join(&path)).unwrap();
        put(folder.path(), &path, &format!("{text}[trust]\npassword = \"{PASSWORD}\"\n{trust}"));
    }
    House::open(folder)
}

/// What a program prints: on stdout, and on stderr.
fn output(program: &str, arguments: &[&str]) -> (String, String) {
    let output = Command::new(program).args(arguments).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn url(running: &Running, tls: bool, phone: &Phone) -> String {
    match tls {
        true => format!("https://{}/{}", running.tls, phone.file),
        false => format!("http://{}/{}", running.plain, phone.file),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_fetches_with_digest_and_over_tls_with_basic() {
    let running = serving(house()).await;
    let right = format!("{}:{PASSWORD}", CISCO.mac.to_uppercase());
    let (other_user, other_password) = (format!("{}:{PASSWORD}", YEALINK.mac), format!("{}:guessed", CISCO.mac));
    for (tls, way, user, status) in [
        (true, &["--digest"][..], &right, "200"),
        (true, &["--basic"], &right, "200"),
        (true, &["--anyauth"], &right, "200"),
        (true, &["--digest", "-I"], &right, "200"),
        (true, &["--digest"], &other_password, "401"),
        (true, &["--basic"], &other_password, "401"),
        (true, &["--digest"], &other_user, "401"),
        (true, &["--basic"], &other_user, "401"),
        (false, &["--digest"], &right, "200"),
        (false, &["--anyauth"], &right, "200"),
        (false, &["--digest", "--http1.0"], &right, "200"),
        (false, &["--basic"], &right, "401"),
    ] {
        let url = url(&running, tls, &CISCO);
        let arguments = [&["-sSk", "--max-time", "20", "-w", "%{http_code}", "-u", user, &url], way].concat();
        let (said, errors) = output("curl", &arguments);
        assert!(said.ends_with(status), "{way:?} as {user} over {url}: {said}{errors}");
        let got = status == "200" && !way.contains(&"-I");
        assert_eq!(whose(&said), if got { vec![CISCO.mac] } else { vec![] }, "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn python_fetches_with_digest_and_over_tls_with_basic() {
    let running = serving(house()).await;
    let script = "\
import ssl, sys, urllib.error, urllib.request
kind, url, user, password = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
known.add_password(None, url, user, password)
handler = {'digest': urllib.request.HTTPDigestAuthHandler, 'basic': urllib.request.HTTPBasicAuthHandler}[kind](known)
opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), handler)
for _ in range(2):
    try:
        print(opener.open(url, timeout=20).read().decode())
    except (urllib.error.HTTPError, ValueError) as error:
        print(error)
";
    for (kind, tls, user, password, fetched) in [
        ("digest", false, CISCO.mac, PASSWORD, true),
        ("digest", true, "1C:DF:0F:AA:00:02", PASSWORD, true),
        ("basic", true, CISCO.mac, PASSWORD, true),
        ("digest", true, CISCO.mac, "guessed", false),
        ("basic", true, CISCO.mac, "guessed", false),
        ("basic", false, CISCO.mac, PASSWORD, false),
    ] {
        let url = url(&running, tls, &CISCO);
        let (said, errors) = output("python3", &["-c", script, kind, &url, user, password]);
        let times = said.matches(CISCO.password).count();
        assert_eq!(times, if fetched { 2 } else { 0 }, "{kind} over {url}: {said}{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sha_256_where_a_family_says_so() {
    let folder = house().folder;
    let family = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/models/yealink/family.toml")).unwrap();
    let (head, rest) = family.split_once("maker = ").unwrap();
    let own = "challenges = [\"digest-sha256\"]\nchallenges_source = \"we say so\"\n";
    put(folder.path(), "overrides/models/yealink/family.toml", &format!("{head}{own}maker = {rest}"));
    let running = serving(House::open(folder)).await;
    let (url, user) = (url(&running, true, &YEALINK), format!("{}:{PASSWORD}", YEALINK.mac));
    let (said, told) = output("curl", &["-vsk", "--digest", "-u", &user, &url]);
    assert_eq!(whose(&said), [YEALINK.mac], "{told}");
    assert!(told.contains("algorithm=SHA-256") && !told.contains("MD5"), "{told}");
}

/// The head of an answer, and the client that has got it.
async fn challenged(running: &Running) -> (String, PasswordClient) {
    let get = request("GET", &format!("/{}", YEALINK.file), YEALINK.user_agent, "");
    let (head, body) = running.over_tls(&get).await;
    assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n") && body.is_empty(), "{head}");
    let client = PasswordClient::builder().challenges(header(&head, "Www-Authenticate")).build().unwrap();
    (head, client)
}

/// What a client answers, for the phone's own file.
fn answer(client: &mut PasswordClient, username: &str, password: &str) -> String {
    let uri = &format!("/{}", YEALINK.file);
    let authorization = client.respond(&PasswordParams { username, password, uri, method: "GET", body: Some(&[]) });
    format!("Authorization: {}\r\n", authorization.unwrap())
}

#[tokio::test]
async fn what_was_sent_once_is_not_taken_twice() {
    let running = serving(house()).await;
    let (_, mut client) = challenged(&running).await;
    let get = |more: &str| request("GET", &format!("/{}", YEALINK.file), YEALINK.user_agent, more);
    let (first, second) = (answer(&mut client, YEALINK.mac, PASSWORD), answer(&mut client, YEALINK.mac, PASSWORD));
    assert!(first.contains("nc=00000001") && second.contains("nc=00000002"), "{second}");
    for (more, taken) in [(&first, true), (&first, false), (&second, true), (&second, false), (&first, false)] {
        let (head, body) = running.over_tls(&get(more)).await;
        assert_eq!(whose(std::str::from_utf8(&body).unwrap()), if taken { vec![YEALINK.mac] } else { vec![] });
        assert_eq!(head.starts_with("HTTP/1.1 401 ") && head.contains("stale=true"), !taken, "{head}");
    }
    // What is good for one method or path is not for another.
    for (method, target) in [("HEAD", format!("/{}", YEALINK.file)), ("GET", format!("/x/{}", YEALINK.file))] {
        let authorization = answer(&mut challenged(&running).await.1, YEALINK.mac, PASSWORD);
        let (head, _) = running.over_tls(&request(method, &target, YEALINK.user_agent, &authorization)).await;
        assert!(head.starts_with("HTTP/1.1 401 ") && !head.contains("stale=true"), "{method} {target}: {head}");
    }
}

#[tokio::test]
async fn nothing_tells_a_wrong_user_name_from_a_wrong_password() {
    let running = serving(house()).await;
    let mut heads = Vec::new();
    for (user, password) in
        [(YEALINK.mac, "guessed"), ("nobody", PASSWORD), ("nobody", "guessed"), (CISCO.mac, PASSWORD)]
    {
        let (asked, mut client) = challenged(&running).await;
        let authorization = answer(&mut client, user, password);
        let basic = data_encoding::BASE64.encode(format!("{user}:{password}").as_bytes());
        for more in [authorization, format!("Authorization: Basic {basic}\r\n")] {
            let get = request("GET", &format!("/{}", YEALINK.file), YEALINK.user_agent, &more);
            let (head, body) = running.over_tls(&get).await;
            assert!(body.is_empty());
            heads.push(head);
        }
        heads.push(asked);
    }
    let masked = |head: &String| {
        let words = head.split_inclusive([' ', '\n']);
        words.filter(|word| !word.starts_with("nonce=") && !word.contains(':') || word.starts_with("Www-")).collect()
    };
    let first: String = masked(&heads[0]);
    assert!(first.contains("Digest realm=\"offhook\", algorithm=MD5") && first.contains("Basic realm="), "{first}");
    for head in &heads {
        assert_eq!(masked(head), first);
    }
}

/// The status, and the schemes that are asked for.
fn asked(reply: &Reply) -> (u16, Vec<&str>) {
    let scheme = |line: &'_ offhook::server::HeaderValue| line.to_str().unwrap().split(' ').next().unwrap().len();
    let schemes = reply.challenges.iter().map(|line| &line.to_str().unwrap()[..scheme(line)]);
    (reply.status.as_u16(), schemes.collect())
}

#[test]
fn who_is_asked_for_a_password() {
    let (both, digest, nobody) = (vec!["Digest", "Basic"], vec!["Digest"], vec![]);
    let stranger = Way { peer: STRANGER, local: PUBLIC, ..LOCAL };
    let trusted = Way { peer: TRUSTED, ..stranger };
    let accepts = "[trust]\nnetworks = [\"192.0.2.0/24\"]\n";
    for (site, way, wanted) in [
        (accepts, stranger, (401, both.clone())),
        (accepts, Way { tls: false, ..stranger }, (401, digest)),
        (accepts, Way { method: &Method::HEAD, ..stranger }, (401, both.clone())),
        // Whoever is trusted already is not asked.
        (accepts, trusted, (200, nobody.clone())),
        ("[trust]\naccept = [\"password\"]\n", LOCAL, (401, both.clone())),
        ("[trust]\ndemand = [\"password\"]\n", LOCAL, (401, both)),
        // A password would not help.
        ("[trust]\naccept = [\"network\"]\n", stranger, (403, nobody.clone())),
        ("[trust]\ndemand = [\"network\"]\n", stranger, (403, nobody)),
    ] {
        let house = house_with(site, "");
        let reply = house.ask(&format!("/{}", YEALINK.file), way);
        assert_eq!(asked(&reply), wanted, "{site} from {} by {}", way.peer, way.method);
        assert!(reply.status == 200 || (reply.body.is_empty() && reply.etag.is_none()));
    }
    // A phone without a password is asked for none, whatever its site wants.
    let house = House::new();
    put(
        house.folder.path(),
        "sites/a/site.toml",
        "sip.server = \"sip.example.org\"\n[trust]\ndemand = [\"password\"]\n",
    );
    let house = House::open(house.folder);
    assert_eq!(asked(&house.ask(&format!("/{}", YEALINK.file), LOCAL)), (403, vec![]));
    // What has no secret goes to everybody.
    assert_eq!(house.ask("/spa504G.cfg", Way { user_agent: Some("Cisco/SPA504G-7.4.9c"), ..stranger }).status, 200);
}

#[test]
fn the_first_two_rounds_of_a_maxwell_are_quiet_and_no_password_is_logged() {
    let (quiet, all) = (Log::default(), Log::default());
    let rounds = |log: &Log, level, passwords: &[&str]| {
        tracing::subscriber::with_default(log.subscriber(level), || {
            let house = house();
            let target = format!("/{}", GIGASET.file);
            let mut reply = house.ask(&target, LOCAL);
            for password in passwords {
                assert_eq!(reply.status, 401);
                let challenge = reply.challenges[0].to_str().unwrap();
                let mut client = PasswordClient::builder().challenges(challenge).build().unwrap();
                let username = &GIGASET.mac.to_uppercase();
                let params = PasswordParams { username, password, uri: &target, method: "GET", body: Some(&[]) };
                let authorization = client.respond(&params).unwrap();
                reply = house.ask(&target, Way { authorization: Some(&authorization), ..LOCAL });
            }
            reply.status.as_u16()
        })
    };
    assert_eq!(rounds(&quiet, tracing::Level::INFO, &["its-own-secret", PASSWORD]), 200);
    let told = quiet.text();
    assert!(told.lines().count() == 1 && told.contains("served a new `phone`"), "{told}");

    assert_eq!(rounds(&all, tracing::Level::TRACE, &["its-own-secret", "mistyped", PASSWORD]), 200);
    let told = all.text();
    let reasons: Vec<&str> = told.lines().filter_map(|line| line.split("reason=").nth(1)).collect();
    assert_eq!(reasons, ["\"no-password\"", "\"own-secret\"", "\"wrong-password\""], "{told}");
    assert_eq!(told.lines().filter(|line| line.contains(" WARN ")).count(), 1, "{told}");
    for secret in [PASSWORD, "its-own-secret", "mistyped", "nonce=", "response="] {
        assert!(!told.contains(secret), "{told}");
    }
}
