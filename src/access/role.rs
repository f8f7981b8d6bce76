//! What a token is for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A line by its site and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineId {
    /// The site.
    #[schema(value_type = String)]
    pub site: CompactString,
    /// Its name in the site.
    #[schema(value_type = String)]
    pub line: CompactString,
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.site, self.line)
    }
}

impl FromStr for LineId {
    type Err = String;

    fn from_str(text: &str) -> Result<LineId, String> {
        match text.split_once('/') {
            Some((site, line)) if !site.is_empty() && !line.is_empty() && !line.contains('/') => {
                Ok(LineId { site: site.into(), line: line.into() })
            }
            _ => Err(format!("`{text}` is no line: write its site and its name, such as acme/201")),
        }
    }
}

/// How much somebody may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "name", rename_all = "lowercase", deny_unknown_fields)]
pub enum Role {
    /// Everything. Braces, so that sites beside it are an error, and not an administrator of all of them.
    Admin {},
    /// Everything in some sites.
    Operator {
        /// The sites, at least one.
        #[schema(value_type = Vec<String>, min_items = 1)]
        sites: BTreeSet<CompactString>,
    },
    /// Looks, and changes nothing.
    Reader {
        /// Only these sites; left out: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Vec<String>>, min_items = 1)]
        sites: Option<BTreeSet<CompactString>>,
    },
    /// Whose phone it is: changes the keys of some lines.
    User {
        /// The lines, at least one.
        #[schema(min_items = 1)]
        lines: BTreeSet<LineId>,
    },
}

/// A role that would be for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// A list of sites is empty.
    #[error("the role `{0}` names no site")]
    NoSite(&'static str),
    /// The list of lines is empty.
    #[error("the role `user` names no line")]
    NoLine,
}

impl Role {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Role::Admin {} => "admin",
            Role::Operator { .. } => "operator",
            Role::Reader { .. } => "reader",
            Role::User { .. } => "user",
        }
    }

    /// A list that is empty must not be taken for one that is left out.
    ///
    /// # Errors
    /// It names nothing where it must name something.
    pub fn check(&self) -> Result<(), RoleError> {
        match self {
            Role::Operator { sites } | Role::Reader { sites: Some(sites) } if sites.is_empty() => {
                Err(RoleError::NoSite(self.name()))
            }
            Role::User { lines } if lines.is_empty() => Err(RoleError::NoLine),
            Role::Admin {} | Role::Operator { .. } | Role::Reader { .. } | Role::User { .. } => Ok(()),
        }
    }
}

/// `operator of acme, dune`
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of: Vec<String> = match self {
            Role::Admin {} | Role::Reader { sites: None } => Vec::new(),
            Role::Operator { sites } | Role::Reader { sites: Some(sites) } => {
                sites.iter().map(ToString::to_string).collect()
            }
            Role::User { lines } => lines.iter().map(ToString::to_string).collect(),
        };
        let word = if of.is_empty() { "" } else { " of " };
        write!(f, "{}{word}{}", self.name(), of.join(", "))
    }
}

/// Who has shown a good token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token's id.
    pub id: CompactString,
    /// The token's name.
    pub name: CompactString,
    /// What it is for.
    pub role: Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_as_json() {
        for (text, said) in [
            (r#"{"name":"admin"}"#, "admin"),
            (r#"{"name":"operator","sites":["acme","dune"]}"#, "operator of acme, dune"),
            (r#"{"name":"reader"}"#, "reader"),
            (r#"{"name":"reader","sites":["acme"]}"#, "reader of acme"),
            (r#"{"name":"user","lines":[{"site":"acme","line":"201"}]}"#, "user of acme/201"),
        ] {
            let role: Role = serde_json::from_str(text).unwrap();
            assert_eq!((role.to_string().as_str(), role.check()), (said, Ok(())));
            assert_eq!(serde_json::to_string(&role).unwrap(), text);
        }
        for text in [
            r#"{"name":"root"}"#,
            r#"{"name":"operator"}"#,
            r#"{"name":"user","sites":["acme"]}"#,
            r#"{"name":"reader","site":["acme"]}"#,
            r#"{"name":"admin","sites":["acme"]}"#,
        ] {
            assert!(serde_json::from_str::<Role>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_list_is_not_one_that_is_left_out() {
        let none = BTreeSet::new;
        assert_eq!(Role::Reader { sites: Some(none()) }.check(), Err(RoleError::NoSite("reader")));
        assert_eq!(Role::Operator { sites: none() }.check(), Err(RoleError::NoSite("operator")));
        assert_eq!(Role::User { lines: BTreeSet::new() }.check(), Err(RoleError::NoLine));
    }

    #[test]
    fn a_line_is_named_with_its_site() {
        assert_eq!("acme/201".parse(), Ok(LineId { site: "acme".into(), line: "201".into() }));
        for text in ["201", "/201", "acme/", "a/b/c", ""] {
            let error = format!("`{text}` is no line: write its site and its name, such as acme/201");
            assert_eq!(text.parse::<LineId>(), Err(error));
        }
    }
}
