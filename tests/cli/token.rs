//! `offhook token`, beside a server and beside others who do the same.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use insta::assert_snapshot;
use offhook::access::{AccessTokens, BadToken, NewToken, Role};
use offhook::fleet::Keeping;
use offhook::journal::{Journal, now_ms};
use regex::Regex;

use super::{json, parts, run, sound};
use crate::common::Fleet;

/// A user that every system has, and that owns nothing.
const NOBODY: u32 = 65534;

/// What a command says, without what differs each time.
fn said(fleet: &Fleet, arguments: &str) -> String {
    let mut said = run(fleet.path(), &format!("token {arguments} --state state"));
    for (pattern, name) in [
        ("offhook_[0-9a-v]{8}_[0-9a-v]{52}", "TOKEN"),
        ("`[0-9a-v]{8}`", "`ID`"),
        ("revoke [0-9a-v]{8}`", "revoke ID`"),
        ("(?m)^[0-9a-v]{8}  ", "ID  "),
        (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"20\d\d-\d\d-\d\d", "DAY"),
    ] {
        said = Regex::new(pattern).unwrap().replace_all(&said, name).into_owned();
    }
    said
}

/// Makes a token; its id and itself.
fn created(folder: &Path, arguments: &str) -> (String, String) {
    let (out, err, code) = parts(folder, &format!("token create {arguments} --state state"));
    assert_eq!(code, 0, "{err}");
    let token = out.trim_end().to_owned();
    (token.split('_').nth(1).unwrap().to_owned(), token)
}

fn now() -> u64 {
    now_ms() as u64 / 1000
}

#[test]
fn a_token_is_made_listed_and_taken_back() {
    let fleet = sound();
    assert_snapshot!(said(&fleet, "list"), @"
    2> there is no token
    exit 0
    ");
    assert_snapshot!(said(&fleet, "create admin-ci --role admin"), @"
    TOKEN
    2> the token `ID`, admin, is good until TIME:
    2> it is shown this once; `offhook token revoke ID` takes it back
    2> no server keeps its state in `state` now: the token is for one that will
    2>   hint: name the folder of one that runs with --state DIR
    exit 0
    ");
    assert_snapshot!(said(&fleet, "create board --role operator --site a --expires 90d"), @"
    TOKEN
    2> the token `ID`, operator of a, is good until TIME:
    2> it is shown this once; `offhook token revoke ID` takes it back
    2> no server keeps its state in `state` now: the token is for one that will
    2>   hint: name the folder of one that runs with --state DIR
    exit 0
    ");
    assert_snapshot!(said(&fleet, "create console --role reader --expires never"), @"
    TOKEN
    2> the token `ID`, reader, is good for ever:
    2> it is shown this once; `offhook token revoke ID` takes it back
    2> no server keeps its state in `state` now: the token is for one that will
    2>   hint: name the folder of one that runs with --state DIR
    exit 0
    ");
    let (id, token) = created(fleet.path(), "desk --role user --line a/201 --line a/202 --expires 12h");
    assert_snapshot!(said(&fleet, &format!("revoke {id}")), @"
    2> the token `ID` of `desk` is dead
    2> no server keeps its state in `state` now: this holds from its next start on
    2>   hint: name the folder of one that runs with --state DIR
    exit 0
    ");
    assert_snapshot!(said(&fleet, &format!("revoke {id}")), @"
    2> error: the token `ID` is revoked already
    exit 2
    ");
    assert_snapshot!(said(&fleet, "list"), @"
    ID  admin-ci  made DAY  until DAY  never used  admin
    ID  board     made DAY  until DAY  never used  operator of a
    ID  console   made DAY  for ever          never used  reader
    ID  desk      made DAY  revoked           never used  user of a/201, a/202
    exit 0
    ");
    let all = json(fleet.path(), "token list --format json --state state");
    assert_eq!(all[3]["id"], id.as_str());
    assert_snapshot!(all[3]["role"], @r#"{"name":"user","lines":[{"site":"a","line":"201"},{"site":"a","line":"202"}]}"#);
    assert!(!all.to_string().contains("sha256"));
    let tokens = AccessTokens::open(&fleet.path().join("state")).unwrap();
    assert_eq!(tokens.principal(&token, now()), Err(BadToken::Revoked(id.into())));
}

#[test]
fn what_a_role_is_for_has_to_be_there() {
    let fleet = sound();
    for (arguments, error) in [
        ("--role operator", "an operator needs a site: name it with --site SITE"),
        ("--role user", "a user needs a line: name it with --line SITE/LINE"),
        ("--role admin --site a", "--site is for the roles `operator` and `reader`"),
        ("--role operator --line a/201", "--line is for the role `user`"),
        ("--role operator --site a --site b", "there is no site named `b`\n2>   hint: did you mean `a`?"),
        ("--role reader --site acme", "there is no site named `acme`"),
        ("--role user --line acme/201", "there is no site named `acme`"),
        ("--role user --line a/2011", "there is no line of the site `a` named `2011`\n2>   hint: did you mean `201`?"),
    ] {
        let told = run(fleet.path(), &format!("token create x {arguments} --state state"));
        assert!(told.starts_with(&format!("2> error: {error}\n")) && told.ends_with("exit 2"), "{arguments}: {told}");
    }
    for (arguments, error) in [
        ("--role user --line 201", "`201` is no line: write its site and its name, such as acme/201"),
        ("--role root", "invalid value 'root' for '--role <ROLE>'"),
        ("--role admin --expires soon", "`soon` is no span of time: 12h, 90d or never were expected, 3650d at most"),
        ("", "the following required arguments were not provided"),
    ] {
        let (_, err, code) = parts(fleet.path(), format!("token create x {arguments}").trim_end());
        assert!(err.contains(error) && code == 2, "{arguments}: {err}");
    }
    assert!(!fleet.path().join("state").exists());
}

#[test]
fn an_id_that_is_none() {
    let fleet = sound();
    let (id, token) = created(fleet.path(), "ci --role reader");
    let near = format!("{}w", &id[..7]);
    let told = run(fleet.path(), &format!("token revoke {near} --state state"));
    assert_eq!(told, format!("2> error: there is no token of this id\n2>   hint: did you mean `{id}`?\nexit 2"));
    // Somebody gives the whole of it: it is not said again.
    let told = run(fleet.path(), &format!("token revoke {token} --state state"));
    assert_eq!(told, "2> error: there is no token of this id\n2>   hint: `offhook token list` lists them\nexit 2");
}

#[test]
fn a_file_that_is_broken_is_left_as_it_is() {
    let fleet = sound().with("state/api-tokens.json", "{");
    for command in ["list", "create x --role admin", "revoke x"] {
        let told = run(fleet.path(), &format!("token {command} --state state"));
        assert!(told.starts_with("2> error: `state/api-tokens.json` is no list of tokens: EOF"), "{command}: {told}");
    }
    assert_eq!(fs::read_to_string(fleet.path().join("state/api-tokens.json")).unwrap(), "{\n");
}

#[test]
fn the_journal_is_told_and_no_secret_is_written_anywhere() {
    let fleet = sound();
    let state = fleet.path().join("state");
    fs::create_dir(&state).unwrap();
    let journal = Journal::open(&state, Keeping::default).unwrap();
    while !offhook::journal::path(&state).is_file() {
        std::thread::yield_now();
    }
    let (id, token) = created(fleet.path(), "ann --role operator --site a");
    assert_eq!(parts(fleet.path(), &format!("token revoke {id} --state state")).2, 0);
    journal.close();
    let files = fs::read_dir(&state).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let text: String = files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    for wanted in ["token create", "token revoke", &format!("token {id}"), "ann, operator of a"] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert!(!text.contains(token.rsplit_once('_').unwrap().1));
}

#[test]
fn two_commands_and_a_server_write_at_once() {
    let fleet = sound();
    let state = fleet.path().join("state");
    fs::create_dir(&state).unwrap();
    let server = AccessTokens::open(&state).unwrap();
    let new = || NewToken { name: "server".into(), role: Role::Admin {}, expires: None };
    let mut made: Vec<(String, String)> = Vec::new();
    std::thread::scope(|scope| {
        let commands: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (0..6).map(|_| created(fleet.path(), "command --role reader")).collect::<Vec<_>>()))
            .collect();
        while !commands.iter().all(|command| command.is_finished()) {
            let minted = server.create(new(), now()).unwrap();
            server.principal(minted.token.expose(), now()).unwrap();
            server.write_uses(now()).unwrap();
            made.push((minted.info.id.into(), minted.token.expose().to_owned()));
        }
        made.extend(commands.into_iter().flat_map(|command| command.join().unwrap()));
    });
    server.reload().unwrap();
    assert_eq!(server.list(now()).len(), made.len());
    for (id, token) in made {
        assert_eq!(server.principal(&token, now()).unwrap().id, id);
    }
    assert!(!state.join("api-tokens.json.new").exists());
}

/// An administrator's command as root, beside a server that is somebody else.
#[test]
fn a_file_that_root_writes_is_the_servers() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let fleet = sound();
    let state = fleet.path().join("state");
    fs::create_dir(&state).unwrap();
    chown(&state, Some(NOBODY), Some(NOBODY)).unwrap();
    let (id, _) = created(fleet.path(), "ann --role operator --site a");
    assert_eq!(parts(fleet.path(), &format!("token revoke {id} --state state")).2, 0);
    for entry in fs::read_dir(&state).unwrap().map(|entry| entry.unwrap()) {
        assert_eq!(entry.metadata().unwrap().uid(), NOBODY, "{:?}", entry.file_name());
    }
    let mode = fs::metadata(state.join("api-tokens.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
