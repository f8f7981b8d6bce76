//! JSON put into a TOML text, as a JSON Merge Patch (RFC 7396) says: comments, order and what is not named stay.

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike};

use super::mistake::pointer_to;
use super::shown::is_hidden;

/// What TOML cannot say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The file has to be mended first.
    #[error("the file is not valid TOML: {0}")]
    Broken(String),
    /// A value of a kind that no field has.
    #[error("{0}")]
    Value(&'static str),
    /// A hidden value stands where there is none to keep.
    #[error("a hidden value is kept as it is, and there is none here")]
    NothingHidden,
}

/// Where in the patch, as a JSON pointer, and what.
pub type MergeMistake = (String, MergeError);

/// Puts a patch into a document. Of its outermost tables so many are `kept`: they stay where nothing is left in them.
/// Others that the patch empties go.
///
/// # Errors
/// All values that cannot be put there; the others are.
pub fn merge(document: &mut DocumentMut, patch: &Map<String, Value>, kept: usize) -> Result<(), Vec<MergeMistake>> {
    let mut merging = Merging { kept, mistakes: Vec::new() };
    merging.table(document.as_table_mut(), patch, "", false);
    if merging.mistakes.is_empty() { Ok(()) } else { Err(merging.mistakes) }
}

/// The patch that makes one value of another: what is not in it any more becomes null.
pub fn difference(from: &Map<String, Value>, to: &Map<String, Value>) -> Map<String, Value> {
    let gone = from.keys().filter(|name| !to.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    let others = to.iter().filter_map(|(name, new)| match (from.get(name), new) {
        (Some(old), new) if old == new || is_hidden(new) => None,
        (Some(Value::Object(old)), Value::Object(new)) => Some((name.clone(), difference(old, new).into())),
        _ => Some((name.clone(), new.clone())),
    });
    gone.chain(others).collect()
}

struct Merging {
    kept: usize,
    mistakes: Vec<MergeMistake>,
}

impl Merging {
    /// `inline`: the table stands on one line, so that what is put into it has to as well.
    fn table(&mut self, table: &mut dyn TableLike, patch: &Map<String, Value>, at: &str, inline: bool) {
        for (name, new) in patch {
            let at = pointer_to(at, name);
            match new {
                Value::Null => drop(table.remove(name)),
                hidden if is_hidden(hidden) => {
                    if !table.contains_key(name) {
                        self.mistakes.push((at, MergeError::NothingHidden));
                    }
                }
                Value::Object(fields) => self.object(table, name, fields, &at, inline),
                other => {
                    if let Some(value) = self.value(other, &at) {
                        put(table, name, value);
                    }
                }
            }
        }
    }

    fn object(&mut self, table: &mut dyn TableLike, name: &str, fields: &Map<String, Value>, at: &str, inline: bool) {
        if let Some(inner) = table.get_mut(name) {
            let inline = inline || inner.is_inline_table() || inner.as_table().is_some_and(Table::is_dotted);
            if let Some(fields_now) = inner.as_table_like_mut() {
                self.table(fields_now, fields, at, inline);
                let is_emptied = fields_now.is_empty() && !fields.is_empty();
                if is_emptied && at.matches('/').count() > self.kept {
                    table.remove(name);
                } else if let Some(inner) = inner.as_table_mut().filter(|_| is_emptied) {
                    // Nothing but its own head tells that it is there.
                    inner.set_implicit(false);
                    inner.set_dotted(false);
                }
                return;
            }
        }
        // A place of a secret is written on one line, as people do.
        let of_secret =
            ["file", "env", "encrypted"].iter().any(|source| fields.len() == 1 && fields.contains_key(*source));
        let mut made =
            if inline || of_secret { Item::Value(InlineTable::new().into()) } else { Item::Table(Table::new()) };
        if let Some(inner) = made.as_table_like_mut() {
            self.table(inner, fields, at, inline);
            // A table of tables needs no head of its own.
            let only_tables = !inner.is_empty() && inner.iter().all(|(_, item)| item.is_table());
            if let Some(made) = made.as_table_mut() {
                made.set_implicit(only_tables);
            }
            match made {
                Item::Value(value) => put(table, name, value),
                made => drop(table.insert(name, made)),
            }
        }
    }

    fn value(&mut self, json: &Value, at: &str) -> Option<toml_edit::Value> {
        let wrong = |what| (at.to_owned(), MergeError::Value(what));
        let value = match json {
            Value::String(text) => text.as_str().into(),
            Value::Bool(is) => (*is).into(),
            Value::Number(number) => match number.as_i64().or_else(|| whole(number.as_f64()?)) {
                Some(number) => number.into(),
                None => {
                    self.mistakes.push(wrong("no field takes a number with a fraction, or one so large"));
                    return None;
                }
            },
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(n, item)| self.value(item, &format!("{at}/{n}")));
                // All mistakes are told, and not only the first.
                let items: Vec<Option<toml_edit::Value>> = items.collect();
                items.into_iter().collect::<Option<Array>>()?.into()
            }
            Value::Object(fields) => {
                let mut table = InlineTable::new();
                self.table(&mut table, fields, at, true);
                table.into()
            }
            Value::Null => {
                self.mistakes.push(wrong("null takes a field away, and nothing can be taken out of a list"));
                return None;
            }
        };
        Some(value)
    }
}

/// JSON knows one kind of numbers: 8.0 is 8.
fn whole(number: f64) -> Option<i64> {
    /// Beyond it not every whole number is one of these.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// Another value under a name, with what stands around it.
fn put(table: &mut dyn TableLike, name: &str, mut new: toml_edit::Value) {
    match table.get_mut(name) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *new.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(new);
        }
        None => drop(table.insert(name, Item::Value(new))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(text: &str, patch: Value) -> String {
        keeping(0, text, patch)
    }

    fn keeping(kept: usize, text: &str, patch: Value) -> String {
        let mut document: DocumentMut = text.parse().unwrap();
        let told = |mistakes: Vec<MergeMistake>| {
            mistakes.iter().map(|(at, what)| format!("{at}: {what}\n")).collect::<String>()
        };
        merge(&mut document, patch.as_object().unwrap(), kept).map_or_else(told, |()| document.to_string())
    }

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let text = "\
# Front desk.
display_name = \"Front\"  # short
keys.2 = { function = \"dial\", number = \"202\" } # Marie

[modules.1.keys.3]
# the hall
label = \"Hall\"

[sip]
password = \"s3cret\"
";
        let patch = json!({
            "display_name": "Desk",
            "keys": { "2": { "number": "203", "label": "Paul" }, "4": { "function": "redial" } },
            "modules": { "1": { "keys": { "3": null, "5": { "function": "history" } } } },
            "sip": { "password": { "hidden": true } },
        });
        insta::assert_snapshot!(merged(text, patch), @r#"
        # Front desk.
        display_name = "Desk"  # short
        keys.2 = { function = "dial", number = "203" , label = "Paul" } # Marie
        keys.4 = { function = "redial" }

        [modules.1.keys.5]
        function = "history"

        [sip]
        password = "s3cret"
        "#);
    }

    #[test]
    fn a_new_file_reads_like_one_of_people() {
        let patch = json!({
            "display_name": "Reception",
            "sip": { "password": { "file": "/run/secrets/x" } },
            "keys": { "2": { "function": "dial", "number": "202" }, "3": { "label": "Hall" } },
            "soft_keys": {},
        });
        insta::assert_snapshot!(merged("", patch), @r#"
        display_name = "Reception"

        [sip]
        password = { file = "/run/secrets/x" }

        [keys.2]
        function = "dial"
        number = "202"

        [keys.3]
        label = "Hall"

        [soft_keys]
        "#);
    }

    #[test]
    fn every_value_that_cannot_be_written_is_told() {
        let patch = json!({
            "settings": { "ntp_servers": ["a", null], "ring_volume": 1.5, "rtp_qos": 46.0 },
            "sip": { "password": { "hidden": true } },
            "a/b": 1e300,
        });
        insta::assert_snapshot!(merged("", patch), @r"
        /settings/ntp_servers/1: null takes a field away, and nothing can be taken out of a list
        /settings/ring_volume: no field takes a number with a fraction, or one so large
        /sip/password: a hidden value is kept as it is, and there is none here
        /a~1b: no field takes a number with a fraction, or one so large
        ");
    }

    #[test]
    fn what_is_emptied_goes_but_not_what_was_named() {
        let left = |text: &str, patch: Value, kept: usize| keeping(kept, text, patch);
        let patch = || json!({ "layouts": { "desk": { "keys": null } } });
        for text in ["[layouts.desk]\nkeys.3.label = \"x\"\n", "[layouts.desk.keys.3]\nlabel = \"x\"\n"] {
            assert_eq!(left(text, patch(), 0), "");
            assert_eq!(left(text, patch(), 2), "[layouts.desk]\n");
            assert_eq!(left(text, json!({ "layouts": { "desk": { "keys": { "3": null } } } }), 2), "[layouts.desk]\n");
        }
        assert_eq!(left("layouts.desk.keys.3.label = \"x\"\n", patch(), 2), "[layouts.desk]\n");
        assert_eq!(left("layouts = { desk = { keys = {} } }\n", patch(), 2), "layouts = { desk = {} }\n");
    }

    #[test]
    fn a_difference_leads_from_one_to_the_other() {
        let of = |from: Value, to: Value| difference(from.as_object().unwrap(), to.as_object().unwrap());
        let from = json!({ "a": 1, "b": { "c": 2, "d": { "e": 3 } }, "secret": "s", "list": [1, 2] });
        let to = json!({ "b": { "c": 4, "f": {} }, "secret": { "hidden": true }, "list": [2] });
        let wanted = json!({ "a": null, "b": { "d": null, "c": 4, "f": {} }, "list": [2] });
        assert_eq!(Value::Object(of(from.clone(), to)), wanted);
        assert_eq!(Value::Object(of(from.clone(), from)), json!({}));
    }
}
