//! The rules of Cisco's SPA and MPP phones: options, alternatives and macros of `Profile_Rule`.

use super::device::Device;
use super::memory::Memory;

/// One thing to fetch.
#[derive(Debug, PartialEq, Eq)]
pub struct Fetch {
    /// What stands behind the options.
    pub url: String,
    /// `--uid`
    pub user: Option<String>,
    /// `--pwd`
    pub password: String,
}

/// The alternatives of a rule, macros expanded, each or why it is not played.
pub fn alternatives<'r>(
    rule: &'r str,
    macros: impl Fn(&str) -> Option<String> + 'r,
) -> impl Iterator<Item = Result<Fetch, String>> + 'r {
    rule.split('|').map(str::trim).filter(|part| !part.is_empty()).map(move |part| one(part, &macros))
}

fn one(part: &str, macros: &impl Fn(&str) -> Option<String>) -> Result<Fetch, String> {
    if part.starts_with('(') {
        return Err("conditions and assignments are not played".to_owned());
    }
    let (options, url) = match part.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("its options are not closed by `]`")?,
        None => ("", part),
    };
    let mut fetch = Fetch { url: expand(url.trim(), macros), user: None, password: String::new() };
    let mut words = options.split_whitespace();
    while let Some(option) = words.next() {
        match option {
            "--uid" => fetch.user = words.next().map(|word| expand(word, macros)),
            "--pwd" => fetch.password = words.next().map(|word| expand(word, macros)).unwrap_or_default(),
            other => return Err(format!("the option `{other}` is not played")),
        }
    }
    Ok(fetch)
}

/// Puts values in for macros, once; what is no macro stays as it is.
fn expand(text: &str, macros: &impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = behind.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        // The longest name that is one: $MAU before $MA.
        let longest = behind.bytes().take_while(u8::is_ascii_uppercase).count();
        let found = (1..=longest).rev().find_map(|length| Some((length, macros(&behind[..length])?)));
        match found {
            Some((length, value)) => {
                out.push_str(&value);
                rest = &behind[length..];
            }
            None => {
                out.push('$');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The value of a macro (SPA-PG, MPP-AG); `series` is the phone's `$PSN`.
pub fn value_of(name: &str, device: &Device, series: &str, memory: &Memory) -> Option<String> {
    let stored = |field: String| Some(memory.get(&field).unwrap_or_default().to_owned());
    match name {
        "MA" => Some(device.mac.to_string()),
        "MAU" => Some(device.mac.upper()),
        "MAC" => Some(device.mac.colons()),
        "PN" => Some(device.product.clone()),
        "PSN" => Some(series.to_owned()),
        "SWVER" => Some(device.firmware.clone()),
        "PRVST" => Some("0".to_owned()),
        "SA" | "SB" | "SC" | "SD" => stored(format!("GPP_{name}")),
        _ if name.len() == 1 && ("A"..="P").contains(&name) => stored(format!("GPP_{name}")),
        _ => None,
    }
}

/// How these phones say no.
pub fn is_no(value: &str) -> bool {
    value.eq_ignore_ascii_case("no")
}

/// How these phones say yes.
pub fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rule: &str) -> Vec<Result<Fetch, String>> {
        let macros = |name: &str| match name {
            "MA" => Some("001122aabbcc".to_owned()),
            "MAU" => Some("001122AABBCC".to_owned()),
            "A" => Some("https://h".to_owned()),
            _ => None,
        };
        alternatives(rule, macros).collect()
    }

    #[test]
    fn macros_are_put_in_once() {
        let url = |rule: &str| read(rule).remove(0).unwrap().url;
        assert_eq!(url("$A/$MA.xml"), "https://h/001122aabbcc.xml");
        assert_eq!(url("/x$MAU$$MA$NO"), "/x001122AABBCC$MA$NO");
    }

    #[test]
    fn options_and_alternatives_are_cut() {
        let rules = read("[--uid me --pwd $MA] /a | /b");
        let first = rules[0].as_ref().unwrap();
        assert_eq!((first.user.as_deref(), first.password.as_str()), (Some("me"), "001122aabbcc"));
        assert_eq!(rules[1].as_ref().unwrap().url, "/b");
        assert_eq!(read("($SWVER lt 7)? /a")[0].as_ref().unwrap_err(), "conditions and assignments are not played");
    }
}
