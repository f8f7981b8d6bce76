//! Cisco's XML of one element for each parameter, of the SPA and MPP phones.

/// The values of a file, in its order; those of a router's block by their paths.
///
/// # Errors
/// Why a phone takes nothing from it.
pub fn read(text: &str) -> Result<Vec<(String, String)>, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| format!("it is no XML: {error}"))?;
    let root = document.root_element();
    let profile = match root.tag_name().name() {
        "flat-profile" => Some(root),
        _ => root.children().find(|node| node.has_tag_name("flat-profile")),
    };
    let profile = profile.ok_or("it has no `flat-profile`")?;
    let mut values = Vec::new();
    collect(profile, "", &mut values);
    Ok(values)
}

fn collect(parent: roxmltree::Node<'_, '_>, path: &str, values: &mut Vec<(String, String)>) {
    for node in parent.children().filter(roxmltree::Node::is_element) {
        let name = format!("{path}{}", node.tag_name().name());
        if node.children().any(|child| child.is_element()) {
            collect(node, &format!("{name}/"), values);
            continue;
        }
        let text: String = node.children().filter_map(|child| child.text()).collect();
        values.push((name, text.trim().replace(['\r', '\n'], " ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_elements_stand_behind_earlier_ones() {
        let text = "<?xml version=\"1.0\"?><device><flat-profile><!-- x --><A ua=\"na\"> 1 &amp;\n2 </A><B/>\
                    <router-configuration><C><D>3</D></C></router-configuration><A>4</A></flat-profile></device>";
        let read: Vec<_> = read(text).unwrap().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(read, ["A=1 & 2", "B=", "router-configuration/C/D=3", "A=4"]);
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        assert_eq!(read("<a/>").unwrap_err(), "it has no `flat-profile`");
        assert!(read("<a>").unwrap_err().starts_with("it is no XML: "));
    }
}
