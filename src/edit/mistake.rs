//! What is wrong with a write, and where in it.

use std::path::Path;

use serde::Serialize;
use toml_edit::{Document, Item, TableLike};

use crate::findings::Finding;

/// A name as a part of a JSON pointer (RFC 6901), behind what it is in.
pub fn pointer_to(above: &str, name: &str) -> String {
    format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Names as a JSON pointer.
pub fn pointer(path: &[String]) -> String {
    path.iter().map(|name| pointer_to("", name)).collect()
}

/// One thing that is wrong with what somebody wants to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Mistake {
    /// Where in what was sent, as a JSON pointer (RFC 6901), or else in the file; none where it is not one place of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The file of the fleet in which it would stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A short stable name, as `offhook check` has it.
    pub code: String,
    /// What is wrong, and what was expected.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake at a place of what was sent.
    pub fn at(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Mistake {
        Mistake { pointer: Some(pointer.into()), file: None, code: code.into(), detail: detail.into(), hint: None }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Mistake {
        Mistake { hint: Some(hint.into()), ..self }
    }

    /// A finding in a text that would be written.
    pub fn of(finding: &Finding, text: Option<&Lines<'_>>) -> Mistake {
        let Finding { code, what, hint, .. } = finding;
        let mut pointer = finding.line.zip(text).and_then(|(line, text)| pointer_at(text, line));
        // A field that is missing stands nowhere, and of a key the line of its function is known.
        let key = pointer.as_ref().and_then(|at| at.strip_suffix("/function"));
        match (*code, key, what.split('`').nth(1)) {
            ("missing-field", _, Some(name)) => pointer = Some(format!("/{}", name.replace('.', "/"))),
            ("unknown-number", Some(key), _) => pointer = Some(format!("{key}/number")),
            ("no-such-key" | "no-such-module" | "reserved-key", Some(key), _) => pointer = Some(key.to_owned()),
            _ => {}
        }
        let file = Some(shown(&finding.file));
        Mistake { pointer, file, code: (*code).to_owned(), detail: what.clone(), hint: hint.clone() }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A TOML text that is read once, however many mistakes are in it.
pub struct Lines<'t> {
    document: Option<Document<&'t str>>,
    /// Where each line ends.
    ends: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// The lines of a text.
    pub fn of(text: &'t str) -> Lines<'t> {
        Lines { document: Document::parse(text).ok(), ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect() }
    }
}

/// The JSON pointer to what stands on a line of a TOML text, counted from 1.
fn pointer_at(text: &Lines<'_>, line: u32) -> Option<String> {
    let mut found = None;
    look(text.document.as_ref()?.as_table(), text, line, "", &mut found);
    found
}

/// A TOML text with each value on a line of its own; the same text where it is none.
pub(super) fn spread(text: &str) -> String {
    let Ok(table) = text.parse::<toml::Table>() else { return text.to_owned() };
    let mut lines = String::new();
    spread_table(&table, "", &mut lines);
    lines
}

fn spread_table(table: &toml::Table, above: &str, lines: &mut String) {
    for (name, value) in table {
        let name = format!("{above}{}", toml_edit::Key::new(name));
        match value {
            toml::Value::Table(inner) if !inner.is_empty() => spread_table(inner, &format!("{name}."), lines),
            toml::Value::Array(items) => {
                let items: String = items.iter().map(|item| format!("{item},\n")).collect();
                lines.push_str(&format!("{name} = [\n{items}]\n"));
            }
            value => lines.push_str(&format!("{name} = {value}\n")),
        }
    }
}

/// The last field whose name stands on the line or, of one that runs over several, before it.
fn look(table: &dyn TableLike, text: &Lines<'_>, line: u32, at: &str, found: &mut Option<String>) {
    for (name, item) in table.iter() {
        let at = pointer_to(at, name);
        let starts = table.key(name).and_then(|key| key.span()).map(|span| line_at(text, span.start));
        let ends = item.span().map(|span| line_at(text, span.end.saturating_sub(1)));
        let is_table = item.is_table() || item.is_array_of_tables();
        if starts == Some(line) || !is_table && starts.zip(ends).is_some_and(|(from, to)| (from..=to).contains(&line)) {
            *found = Some(at.clone());
        }
        match item {
            Item::ArrayOfTables(tables) => {
                tables.iter().enumerate().for_each(|(n, table)| look(table, text, line, &format!("{at}/{n}"), found))
            }
            item => {
                let mut items = item.as_array().into_iter().flatten();
                let is_on = |item: &toml_edit::Value| item.span().is_some_and(|span| line_at(text, span.start) == line);
                if let Some(n) = items.position(is_on).filter(|_| starts != Some(line)) {
                    *found = Some(format!("{at}/{n}"));
                }
                if let Some(inner) = item.as_table_like() {
                    look(inner, text, line, &at, found);
                }
            }
        }
    }
}

fn line_at(text: &Lines<'_>, offset: usize) -> u32 {
    text.ends.partition_point(|end| *end < offset) as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_a_line_of_its_own() {
        let text = "\
keys.2 = { function = \"dial\", number = \"202\" } # Marie
lines = [\"201\", \"202\"]
from = 2026-11-23T08:00:00Z
[settings]
[raw.yealink]
\"a.b\" = \"1\"
";
        let spread = spread(text);
        assert_eq!(spread.parse::<toml::Table>(), text.parse::<toml::Table>());
        let at = |value: &str| {
            let line = spread.lines().position(|line| line.contains(value)).unwrap();
            pointer_at(&Lines::of(&spread), line as u32 + 1).unwrap()
        };
        for (value, pointer) in [
            ("dial", "/keys/2/function"),
            ("number", "/keys/2/number"),
            ("\"201\"", "/lines/0"),
            ("settings", "/settings"),
            ("a.b", "/raw/yealink/a.b"),
        ] {
            assert_eq!(at(value), pointer, "{spread}");
        }
    }

    #[test]
    fn a_line_is_told_as_a_pointer() {
        let text = "\
display_name = \"Front\"
keys.2 = { function = \"dial\", number = \"202\" }
keys.3.number = \"203\"
settings.ntp_servers = [
  \"a\",
  \"b\",
]
[modules.1.keys.40]
function = \"dail\"
[[listen]]
address = \"x\"
[[listen]]
plain = 1
[raw.yealink]
\"a/b\" = \"1\"
";
        let lines = Lines::of(text);
        let at = |line| pointer_at(&lines, line).unwrap_or_default();
        for (line, pointer) in [
            (1, "/display_name"),
            (2, "/keys/2/number"),
            (3, "/keys/3/number"),
            (5, "/settings/ntp_servers/0"),
            (8, "/modules/1/keys/40"),
            (9, "/modules/1/keys/40/function"),
            (11, "/listen/0/address"),
            (13, "/listen/1/plain"),
            (15, "/raw/yealink/a~1b"),
            (99, ""),
        ] {
            assert_eq!(at(line), pointer, "line {line}");
        }
    }
}
