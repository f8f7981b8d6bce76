//! Tokens over time, and in the hands of several writers.

use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

const NOW: u64 = 1_795_334_400; // 2026-11-22T08:00:00Z
const DAY: u64 = 86_400;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn reader() -> NewToken {
    NewToken { name: "wall board".into(), role: Role::Reader { sites: None }, expires: Some(NOW + 90 * DAY) }
}

fn open(folder: &TempDir) -> AccessTokens {
    AccessTokens::open(folder.path()).unwrap()
}

fn ids(tokens: &AccessTokens) -> Vec<String> {
    tokens.list(NOW).into_iter().map(|info| info.id.into()).collect()
}

#[test]
fn a_token_is_told_once_and_stored_as_its_hash() {
    let folder = folder();
    let tokens = open(&folder);
    let Minted { token, info } = tokens.create(reader(), NOW).unwrap();
    let token = token.expose();
    let (id, secret) = token.strip_prefix("offhook_").unwrap().split_once('_').unwrap();
    assert_eq!((id, id.len(), secret.len()), (info.id.as_str(), 8, 52));
    let text = std::fs::read_to_string(tokens.path()).unwrap();
    assert!(text.contains(id) && !text.contains(secret), "{text}");
    assert_eq!(std::fs::metadata(tokens.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let hash = text.split('"').find(|word| word.len() == 64).unwrap();
    assert!(!serde_json::to_string(&tokens.list(NOW)).unwrap().contains(hash));
    let text = text.replace(id, "ID").replace(hash, "HASH");
    insta::assert_snapshot!(text, @r#"
    {
      "version": 1,
      "tokens": [
        {
          "id": "ID",
          "name": "wall board",
          "role": {
            "name": "reader"
          },
          "sha256": "HASH",
          "created": 1795334400,
          "expires": 1803110400
        }
      ]
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&info).unwrap().replace(id, "ID"), @r#"
    {
      "id": "ID",
      "name": "wall board",
      "role": {
        "name": "reader"
      },
      "state": "good",
      "created": "2026-11-22T08:00:00Z",
      "expires": "2027-02-20T08:00:00Z",
      "last_used": null
    }
    "#);
}

#[test]
fn a_token_is_good_until_its_time_is_over() {
    let folder = folder();
    let tokens = open(&folder);
    let Minted { token, info } = tokens.create(reader(), NOW).unwrap();
    let who = Principal { id: info.id.clone(), name: "wall board".into(), role: Role::Reader { sites: None } };
    let end = NOW + 90 * DAY;
    for (now, is) in [
        (NOW, Ok(who.clone())),
        (end - 1, Ok(who)),
        (end, Err(BadToken::Expired(info.id.clone()))),
        (end + DAY, Err(BadToken::Expired(info.id))),
    ] {
        assert_eq!(tokens.principal(token.expose(), now), is);
        // And so after a restart.
        assert_eq!(open(&folder).principal(token.expose(), now), is);
    }
    let for_ever = tokens.create(NewToken { expires: None, ..reader() }, NOW).unwrap();
    assert!(tokens.principal(for_ever.token.expose(), NOW + 10_000 * DAY).is_ok());
    let states: Vec<_> = tokens.list(end).into_iter().map(|info| info.state).collect();
    assert!(states.contains(&TokenState::Good) && states.contains(&TokenState::Expired));
}

#[test]
fn every_other_text_is_no_token() {
    let folder = folder();
    let tokens = open(&folder);
    let Minted { token, info } = tokens.create(reader(), NOW).unwrap();
    let (token, id) = (token.expose(), info.id.as_str());
    let other = tokens.create(reader(), NOW).unwrap();
    let (_, others) = other.token.expose().rsplit_once('_').unwrap();
    let mut texts = vec![
        String::new(),
        "offhook".into(),
        "offhook_".into(),
        id.into(),
        format!("offhook_{id}"),
        format!("offhook_{id}_"),
        format!("offhook_{id}_{others}"),
        format!("{token} "),
        format!("{token}a"),
        token.to_uppercase(),
        token.replace("offhook", "Offhook"),
    ];
    texts.extend((0..token.len()).map(|at| token[..at].to_owned()));
    texts.extend((0..token.len()).map(|at| {
        let other = if &token[at..=at] == "0" { "1" } else { "0" };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    }));
    for text in texts {
        assert_eq!(tokens.principal(&text, NOW), Err(BadToken::Unknown), "{text}");
    }
    assert!(tokens.principal(token, NOW).is_ok());
}

#[test]
fn a_revoked_token_is_dead_at_once_and_told_of_for_a_time() {
    let folder = folder();
    let tokens = open(&folder);
    let Minted { token, info } = tokens.create(reader(), NOW).unwrap();
    let id = info.id.as_str();
    assert_eq!(tokens.revoke(id, NOW + DAY).unwrap().state, TokenState::Revoked);
    assert_eq!(tokens.principal(token.expose(), NOW + DAY), Err(BadToken::Revoked(id.into())));
    assert_eq!(tokens.revoke(id, NOW + DAY).unwrap_err().to_string(), format!("the token `{id}` is revoked already"));
    assert_eq!(tokens.revoke("0000", NOW).unwrap_err(), TokensError::NoSuch("0000".into()));
    let later = || NewToken { expires: None, ..reader() };
    tokens.create(later(), NOW + 90 * DAY).unwrap();
    assert_eq!(tokens.list(NOW).len(), 2);
    tokens.create(later(), NOW + 91 * DAY).unwrap();
    assert!(!ids(&tokens).contains(&id.to_owned()));
    assert_eq!(tokens.principal(token.expose(), NOW), Err(BadToken::Unknown));
}

#[test]
fn what_makes_no_sense_is_not_made() {
    let folder = folder();
    let tokens = open(&folder);
    let operator = Role::Operator { sites: [].into() };
    for (new, error) in [
        (NewToken { name: " ".into(), ..reader() }, "a token's name is one line of 1 to 63 characters"),
        (NewToken { name: "a\nb".into(), ..reader() }, "a token's name is one line of 1 to 63 characters"),
        (NewToken { name: "a".repeat(64), ..reader() }, "a token's name is one line of 1 to 63 characters"),
        (NewToken { expires: Some(NOW), ..reader() }, "a token cannot expire before it is made"),
        (NewToken { role: operator, ..reader() }, "the role `operator` names no site"),
    ] {
        assert_eq!(tokens.create(new, NOW).unwrap_err().to_string(), error);
    }
    assert!(!tokens.path().exists());
}

#[test]
fn days_of_use_are_written_seldom_and_together() {
    let folder = folder();
    let tokens = open(&folder);
    let Minted { token, .. } = tokens.create(reader(), NOW).unwrap();
    let written = || std::fs::read_to_string(tokens.path()).unwrap();
    let before = written();
    let last_used = |tokens: &AccessTokens| tokens.list(NOW)[0].last_used.clone();
    tokens.principal(token.expose(), NOW + DAY).unwrap();
    tokens.principal(token.expose(), NOW).unwrap();
    assert_eq!((written(), last_used(&tokens).as_deref()), (before, Some("2026-11-23")));
    // A reload by somebody else's change forgets nothing.
    open(&folder).create(NewToken { name: "younger".into(), ..reader() }, NOW).unwrap();
    tokens.reload().unwrap();
    assert_eq!(last_used(&tokens).as_deref(), Some("2026-11-23"));
    tokens.write_uses(NOW).unwrap();
    assert_eq!(last_used(&open(&folder)).as_deref(), Some("2026-11-23"));
    // Nothing new, and nothing is written.
    std::fs::remove_file(tokens.path()).unwrap();
    tokens.principal(token.expose(), NOW + DAY).unwrap();
    tokens.write_uses(NOW).unwrap();
    assert!(!tokens.path().exists());
}

#[test]
fn a_use_that_is_written_makes_no_revoked_token_good() {
    let folder = folder();
    let (server, command) = (open(&folder), open(&folder));
    let Minted { token, info } = server.create(reader(), NOW).unwrap();
    server.principal(token.expose(), NOW).unwrap();
    command.revoke(&info.id, NOW).unwrap();
    server.write_uses(NOW).unwrap();
    for tokens in [server, open(&folder)] {
        assert_eq!(tokens.principal(token.expose(), NOW), Err(BadToken::Revoked(info.id.clone())));
    }
}

#[test]
fn a_broken_file_is_told_and_old_tokens_stay_good() {
    let folder = folder();
    let tokens = open(&folder);
    let Minted { token, info } = tokens.create(reader(), NOW).unwrap();
    let good = std::fs::read_to_string(tokens.path()).unwrap();
    let twice = good.replace("\n  ]", &format!(",{}]", &good[good.find("    {").unwrap()..good.rfind("]").unwrap()]));
    for (text, what) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        (&good[..good.len() / 2], "EOF while parsing "),
        (&good.replace("\"version\": 1", "\"version\": 2"), "it is of version 2, and this program knows 1"),
        (&good.replace("\"reader\"", "\"reader\", \"sites\": []"), "the role `reader` names no site"),
        (&good.replace("\"reader\"", "\"root\""), "unknown variant `root`"),
        (&good.replace("\"expires\"", "\"expire\""), "unknown field `expire`"),
        (&twice, "is in it twice"),
    ] {
        std::fs::write(tokens.path(), text).unwrap();
        let error = tokens.reload().unwrap_err().to_string();
        let (begin, hint) =
            (format!("`{}` is no list of tokens: ", tokens.path().display()), "\n  hint: take it from a backup");
        assert!(error.starts_with(&begin) && error.contains(what) && error.contains(hint), "{what}: {error}");
        assert_eq!(tokens.create(reader(), NOW).unwrap_err().to_string(), error);
        assert_eq!(tokens.reload(), Ok(false), "it is told once");
        assert_eq!(std::fs::read_to_string(tokens.path()).unwrap(), text, "what is broken is left as it is");
        assert!(tokens.principal(token.expose(), NOW).is_ok());
    }
    // Who deletes it means it.
    std::fs::remove_file(tokens.path()).unwrap();
    tokens.reload().unwrap();
    assert_eq!(tokens.principal(token.expose(), NOW), Err(BadToken::Unknown));
    std::fs::write(tokens.path(), good).unwrap();
    assert_eq!(tokens.reload(), Ok(true));
    assert_eq!(tokens.principal(token.expose(), NOW).unwrap().id, info.id);
}

#[test]
fn no_link_is_followed() {
    let (folder, elsewhere) = (folder(), folder());
    open(&elsewhere).create(reader(), NOW).unwrap();
    symlink(elsewhere.path().join("api-tokens.json"), folder.path().join("api-tokens.json")).unwrap();
    let error = AccessTokens::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("api-tokens.json` cannot be used: "), "{error}");
}
