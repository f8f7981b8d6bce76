//! Values of any kind.

use toml::de::DeValue;

/// A TOML value without positions, for places where the kind of a value is data.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A list.
    List(Vec<Value>),
    /// A table, in the order of its names.
    Table(Vec<(String, Value)>),
    /// A number with a fraction, or a date: nothing of ours takes one, so its text is only shown.
    Other(String),
}

impl Value {
    pub(super) fn of(value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Integer(_) => {
                integer_of(value).map_or_else(|| Value::Other("a number too large".into()), Value::Integer)
            }
            DeValue::Float(number) => Value::Other(number.as_str().to_owned()),
            DeValue::Datetime(date) => Value::Other(date.to_string()),
            DeValue::Array(items) => Value::List(items.iter().map(|item| Value::of(item.get_ref())).collect()),
            DeValue::Table(table) => {
                let mut fields: Vec<(usize, String, Value)> = table
                    .iter()
                    .map(|(key, value)| (key.span().start, key.get_ref().to_string(), Value::of(value.get_ref())))
                    .collect();
                fields.sort_by_key(|(at, _, _)| *at);
                Value::Table(fields.into_iter().map(|(_, name, value)| (name, value)).collect())
            }
        }
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Boolean(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(_) => "a fraction or a date",
        }
    }
}

pub(super) fn integer_of(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
