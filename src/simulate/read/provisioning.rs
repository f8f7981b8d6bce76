//! Gigaset's `provisioning` XML of the Maxwell and Nx70: parameters, steps, and blocks of operations.

use roxmltree::{Document, Node};

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Provisioning {
    /// Its parameters, in its order.
    pub params: Vec<(String, String)>,
    /// The types of its steps.
    pub steps: Vec<String>,
    /// Files that it sends the phone to.
    pub redirects: Vec<String>,
    /// Its operations: name, value, and what stands in them.
    pub opers: Vec<Oper>,
}

/// One operation.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Oper {
    /// Its name.
    pub name: String,
    /// What it works on.
    pub value: String,
    /// The parameters in it.
    pub params: Vec<(String, String)>,
}

/// Reads a file.
///
/// # Errors
/// Why a phone takes nothing from it.
pub fn read(text: &str) -> Result<Provisioning, String> {
    let document = Document::parse(text).map_err(|error| format!("it is no XML: {error}"))?;
    let root = document.root_element();
    if !root.has_tag_name("provisioning") {
        return Err("it has no `provisioning`".to_owned());
    }
    if root.attribute("version") != Some("1.1") {
        return Err("it is not of version 1.1".to_owned());
    }
    let mut read = Provisioning::default();
    for node in root.children().filter(Node::is_element) {
        match node.tag_name().name() {
            "nvm" => nvm(node, &mut read),
            "custom" => custom(node, &mut read),
            _ => {}
        }
    }
    Ok(read)
}

fn nvm(parent: Node<'_, '_>, read: &mut Provisioning) {
    for node in parent.children().filter(Node::is_element) {
        match node.tag_name().name() {
            "param" => read.params.extend(param(node)),
            "oper" => read.opers.push(Oper {
                name: attribute(node, "name"),
                value: attribute(node, "value"),
                params: node.children().filter(|child| child.has_tag_name("param")).filter_map(param).collect(),
            }),
            _ => {}
        }
    }
}

fn param(node: Node<'_, '_>) -> Option<(String, String)> {
    Some((node.attribute("name")?.to_owned(), attribute(node, "value")))
}

fn custom(parent: Node<'_, '_>, read: &mut Provisioning) {
    for step in parent.children().filter(|node| node.has_tag_name("step")) {
        let kind = attribute(step, "type");
        if kind == "Redirect" {
            read.redirects.extend(step.attribute("url").map(str::to_owned));
        }
        read.steps.push(kind);
    }
}

fn attribute(node: Node<'_, '_>, name: &str) -> String {
    node.attribute(name).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_into_its_parts() {
        let text = "<provisioning version=\"1.1\"><nvm><param name=\"A\" value=\"1\"/><oper name=\"add_hs\" value=\"7\">\
                    <param name=\"B\" value=\"2\"/></oper></nvm><custom><step type=\"Redirect\" url=\"http://h/x\"/></custom>\
                    </provisioning>";
        let read = read(text).unwrap();
        assert_eq!(read.params, [("A".to_owned(), "1".to_owned())]);
        assert_eq!((read.opers[0].value.as_str(), read.opers[0].params.len()), ("7", 1));
        assert_eq!(read.redirects, ["http://h/x"]);
    }

    #[test]
    fn another_root_is_refused() {
        assert_eq!(read("<settings/>").unwrap_err(), "it has no `provisioning`");
    }
}
