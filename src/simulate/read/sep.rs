//! The tree of a Cisco enterprise phone: `SEP<MAC>.cnf.xml`.

use roxmltree::{Document, Node};

/// The values of a file by the paths of their elements below the root; a `line` or `addOnModule` has its number in its
/// name: `sipProfile/sipLines/line 3/featureID`.
///
/// # Errors
/// Why a phone takes nothing from it.
pub fn read(text: &str) -> Result<Vec<(String, String)>, String> {
    let document = Document::parse(text).map_err(|error| format!("it is no XML: {error}"))?;
    let root = document.root_element();
    if !root.has_tag_name("device") {
        return Err("it has no `device`".to_owned());
    }
    let mut values = Vec::new();
    collect(root, "", &mut values);
    Ok(values)
}

fn collect(parent: Node<'_, '_>, path: &str, values: &mut Vec<(String, String)>) {
    for node in parent.children().filter(Node::is_element) {
        let number = node.attribute("button").or(node.attribute("idx")).or(node.attribute("priority"));
        let name = node.tag_name().name();
        let path = number.map_or_else(|| format!("{path}{name}"), |number| format!("{path}{name} {number}"));
        if let Some(index) = node.attribute("lineIndex") {
            values.push((format!("{path}/lineIndex"), index.to_owned()));
        }
        if node.children().any(|child| child.is_element()) {
            collect(node, &format!("{path}/"), values);
            continue;
        }
        let text: String = node.children().filter_map(|child| child.text()).collect();
        values.push((path, text.trim().to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_named_by_their_paths() {
        let text = "<device><sipProfile><sipLines><line button=\"2\" lineIndex=\"1\"><featureID>9</featureID></line>\
                    </sipLines></sipProfile><a/></device>";
        let read: Vec<_> = read(text).unwrap().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(read, ["sipProfile/sipLines/line 2/lineIndex=1", "sipProfile/sipLines/line 2/featureID=9", "a="]);
    }

    #[test]
    fn what_is_no_device_is_refused() {
        assert_eq!(read("<flat-profile/>").unwrap_err(), "it has no `device`");
    }
}
