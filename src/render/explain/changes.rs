//! Another value in the place of one, by its type, so that what it moves can be seen.

use compact_str::{CompactString, format_compact};

use crate::catalogue::{Kind, Setting};
use crate::phone::{Function, Number, Secret, SettingValue, Use};

/// Other values of a setting's type; several where one might be written like the first.
pub(super) fn others(setting: &Setting, value: &SettingValue) -> Vec<SettingValue> {
    let text = |text: &str| SettingValue::Text(text.into());
    match (value, &setting.kind) {
        (SettingValue::Boolean(value), _) => vec![SettingValue::Boolean(!value)],
        (SettingValue::Integer(number), Kind::Integer(low, high)) => [number + 1, number - 1, *low, *high]
            .into_iter()
            .filter(|other| other != number && (low..=high).contains(&other))
            .map(SettingValue::Integer)
            .collect(),
        (SettingValue::Integer(number), _) => vec![SettingValue::Integer(number + 1)],
        (SettingValue::Text(word), Kind::Enum(words)) => {
            words.iter().filter(|other| *other != word).map(|other| text(other)).collect()
        }
        (SettingValue::Text(_), Kind::Timezone) => ["Asia/Kolkata", "America/New_York"].map(text).to_vec(),
        (SettingValue::Text(word), Kind::Language) => {
            ["fr", "en", "de"].into_iter().filter(|other| other != word).map(text).collect()
        }
        (SettingValue::Text(address), Kind::Ipv4) => {
            vec![text(if address == "192.0.2.1" { "192.0.2.2" } else { "192.0.2.1" })]
        }
        (SettingValue::Text(number), Kind::Number) => vec![text(&format!("{number}0"))],
        (SettingValue::Text(other), _) => vec![SettingValue::Text(changed(other))],
        (SettingValue::List(items), Kind::Codec) => {
            let mut items = items.to_vec();
            let last = crate::catalogue::CODECS.iter().find(|codec| !items.iter().any(|item| item == **codec));
            items.extend(last.map(|codec| CompactString::from(*codec)));
            items.rotate_right(1);
            vec![SettingValue::List(items.into())]
        }
        (SettingValue::List(_), Kind::Ipv4) => {
            ["192.0.2.1", "192.0.2.2"].map(|ip| SettingValue::List([ip.into()].into())).to_vec()
        }
        (SettingValue::List(items), _) => {
            let mut items = items.to_vec();
            match items.first_mut() {
                Some(first) => *first = changed(first),
                None => items.push("x".into()),
            }
            vec![SettingValue::List(items.into())]
        }
        // Some phones take a PIN only.
        (SettingValue::Secret(_), _) => {
            ["x", "9876"].map(|other| SettingValue::Secret(Secret::new(other.into()))).to_vec()
        }
    }
}

pub(super) fn changed(text: &CompactString) -> CompactString {
    let mut text = text.clone();
    text.push('x');
    text
}

/// Another text to show. What is changed is its beginning: its end may be cut off where there is no room for it.
pub(super) fn shown_otherwise(text: &CompactString) -> CompactString {
    format_compact!("x{text}")
}

/// Other uses of a key: the same function with another parameter, and another function.
pub(super) fn other_uses(what: &Use) -> Vec<Use> {
    let mut others = Vec::new();
    if let Some(number) = &what.number {
        let longer = format!("{number}0").parse::<Number>().ok();
        others.push(Use { number: longer.or_else(|| "0".parse().ok()), ..what.clone() });
    }
    if let Some(url) = &what.url {
        others.push(Use { url: Some(format!("{url}x").into()), ..what.clone() });
    }
    others.push(match what.function {
        Function::None => Use { number: "0".parse().ok(), ..Use::of(Function::Dial) },
        _ => Use::of(Function::None),
    });
    others
}
