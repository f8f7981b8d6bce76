//! What comes over the wire and is no good, or no good will; and what is sent with every answer.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::common::Api;
use crate::fleets::{MAC, phone};
use crate::server::LONG;

const SITE: &str = "/sites/a/settings";

fn api() -> Api {
    Api::start(phone("yealink-t46s", ""))
}

fn connect(api: &Api) -> TcpStream {
    let address = api.server.line("API at http://").trim_start_matches("API at http://").trim_end_matches("/api/v1");
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    stream
}

fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A server that has heard enough may cut the line behind its answer.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// A token that is good at once.
fn token(api: &Api) -> String {
    let made = api.send("POST", "/tokens", &[], r#"{"name":"wire","role":{"name":"admin"}}"#).json();
    made["token"].as_str().unwrap().to_owned()
}

/// A request as it stands on the wire, of an administrator.
fn head(api: &Api, line: &str, headers: &str) -> String {
    let token = token(api);
    format!("{line}\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{headers}\r\n")
}

#[test]
fn what_is_not_understood_is_a_problem() {
    let api = api();
    let deep = "[".repeat(100_000);
    let deep_field = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    for (method, path, content_type, body, told) in [
        ("BREW", "/sites", "", "", "405 method-not-allowed"),
        ("POST", "/sites", "application/json", "{}", "405 method-not-allowed"),
        ("PATCH", "/status", "application/json", "{}", "405 method-not-allowed"),
        ("GET", "/nowhere", "", "", "404 not-found"),
        ("GET", "/docs/nothing.js", "", "", "404 not-found"),
        ("GET", "/sites/a/lines/201/keys/0", "", "", "404 not-found"),
        ("GET", "/sites/a/lines/201/keys/first", "", "", "404 not-found"),
        ("GET", "/phones/%ff", "", "", "404 not-found"),
        ("GET", "/phones/%ff/history", "", "", "400 bad-request"),
        ("GET", "/resyncs/first", "", "", "400 bad-request"),
        ("POST", "/changes/first/undo", "", "", "400 bad-request"),
        ("GET", "/sites?limt=1", "", "", "400 bad-request"),
        ("GET", "/sites?limit=", "", "", "400 bad-request"),
        ("GET", "/sites?limit=0", "", "", "400 bad-request"),
        ("GET", "/sites?limit=1&limit=2", "", "", "400 bad-request"),
        ("GET", "/phones/001565aabbcc/history?limit=1001", "", "", "400 bad-request"),
        ("GET", "/tokens?all", "", "", "400 bad-request"),
        ("DELETE", "/sites/a/lines/201?recursive=true", "", "", "400 bad-request"),
        ("PUT", SITE, "application/json", "{", "400 bad-request"),
        ("PUT", SITE, "application/json", "", "400 bad-request"),
        ("PUT", SITE, "application/json", &deep, "400 bad-request"),
        ("PUT", SITE, "application/json", &deep_field, "422 mistakes"),
        ("PUT", SITE, "application/json", "[]", "422 mistakes"),
        ("PUT", SITE, "text/plain", "{}", "415 not-json"),
        ("PUT", SITE, "", "{}", "415 not-json"),
        ("POST", "/writes", "application/json", r#"{"writes":[],"dry":true}"#, "422 mistakes"),
        ("POST", "/claims", "application/json", r#"{"code":"1","mcc":"2"}"#, "422 mistakes"),
        ("POST", "/resyncs?dry_run=true", "application/json", r#"{"evrything":true}"#, "422 mistakes"),
        ("POST", "/tokens", "application/json", r#"{"name":"x","role":{"name":"admin","sites":[]}}"#, "422 mistakes"),
        ("POST", "/tokens", "application/json", r#"{"name":"x","role":{"name":"admin"},"days":3651}"#, "422 mistakes"),
    ] {
        let typed: &[(&str, &str)] = &[("content-type", content_type), ("if-match", "*")];
        let answer = api.send(method, path, typed, body);
        let problem = answer.json();
        let kind = problem["type"].as_str().unwrap_or_default().trim_start_matches("urn:offhook:problem:");
        assert_eq!(format!("{} {kind}", answer.status), told, "{method} {path}: {answer}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
        assert_eq!(problem["status"], answer.status, "{method} {path}");
        assert!(!problem["detail"].as_str().unwrap_or_default().is_empty(), "{method} {path}");
    }
    assert_eq!(api.send("POST", "/sites", &[], "").header("allow"), "GET,HEAD");
}

#[test]
fn an_unknown_filter_is_told_with_the_known_ones() {
    let answer = api().get("/sites/a/lines?layuot=desk");
    assert_eq!(answer.json()["detail"], "`layuot` is not known here; known are after, layout, limit, q");
}

#[test]
fn a_body_that_is_no_text_is_refused() {
    let api = api();
    let head = head(
        &api,
        "PUT /api/v1/sites/a/lines/201 HTTP/1.1",
        "If-Match: *\r\nContent-Type: application/json\r\nContent-Length: 22\r\n",
    );
    let mut stream = connect(&api);
    stream.write_all(&[head.as_bytes(), b"{\"display_name\": \"\xff\"}\n"].concat()).unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("urn:offhook:problem:bad-request"), "{answer}");
}

/// The most memory that the server ever had, in kB.
fn most_memory(api: &Api) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", api.server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_body_without_end_is_cut_and_takes_no_room() {
    let api = api();
    api.get("/sites");
    let before = most_memory(&api);
    for (length, chunk_head) in [("Content-Length: 104857600", ""), ("Transfer-Encoding: chunked", "100000\r\n")] {
        let headers = format!("If-Match: *\r\nContent-Type: application/json\r\n{length}\r\n");
        let mut stream = connect(&api);
        stream.write_all(head(&api, "PUT /api/v1/sites/a/lines/201 HTTP/1.1", &headers).as_bytes()).unwrap();
        let chunk = format!("{chunk_head}{}{}", " ".repeat(1 << 20), if chunk_head.is_empty() { "" } else { "\r\n" });
        let sent = (0..100).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
        assert!(sent < 100, "{length}: it was read to its end");
        let answer = rest(stream);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{length}: {answer}");
        assert!(answer.contains("urn:offhook:problem:too-large"), "{length}: {answer}");
    }
    let more = most_memory(&api) - before;
    assert!(more < 64 * 1024, "{more} kB");
}

#[test]
fn nobody_without_a_token_is_listened_to() {
    let api = api();
    let mut stream = connect(&api);
    let head =
        "PUT /api/v1/sites/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401", "it is told before the body is sent");
}

#[test]
fn old_clients_and_hurried_ones_are_answered() {
    let api = api();
    let mut stream = connect(&api);
    stream.write_all(head(&api, "GET /api/v1/sites HTTP/1.0", "").as_bytes()).unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.0 200 OK"), "{answer}");

    let token = token(&api);
    let paths = ["/api/v1/sites", "/api/v1/nowhere", "/api/v1/status"];
    let requests = paths.map(|path| format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"));
    let mut stream = connect(&api);
    let last = requests.concat().trim_end().to_owned() + "\r\nConnection: close\r\n\r\n";
    stream.write_all(last.as_bytes()).unwrap();
    let answers = rest(stream);
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"]);
}

#[test]
fn a_head_is_an_answer_without_its_body() {
    let api = api();
    for path in ["/sites", "/sites/a", "/openapi.json", &format!("/phones/{MAC}")] {
        let (whole, head) = (api.get(path), api.send("HEAD", path, &[], ""));
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        for name in ["etag", "content-type", "content-length"] {
            assert_eq!(head.header(name), whole.header(name), "{path}: {name}");
        }
    }
}

#[test]
fn those_who_say_nothing_keep_nobody_out() {
    let api = api();
    let silent: Vec<TcpStream> = (0..300).map(|_| connect(&api)).collect();
    assert_eq!(api.get("/sites").status, 200);
    assert_eq!(silent.len(), 300);
}

#[test]
fn every_answer_tells_browsers_to_be_careful() {
    let api = api();
    for path in ["/sites", "/nowhere", "/sites?x=1", "/openapi.json", "/docs/", "/docs/swagger-ui-bundle.js"] {
        let answer = api.send("GET", path, &[("authorization", "none")], "");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'; "), "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
    }
}

#[test]
fn the_page_is_whole_and_loads_nothing_from_elsewhere() {
    let api = api();
    for path in ["", "/", "/docs"] {
        let answer = api.send("GET", path, &[("authorization", "none")], "");
        assert_eq!((answer.status, answer.header("location")), (303, "/api/v1/docs/"), "{path}");
    }
    let page = api.get("/docs/").body;
    let named = regex::Regex::new(r#"(?:src|href)="([^"]+)""#).unwrap();
    let files: Vec<&str> = named.captures_iter(&page).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(files.len() >= 6, "{page}");
    for file in files {
        let file = file.trim_start_matches("./");
        assert!(!file.contains("//"), "{file}");
        assert_eq!(status_of(&api, file), "HTTP/1.1 200", "{file}");
    }
    let how = api.get("/docs/swagger-initializer.js").body;
    assert!(how.contains("\"/api/v1/openapi.json\"") && how.contains(r#""validatorUrl": "none""#), "{how}");
    assert!(!how.contains("http"), "{how}");
}

/// Pictures are no text, so that only the status is looked at.
fn status_of(api: &Api, file: &str) -> String {
    let mut stream = connect(api);
    stream.write_all(head(api, &format!("GET /api/v1/docs/{file} HTTP/1.1"), "").as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    String::from_utf8_lossy(&status).into_owned()
}
