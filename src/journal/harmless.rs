//! What of a file of the fleet may be kept: the fields that are known to hold no secret.

use toml::{Table, Value};

/// Fields that say which keys a phone has, and what they do. A `url` may have a password in it.
const FIELDS: [&str; 16] = [
    "model",
    "lines",
    "modules",
    "firmware",
    "display_name",
    "layout",
    "keys",
    "soft_keys",
    "function",
    "number",
    "label",
    "line",
    "via",
    "seconds",
    "accept",
    "locked",
];

/// A phone's or a line's file without what may be a secret; none if it is not TOML.
pub fn harmless(text: &str) -> Option<String> {
    let table: Table = text.parse().ok()?;
    Some(kept(table).to_string())
}

fn kept(table: Table) -> Table {
    let is_harmless = |name: &str| FIELDS.contains(&name) || name.bytes().all(|byte| byte.is_ascii_digit());
    let fields = table.into_iter().filter(|(name, _)| is_harmless(name));
    fields
        .map(|(name, value)| match value {
            Value::Table(table) => (name, Value::Table(kept(table))),
            value => (name, value),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_and_secrets_are_not() {
        let text = "display_name = \"Front\"\nsip.password = \"s3cret\"\nregistration.code = \"0000\"\n\
                    [settings]\nadmin_password = { file = \"a\" }\n[raw.yealink]\n\"account.1.password\" = \"s3cret\"\n\
                    [trust]\npassword = \"s3cret\"\n[keys.2]\nfunction = \"url\"\nurl = \"https://u:s3cret@example.org\"\n\
                    [modules.1.keys.3]\nfunction = \"dial\"\nnumber = \"202\"\nlocked = true\n";
        let kept = harmless(text).unwrap();
        let wanted = "display_name = \"Front\"\n\n[keys.2]\nfunction = \"url\"\n\n\
                      [modules.1.keys.3]\nfunction = \"dial\"\nlocked = true\nnumber = \"202\"\n";
        assert_eq!(kept, wanted);
        assert_eq!(harmless("not TOML"), None);
    }
}
