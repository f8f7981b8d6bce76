//! The profile of Gigaset's older bases and desk phones: `ProviderFrame`, in Latin-1.

use roxmltree::{Document, Node};

/// What a profile says.
#[derive(Debug, Default)]
pub struct Profile {
    /// For which phone it is.
    pub mac: String,
    /// Its items by their IDs, its plain elements by their names; texts without the quotes of a C string.
    pub values: Vec<(String, String)>,
}

/// Reads a profile.
///
/// # Errors
/// Why a phone takes nothing from it.
pub fn read(bytes: &[u8]) -> Result<Profile, String> {
    // Every byte is the character of its number.
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let document = Document::parse(&text).map_err(|error| format!("it is no XML: {error}"))?;
    let root = document.root_element();
    let provider = root.children().find(|node| node.has_tag_name("Provider"));
    let provider = provider.filter(|_| root.has_tag_name("ProviderFrame")).ok_or("it has no `ProviderFrame`")?;
    let mut profile = Profile::default();
    let mut named = false;
    for node in provider.children().filter(Node::is_element) {
        let value = node.attribute("value").unwrap_or_default();
        match node.tag_name().name() {
            "MAC_ADDRESS" => profile.mac = value.to_owned(),
            "PROFILE_NAME" => named = true,
            "SYMB_ITEM" => profile.values.extend(node.attribute("ID").map(|id| (id.to_owned(), unquoted(value)))),
            name => profile.values.push((name.to_owned(), unquoted(value))),
        }
    }
    if named { Ok(profile) } else { Err("it has no PROFILE_NAME".to_owned()) }
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_by_their_ids() {
        let text = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><ProviderFrame><Provider><MAC_ADDRESS value=\"7C2F80AABBCC\"/>\
                    <PROFILE_NAME class=\"string\" value=\"\"/><SYMB_ITEM ID=\"a[0]\" class=\"symb_item\" value='\"x\"'/>\
                    <S_B class=\"string\" value=\"2\"/></Provider></ProviderFrame>";
        let profile = read(text.as_bytes()).unwrap();
        assert_eq!(profile.mac, "7C2F80AABBCC");
        assert_eq!(profile.values, [("a[0]".to_owned(), "x".to_owned()), ("S_B".to_owned(), "2".to_owned())]);
        let latin = text.replace("\"x\"", "\"é\"").chars().map(|c| c as u8).collect::<Vec<u8>>();
        assert_eq!(read(&latin).unwrap().values[0].1, "é");
    }

    #[test]
    fn a_profile_without_a_name_is_none() {
        let text = "<ProviderFrame><Provider><MAC_ADDRESS value=\"1\"/></Provider></ProviderFrame>";
        assert_eq!(read(text.as_bytes()).unwrap_err(), "it has no PROFILE_NAME");
        assert_eq!(read(b"<a/>").unwrap_err(), "it has no `ProviderFrame`");
    }
}
