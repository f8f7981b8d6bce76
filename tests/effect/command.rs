//! `offhook effect`: two folders, or a folder and what it was in git.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::common::Fleet;
use crate::house::{T46S, fleet};

/// Runs the program or git, and gives what it prints and how it ends.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).env("HOME", folder).env_remove("OFFHOOK_KEY_FILE");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "test").env(format!("GIT_{who}_EMAIL"), "test@example.org");
    }
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let err: String = text(&output.stderr).lines().map(|line| format!("2> {line}\n")).collect();
    format!("{}{err}exit {}", text(&output.stdout), output.status.code().unwrap())
}

pub fn offhook(folder: &Path, arguments: &[&str]) -> String {
    run(folder, env!("CARGO_BIN_EXE_offhook"), arguments)
}

/// A git repository with the fleet in a folder, and an edit of a label that is not committed.
fn repository() -> Fleet {
    let folder = Fleet::empty();
    let fleet = fleet();
    for file in ["fleet.toml", "sites/a/site.toml", "sites/a/lines/201.toml", T46S] {
        let text = std::fs::read_to_string(fleet.path().join(file)).unwrap();
        std::fs::create_dir_all(folder.path().join("my/fleet").join(file).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join("my/fleet").join(file), text).unwrap();
    }
    let line = "layout = \"desk\"\nsip.password.file = \"password\"\n";
    let folder = folder.with("my/fleet/sites/a/lines/201.toml", line).with_bytes("my/fleet/password", b"hunter2");
    for arguments in
        [&["init", "-q"][..], &["add", "my/fleet/fleet.toml", "my/fleet/sites"], &["commit", "-qm", "a fleet"]]
    {
        assert_eq!(run(folder.path(), "git", arguments), "exit 0");
    }
    folder.with("my/fleet/sites/a/lines/201.toml", &format!("{line}keys.7.label = \"Yard\"\n"))
}

#[test]
fn since_a_revision_of_git() {
    let folder = repository();
    assert_snapshot!(offhook(folder.path(), &["effect", "--since", "HEAD", "-C", "my/fleet"]), @"
    1 phone changes: 001565aabb01
      label of keys.7: Hall → Yard
      {mac}.cfg
        -linekey.7.label = Hall
        +linekey.7.label = Yard

    2> 1 of 1 phone affected
    exit 1
    ");
    assert_snapshot!(offhook(&folder.path().join("my/fleet"), &["effect", "--since", "HEAD", "--format", "github"]), @"
    ::notice title=1 phone changes%3A 001565aabb01::label of keys.7: Hall → Yard%0A{mac}.cfg%0A-linekey.7.label = Hall%0A+linekey.7.label = Yard
    ::notice title=effect::1 of 1 phone affected
    exit 1
    ");
    assert_snapshot!(offhook(folder.path(), &["effect", "--since", "HEAD", "-C", "my/fleet", "--format", "json"]), @r#"
    {
      "phones": 1,
      "affected": 1,
      "groups": [
        {
          "fate": "changes",
          "phones": 1,
          "first": [
            "001565aabb01"
          ],
          "changes": [
            {
              "about": "label of keys.7",
              "before": {
                "value": "Hall"
              },
              "after": {
                "value": "Yard"
              }
            }
          ],
          "reboots": [],
          "files": [
            {
              "file": "{mac}.cfg",
              "lines": [
                "-linekey.7.label = Hall",
                "+linekey.7.label = Yard"
              ],
              "more": 0,
              "phones": 1
            }
          ],
          "more_files": 0
        }
      ]
    }
    exit 1
    "#);
    assert_eq!(
        run(folder.path(), "git", &["status", "--porcelain"]),
        " M my/fleet/sites/a/lines/201.toml\n?? my/fleet/password\nexit 0"
    );
    assert_eq!(run(folder.path(), "git", &["commit", "-qam", "a label"]), "exit 0");
    assert_snapshot!(offhook(folder.path(), &["effect", "--since", "HEAD", "-C", "my/fleet"]), @"
    2> no effect on any of 1 phone
    exit 0
    ");
}

#[test]
fn what_cannot_be_compared() {
    let folder = repository();
    let since =
        |arguments: &[&str]| offhook(folder.path(), arguments).replace(&folder.path().display().to_string(), "DIR");
    assert_snapshot!(since(&["effect", "--since", "v1.0", "-C", "my/fleet"]), @"
    2> error: git knows no revision `v1.0` in `my/fleet`
    2>   hint: a CI job may have fetched the last commit only: let it fetch all (`fetch-depth: 0`)
    exit 2
    ");
    assert_snapshot!(since(&["effect", "--since", "--output=x", "-C", "my/fleet"]), @"
    2> error: unexpected argument '--output' found
    2> 
    2>   tip: to pass '--output' as a value, use '-- --output'
    2> 
    2> Usage: offhook effect [OPTIONS] [OLD] [NEW]
    2> 
    2> For more information, try '--help'.
    exit 2
    ");
    assert_snapshot!(since(&["effect", "--since=--all", "-C", "my/fleet"]), @"
    2> error: git knows no revision `--all` in `my/fleet`
    2>   hint: a CI job may have fetched the last commit only: let it fetch all (`fetch-depth: 0`)
    exit 2
    ");
    assert_snapshot!(since(&["effect", "--since", "HEAD"]), @"
    2> error: at `HEAD` `.` had no fleet.toml
    2>   hint: name a later revision, or the fleet's folder with -C
    exit 2
    ");
    assert_snapshot!(since(&["effect", "my/fleet", "nowhere"]), @"
    2> error: `nowhere` has no fleet.toml
    2>   hint: name the fleet's folder, the one with fleet.toml
    exit 2
    ");
    assert_snapshot!(since(&["effect", "my/fleet"]), @"
    2> error: the following required arguments were not provided:
    2>   <NEW>
    2> 
    2> Usage: offhook effect <OLD> <NEW>
    2> 
    2> For more information, try '--help'.
    exit 2
    ");
    let alone = fleet();
    assert_snapshot!(offhook(alone.path(), &["effect", "--since", "HEAD"]), @"
    2> error: `.` is in no git repository
    2>   hint: compare two folders: `offhook effect OLD NEW`
    exit 2
    ");
    assert_snapshot!(offhook(alone.path(), &["effect", ".", "."]), @"
    2> no effect on any of 3 phones
    exit 0
    ");
}
