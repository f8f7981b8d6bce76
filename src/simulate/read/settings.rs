//! The settings XML of Gigaset's P phones, which run a system derived from Snom's.

use roxmltree::{Document, Node};

/// The values of a file: `user_name 1` for the element `user_name` with `idx="1"`; of a key, `fkey 3` and its
/// `fkey 3 context`, `fkey 3 label`. What a user may keep (`perm="!"`) is as good as set on a phone that nobody has used.
///
/// # Errors
/// Why a phone takes nothing from it.
pub fn read(text: &str) -> Result<Vec<(String, String)>, String> {
    let document = Document::parse(text).map_err(|error| format!("it is no XML: {error}"))?;
    let root = document.root_element();
    if !root.has_tag_name("settings") {
        return Err("it has no `settings`".to_owned());
    }
    let mut values = Vec::new();
    for part in root.children().filter(Node::is_element) {
        for node in part.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "phone-settings" => values.push((named(node), text_of(node))),
                "functionKeys" if node.has_tag_name("fkey") => {
                    let name = named(node);
                    for attribute in ["context", "label"] {
                        let value = node.attribute(attribute).unwrap_or_default();
                        values.push((format!("{name} {attribute}"), value.to_owned()));
                    }
                    values.push((name, text_of(node)));
                }
                _ => {}
            }
        }
    }
    Ok(values)
}

fn named(node: Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    node.attribute("idx").map_or_else(|| name.to_owned(), |idx| format!("{name} {idx}"))
}

fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_keys_are_named_by_their_numbers() {
        let text = "<settings><phone-settings e=\"2\"><user_name idx=\"1\" perm=\"RW\">a</user_name><x/></phone-settings>\
                    <functionKeys><fkey idx=\"0\" context=\"1\" label=\"L\">speed 1</fkey></functionKeys></settings>";
        let read: Vec<_> = read(text).unwrap().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(read, ["user_name 1=a", "x=", "fkey 0 context=1", "fkey 0 label=L", "fkey 0=speed 1"]);
    }

    #[test]
    fn another_root_is_refused() {
        assert_eq!(read("<firmware-settings/>").unwrap_err(), "it has no `settings`");
    }
}
