//! What is shown to nobody who looks: passwords within addresses, and what may be one.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Stands in a text for what is not shown.
pub const HIDDEN: &str = "‹hidden›";

/// An address with a password up to the last `@` before its path; `"` and `<` may be in it.
static PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(://[^/\s:]*:)[^/\s]+@").ok());

/// A text without the passwords of the addresses in it: `https://anna:password@example.org`.
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    PASSWORD.as_ref().map_or(Cow::Borrowed(HIDDEN), |password| password.replace_all(text, "$1‹hidden›@"))
}

/// Whether there is an address with a password in a text.
pub fn has_password(text: &str) -> bool {
    matches!(without_passwords(text), Cow::Owned(_)) || url::Url::parse(text).is_ok_and(|url| url.password().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        for (text, shown) in [
            ("https://anna:s3cret@example.org/x", "https://anna:‹hidden›@example.org/x"),
            ("https://anna@home:s3cret@example.org", "https://anna@home:‹hidden›@example.org"),
            ("https://anna:s'3\"<c>r@et@example.org/", "https://anna:‹hidden›@example.org/"),
            ("<a>http://:s&amp;3@example.org</a>", "<a>http://:‹hidden›@example.org</a>"),
            ("<a b='http://:s&#34;3@example.org'/>", "<a b='http://:‹hidden›@example.org'/>"),
            ("http://a:b@c@d/ ftp://d:e@f", "http://a:‹hidden›@d/ ftp://d:‹hidden›@f"),
        ] {
            assert_eq!(without_passwords(text), shown);
            assert!(has_password(text), "{text}");
        }
        for text in ["http://example.org:8080/anna@home", "fnc=sd;ext=201@$PROXY", "http://anna@example.org:80/"] {
            assert_eq!(without_passwords(text), text);
            assert!(!has_password(text), "{text}");
        }
        assert!(has_password("https:anna:s3cret@example.org"));
    }
}
