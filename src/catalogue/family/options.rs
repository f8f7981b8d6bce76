//! What a family gives names of its own: groups of its models, options of its templates.

use compact_str::CompactString;

use crate::reader::{Table, Value};

/// Groups are lists of models' ids, each under the name that stands for them.
pub(super) fn read_groups(mut table: Table<'_, '_>) -> Vec<(CompactString, Vec<CompactString>)> {
    table.any_field();
    let mut groups = Vec::new();
    for name in table.fields() {
        let text = |value| if let Value::Text(id) = value { Some(id.into()) } else { None };
        let models = match table.value_named(&name.value).map(|at| at.value) {
            Some(Value::List(models)) => models.into_iter().map(text).collect(),
            _ => None,
        };
        match models {
            Some(models) => groups.push((name.value.into(), models)),
            None => {
                let what = format!("the group `{}` must be a list of models' ids", name.value);
                table.error("wrong-type", name.line, what);
            }
        }
    }
    groups
}

/// Options are texts, whole numbers or booleans under names of the family's own.
pub(in crate::catalogue) fn read_options(table: &mut Table<'_, '_>) -> Vec<(CompactString, Value)> {
    table.any_field();
    let mut options = Vec::new();
    for name in table.fields() {
        match table.value_named(&name.value).map(|at| at.value) {
            Some(value @ (Value::Text(_) | Value::Integer(_) | Value::Boolean(_))) => {
                options.push((name.value.into(), value))
            }
            Some(other) => table.error(
                "wrong-type",
                name.line,
                format!(
                    "the option `{}` must be a text, a whole number or a boolean, not {}",
                    name.value,
                    other.kind()
                ),
            ),
            None => {}
        }
    }
    options
}
