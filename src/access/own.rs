//! What in a file is whose: somebody may write a file, and not all that is in it.
//!
//! Texts are compared, not what they mean: a secret that cannot be opened here may have changed all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use toml::{Table, Value};
use utoipa::ToSchema;

use super::{Principal, Role};
use crate::fleet::Site;
use crate::phone::{Place, key_at};

/// A file of a site as somebody wants it.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The site that it is in; none: it has no good version.
    pub site: Option<&'a Site>,
    /// As it is; none: there is none yet.
    pub before: Option<&'a Table>,
    /// As it is to be.
    pub after: &'a Table,
}

/// A change that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotAllowed {
    /// The field, or the place of a key, as it is written in the file.
    pub what: String,
    /// Why.
    pub why: String,
}

impl NotAllowed {
    fn new(what: impl fmt::Display, why: impl Into<String>) -> NotAllowed {
        NotAllowed { what: what.to_string(), why: why.into() }
    }
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.what, self.why)
    }
}

/// What of a draft somebody may not do who may write the file, or the keys in it; empty: nothing.
pub fn not_allowed(principal: &Principal, draft: &Draft<'_>) -> Vec<NotAllowed> {
    match principal.role {
        Role::Admin {} => Vec::new(),
        Role::Operator { .. } => secrets_from_elsewhere(draft),
        Role::Reader { .. } => {
            draft.changes().into_iter().map(|part| NotAllowed::new(part, "a reader changes nothing")).collect()
        }
        Role::User { .. } => all_but_keys(draft),
    }
}

/// A part of a file that is compared as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// A field that is no table, by its path.
    Field(String),
    /// A key, however its number is spelt.
    Key(Place),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Field(path) => f.write_str(path),
            Part::Key(place) => place.fmt(f),
        }
    }
}

/// A place that is spelt in two ways has two values; the reader refuses that.
type Parts<'a> = BTreeMap<Part, Vec<&'a Value>>;

fn parts(table: &Table) -> Parts<'_> {
    let mut parts = Parts::new();
    collect(table, "", &mut parts);
    parts
}

fn collect<'a>(table: &'a Table, above: &str, parts: &mut Parts<'a>) {
    for (name, value) in table {
        let path = format!("{above}{name}");
        let place = Place::parse(&path).filter(|_| !above.is_empty());
        match (place, value) {
            (Some(place), _) => parts.entry(Part::Key(place)).or_default().push(value),
            (None, Value::Table(below)) => collect(below, &format!("{path}."), parts),
            (None, _) => parts.entry(Part::Field(path)).or_default().push(value),
        }
    }
}

impl<'a> Draft<'a> {
    fn before(&self) -> Parts<'a> {
        self.before.map(parts).unwrap_or_default()
    }

    fn changes(&self) -> BTreeSet<Part> {
        let (before, after) = (self.before(), parts(self.after));
        let all = before.keys().chain(after.keys());
        all.filter(|part| before.get(part) != after.get(part)).cloned().collect()
    }
}

/// A file of the server's machine or a variable of its environment may hold anybody's secret, and a phone's file tells
/// what is in it.
fn secrets_from_elsewhere(draft: &Draft<'_>) -> Vec<NotAllowed> {
    let before = draft.before();
    let is_new = |(part, value): &(Part, Vec<&Value>)| before.get(part) != Some(value);
    let not_allowed = |(part, _)| match part {
        // What the maker calls its parameters is its own business.
        Part::Field(path) if path.starts_with("raw.") => None,
        Part::Field(path) => {
            let (secret, from) = path.rsplit_once('.')?;
            let why = "only an administrator takes secrets from files and from the environment of the server";
            matches!(from, "file" | "env").then(|| NotAllowed::new(secret, why))
        }
        Part::Key(_) => None,
    };
    parts(draft.after).into_iter().filter(is_new).filter_map(not_allowed).collect()
}

/// A line's user has its keys, but those that are locked.
fn all_but_keys(draft: &Draft<'_>) -> Vec<NotAllowed> {
    let Some(line) = draft.before else {
        return vec![NotAllowed::new("line", "a user makes no lines")];
    };
    let (before, after) = (draft.before(), parts(draft.after));
    let layout = line.get("layout").and_then(Value::as_str);
    let laid = layout.and_then(|name| draft.site?.layouts.get(name));
    let mut found = Vec::new();
    for part in draft.changes() {
        let Part::Key(place) = part else {
            found.push(NotAllowed::new(part, "a user changes the keys of the line, and nothing else"));
            continue;
        };
        let said = |parts: &Parts<'_>, field: &str| -> Vec<Value> {
            parts.get(&part).into_iter().flatten().filter_map(|key| key.get(field).cloned()).collect()
        };
        if said(&before, "locked").contains(&Value::Boolean(true)) {
            found.push(NotAllowed::new(place, "the key is locked"));
        } else if let (Some(name), None) = (layout, draft.site) {
            let why = format!("its layout `{name}` may lock it, and its site has no good version");
            found.push(NotAllowed::new(place, why));
        } else if laid.and_then(|keys| key_at(keys, place)).is_some_and(|key| key.locked) {
            let why = format!("the key is locked by the layout `{}`", layout.unwrap_or_default());
            found.push(NotAllowed::new(place, why));
        } else {
            let fields = ["locked", "accept"].into_iter().filter(|field| said(&before, field) != said(&after, field));
            found.extend(fields.map(|field| NotAllowed::new(format!("{place}.{field}"), "a user does not set this")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Accept;
    use crate::phone::KeySetting;

    const LINE: &str = "layout = \"desk\"\nsip.password = \"s3cret\"\n[keys.2]\nfunction = \"hold\"\n\
                        [keys.3]\nfunction = \"redial\"\nlocked = true\n[keys.4]\nfunction = \"menu\"\naccept = [\"degraded\"]\n";

    /// A layout `desk` that locks the key 5, and has a key 6.
    fn site() -> Site {
        let key = |position, locked| KeySetting {
            place: Place::key(position),
            what: None,
            label: None,
            accept: Accept::default(),
            locked,
            at: 0,
        };
        let keys = Box::new([key(5, true), key(6, false)]);
        Site { id: "a".into(), layouts: [("desk".into(), keys as _)].into(), ..Site::default() }
    }

    fn said(role: Role, before: Option<&str>, after: &str) -> String {
        said_in(Some(&site()), role, before, after)
    }

    fn said_in(site: Option<&Site>, role: Role, before: Option<&str>, after: &str) -> String {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let principal = Principal { id: "id".into(), name: "name".into(), role };
        let (before, after) = (before.map(table), table(after));
        let found = not_allowed(&principal, &Draft { site, before: before.as_ref(), after: &after });
        found.iter().map(|found| format!("{found}\n")).collect()
    }

    fn user() -> Role {
        Role::User { lines: ["a/1".parse().unwrap()].into() }
    }

    fn by_user(before: &str, after: &str) -> String {
        said(user(), Some(before), after)
    }

    /// The line with something replaced.
    fn edited(from: &str, to: &str) -> String {
        assert!(LINE.contains(from), "{from}");
        by_user(LINE, &LINE.replace(from, to))
    }

    #[test]
    fn a_user_has_the_keys_that_are_not_locked() {
        for (from, to) in [
            ("", ""),
            ("hold", "transfer"),
            ("[keys.2]\nfunction = \"hold\"\n", ""),
            ("[keys.2]\n", "[keys.2]\nlabel = \"Wait\"\n"),
            ("[keys.2]\n", "[soft_keys.1]\nfunction = \"menu\"\n[modules.2.keys.40]\nfunction = \"hold\"\n[keys.2]\n"),
            ("[keys.2]\n", "[keys.6]\nlabel = \"Mine\"\n[keys.2]\n"),
            ("[keys.4]\nfunction = \"menu\"\n", "[keys.4]\nfunction = \"redial\"\n"),
            // As good as it was.
            ("sip.password = \"s3cret\"\n", "sip = { password = \"s3cret\" } # comment\n"),
        ] {
            assert_eq!(edited(from, to), "", "{from:?} {to:?}");
        }
    }

    #[test]
    fn a_user_changes_nothing_else() {
        let why = "a user changes the keys of the line, and nothing else";
        for (from, to, what) in [
            ("desk", "other", "layout"),
            ("layout = \"desk\"\n", "", "layout"),
            ("s3cret", "mine", "sip.password"),
            ("\"s3cret\"", "{ file = \"/etc/passwd\" }", "sip.password"),
            ("layout", "display_name = \"Me\"\nlayout", "display_name"),
            ("layout", "unset = [\"settings.language\"]\nlayout", "unset"),
            ("layout", "settings.language = \"fr\"\nlayout", "settings.language"),
            ("layout", "5.function = \"hold\"\nlayout", "5.function"),
            ("layout", "keys.x.function = \"hold\"\nlayout", "keys.x.function"),
            ("layout", "modules.1.name = \"x\"\nlayout", "modules.1.name"),
        ] {
            let said = edited(from, to);
            assert!(said.contains(&format!("`{what}")) && said.lines().all(|line| line.ends_with(why)), "{to}: {said}");
        }
    }

    #[test]
    fn a_locked_key_is_left_as_it_is() {
        for to in ["function = \"hold\"", "function = \"redial\"\nlabel = \"Again\""] {
            assert_eq!(edited("function = \"redial\"", to), "`keys.3`: the key is locked\n");
        }
        assert_eq!(edited("locked = true\n", ""), "`keys.3`: the key is locked\n");
        assert_eq!(edited("[keys.3]\nfunction = \"redial\"\nlocked = true\n", ""), "`keys.3`: the key is locked\n");
        for name in ["5", "05", "+5"] {
            let key = format!("[keys.\"{name}\"]\nlabel = \"Mine\"\n[keys.2]\n");
            assert_eq!(edited("[keys.2]\n", &key), "`keys.5`: the key is locked by the layout `desk`\n");
        }
        // Beside the one that is locked.
        assert_eq!(
            edited("[keys.2]\n", "[keys.\"03\"]\nlabel = \"Mine\"\n[keys.2]\n"),
            "`keys.3`: the key is locked\n"
        );
    }

    /// As at a start with a broken `site.toml`.
    #[test]
    fn without_its_site_nobody_may_more() {
        let edited = |text: &str, from: &str, to: &str| said_in(None, user(), Some(text), &text.replace(from, to));
        let may_be_locked = "`keys.2`: its layout `desk` may lock it, and its site has no good version\n";
        assert_eq!(edited(LINE, "hold", "transfer"), may_be_locked);
        assert_eq!(edited(LINE, "redial", "hold"), "`keys.3`: the key is locked\n");
        let plain = LINE.replace("layout = \"desk\"\n", "");
        assert_eq!(edited(&plain, "hold", "transfer"), "");
        assert_eq!(edited(&plain, "redial", "hold"), "`keys.3`: the key is locked\n");
        assert!(edited(&plain, "s3cret", "mine").contains("and nothing else"));
    }

    #[test]
    fn a_user_neither_locks_nor_accepts() {
        let locks = "`keys.2.locked`: a user does not set this\n";
        assert_eq!(edited("[keys.2]\n", "[keys.2]\nlocked = true\n"), locks);
        assert_eq!(edited("[keys.2]\n", "[keys.2]\nlocked = false\n"), locks);
        let accepts = "`keys.4.accept`: a user does not set this\n";
        assert_eq!(edited("accept = [\"degraded\"]\n", ""), accepts);
        assert_eq!(edited("[keys.4]\nfunction = \"menu\"\naccept = [\"degraded\"]\n", ""), accepts);
        let new = "[keys.9]\nfunction = \"menu\"\naccept = [\"unproven\"]\n[keys.2]\n";
        assert_eq!(edited("[keys.2]\n", new), "`keys.9.accept`: a user does not set this\n");
    }

    #[test]
    fn all_of_it_is_told() {
        insta::assert_snapshot!(by_user(LINE, "sip.password = \"mine\"\nkeys.2.locked = true\n"), @"
        `layout`: a user changes the keys of the line, and nothing else
        `sip.password`: a user changes the keys of the line, and nothing else
        `keys.2.locked`: a user does not set this
        `keys.3`: the key is locked
        `keys.4.accept`: a user does not set this
        ");
    }

    #[test]
    fn a_user_makes_no_lines() {
        assert_eq!(said(user(), None, "keys.2.function = \"hold\"\n"), "`line`: a user makes no lines\n");
    }

    #[test]
    fn an_operator_takes_no_secret_from_the_servers_machine() {
        let said =
            |before: Option<&str>, after: &str| said(Role::Operator { sites: ["a".into()].into() }, before, after);
        let told =
            "`sip.password`: only an administrator takes secrets from files and from the environment of the server\n";
        let (file, other) = ("sip.password = { file = \"/run/a\" }\n", "sip.password = { file = \"/run/b\" }\n");
        assert_eq!(said(None, file), told);
        assert_eq!(said(None, "[sip.password]\nenv = \"HOME\"\n"), told);
        assert_eq!(said(Some(other), file), told);
        assert_eq!(said(Some("trust.password = { file = \"/run/a\" }\n"), file), told);
        assert_eq!(said(Some(file), &format!("{file}display_name = \"Hall\"\n")), "");
        assert_eq!(
            said(Some(file), "sip.password = \"s3cret\"\nsettings.admin_password = { encrypted = \"x\" }\n"),
            ""
        );
        assert_eq!(said(None, "raw.yealink.file = \"x\"\nkeys.2.function = \"hold\"\n"), "");
    }

    #[test]
    fn an_administrator_may_do_all_of_it_and_a_reader_nothing() {
        let text = "sip.password = { file = \"/run/a\" }\nkeys.3.locked = true\n";
        assert_eq!(said(Role::Admin {}, Some(LINE), text), "");
        let reader = said(Role::Reader { sites: None }, Some(text), "keys.3.locked = true\n");
        assert_eq!(reader, "`sip.password.file`: a reader changes nothing\n");
    }
}
