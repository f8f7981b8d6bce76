//! A real server with the API, and its clients.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::fleets::Fleet;
use crate::server::{LONG, Server, serve};

/// Both listeners, at ports that are free.
const LISTENERS: &str = "\n[[listen]]\naddress = \"127.0.0.1:0\"\nplain = true\n[api]\naddress = \"127.0.0.1:0\"\n";

/// A running server with its API and a token of an administrator.
pub struct Api {
    /// The fleet; a write is seen here, and an edit of a file is taken up.
    pub fleet: Fleet,
    /// The server.
    pub server: Server,
    address: String,
    folder: TempDir,
    admin: String,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Api {
    /// Serves a fleet whose `fleet.toml` names no listener.
    pub fn start(fleet: Fleet) -> Api {
        let root = std::fs::read_to_string(fleet.path().join("fleet.toml")).unwrap_or("schema = 1\n".into());
        let fleet = fleet.with("fleet.toml", &(root + LISTENERS));
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(fleet.path(), folder.path().join("fleet")).unwrap();
        let admin = token(folder.path(), "tests --role admin");
        let server = Server::saying(serve(folder.path(), &[]), "API at http://");
        let said = server.line("API at http://");
        let address = said.trim_start_matches("API at http://").trim_end_matches("/api/v1").to_owned();
        Api { fleet, server, address, folder, admin }
    }

    /// Makes a token: its name and role as `offhook token create` takes them.
    pub fn token(&self, arguments: &str) -> String {
        token(self.folder.path(), arguments)
    }

    /// The server's state folder.
    pub fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    /// Asks as the administrator; the path is below `/api/v1`.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Asks with another token.
    pub fn get_as(&self, token: &str, path: &str) -> Answer {
        self.send("GET", path, &[("authorization", &format!("Bearer {token}"))], "")
    }

    /// Sends a request, as the administrator where the headers name nobody else. JSON is said to be JSON.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}")).header(HOST, &self.address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let said = request.headers_ref().unwrap();
        let (is_anonymous, is_untyped) = (!said.contains_key(AUTHORIZATION), !said.contains_key("content-type"));
        if is_anonymous {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.admin));
        }
        if is_untyped && !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime
            .block_on(async { tokio::time::timeout(LONG, self.exchange(request)).await.expect("an answer in time") });
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Box<dyn std::error::Error>> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().collect().await?.to_bytes();
        drop(sender);
        connection.await??;
        Ok(Answer { status, headers, body: String::from_utf8(body.to_vec())? })
    }
}

fn token(folder: &Path, arguments: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.args(["token", "create"]).args(arguments.split(' ')).args(["--fleet", "fleet", "--state", "state"]);
    let output = command.current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

impl Answer {
    /// Its JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The status, and JSON as people read it.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match serde_json::from_str::<Value>(&self.body) {
            Ok(json) => write!(f, "\n{json:#}"),
            Err(_) if self.body.is_empty() => Ok(()),
            Err(_) => write!(f, "\n{}", self.body),
        }
    }
}
