//! A request target as phones write it: escaped, with doubled slashes and dot segments, sometimes with a whole URL.
//!
//! Two readings of the path are kept, since old Gigasets ask for `/42/2/../../sifs/siu_123.bin`: `42/2` tells who asks,
//! and `sifs/siu_123.bin` is what for. Nothing here opens a file, so `..` can do no harm beyond the token.

use std::borrow::Cow;

use compact_str::CompactString;
use percent_encoding::percent_decode_str;
use smallvec::SmallVec;

use super::token::Token;

/// The longest target that is looked at, in bytes.
const MAX_TARGET_BYTES: usize = 4096;

/// A target, taken apart. No part but `token` holds the token.
#[derive(Debug, Default)]
pub(super) struct Target {
    /// The segment behind `/~`.
    pub token: Option<Token>,
    /// The first folder.
    pub site: Option<CompactString>,
    /// The path behind the token, decoded and resolved, without a slash at its beginning.
    pub path: String,
    /// The same with its `..`, if it has any.
    pub walked: Option<String>,
    /// The decoded query, empty if there is none.
    pub query: String,
    /// Whether it can name a file: not too long, UTF-8, without control characters or a second token.
    pub sound: bool,
}

impl Target {
    pub fn parse(raw: &str) -> Target {
        if raw.len() > MAX_TARGET_BYTES {
            return Target::default();
        }
        let raw = without_origin(raw.split('#').next().unwrap_or_default());
        let (raw_path, raw_query) = raw.split_once('?').unwrap_or((raw, ""));
        let (path, path_sound) = decoded(raw_path);
        let (query, query_sound) = decoded(raw_query);
        let walk = Walk::along(&path);
        let folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
        Target {
            token: walk.token.map(Token::new),
            site: walk.site(),
            path: joined(&walk.resolved, folder),
            walked: walk.dotted.then(|| joined(&walk.walked, folder)),
            query: query.into_owned(),
            sound: path_sound && query_sound && !walk.second_token,
        }
    }

    /// The last segment of the path: what is asked for. Empty for a folder.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The segments of a path, in both readings.
#[derive(Default)]
struct Walk<'p> {
    token: Option<&'p str>,
    second_token: bool,
    before: Option<&'p str>,
    resolved: SmallVec<[&'p str; 8]>,
    walked: SmallVec<[&'p str; 8]>,
    dotted: bool,
}

impl<'p> Walk<'p> {
    fn along(path: &'p str) -> Walk<'p> {
        let mut walk = Walk::default();
        for segment in path.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    walk.dotted = true;
                    walk.resolved.pop();
                    walk.walked.push(segment);
                }
                _ => match segment.strip_prefix('~') {
                    // What stands before a token is a proxy's prefix or a site, never a way around it.
                    Some(token) if walk.token.is_none() => {
                        let before = walk.resolved.first().copied();
                        walk = Walk { token: Some(token), before, ..Walk::default() };
                    }
                    Some(_) => walk.second_token = true,
                    None => {
                        walk.resolved.push(segment);
                        walk.walked.push(segment);
                    }
                },
            }
        }
        walk
    }

    fn site(&self) -> Option<CompactString> {
        let folder = self.resolved.first().copied().filter(|_| self.resolved.len() > 1);
        self.before.or(folder).map(CompactString::from)
    }
}

/// The path of `http://host/path`; any other target as it is.
fn without_origin(raw: &str) -> &str {
    let Some((scheme, rest)) = raw.split_once("://") else { return raw };
    if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return raw;
    }
    &rest[rest.find(['/', '?']).unwrap_or(rest.len())..]
}

/// The text with its percent escapes decoded once, and whether it can be part of a file's name.
///
/// Escapes that are none stay as they are, as phones send them that do not know a placeholder: `%MACD.xml`.
fn decoded(raw: &str) -> (Cow<'_, str>, bool) {
    let (text, utf8) = match percent_decode_str(raw).decode_utf8() {
        Ok(text) => (text, true),
        Err(_) => (percent_decode_str(raw).decode_utf8_lossy(), false),
    };
    let printable = !text.chars().any(char::is_control);
    (text, utf8 && printable)
}

fn joined(segments: &[&str], folder: bool) -> String {
    let mut path = segments.join("/");
    if folder && !path.is_empty() {
        path.push('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> (String, String) {
        let target = Target::parse(raw);
        assert!(target.sound, "{raw}");
        (target.path, target.query)
    }

    #[test]
    fn slashes_dots_and_escapes_are_folded_once() {
        for (raw, path, query) in [
            ("/001565aabbcc.cfg", "001565aabbcc.cfg", ""),
            ("001565aabbcc.cfg", "001565aabbcc.cfg", ""),
            ("//acme///./001565aabbcc.cfg", "acme/001565aabbcc.cfg", ""),
            ("/acme/../../b/x.cfg", "b/x.cfg", ""),
            ("/acme/%2e%2E/x%2Ecfg", "x.cfg", ""),
            ("/%2561.cfg", "%61.cfg", ""),
            ("/%MACD.xml", "%MACD.xml", ""),
            ("/acme/", "acme/", ""),
            ("/acme/x/..", "acme/", ""),
            ("/", "", ""),
            ("", "", ""),
            ("*", "*", ""),
            ("http://phones.example:8443/a/x.cfg?y=%3A", "a/x.cfg", "y=:"),
            ("HTTPS://phones.example", "", ""),
            ("https://phones.example?x", "", "x"),
            ("/a?next=http://b/c", "a", "next=http://b/c"),
            ("/x.cfg#part", "x.cfg", ""),
        ] {
            assert_eq!(read(raw), (path.to_owned(), query.to_owned()), "{raw}");
        }
    }

    #[test]
    fn the_way_of_an_old_gigaset_is_kept() {
        let target = Target::parse("/device/42/2/../../sifs/siu_123.bin");
        assert_eq!(target.path, "device/sifs/siu_123.bin");
        assert_eq!(target.walked.as_deref(), Some("device/42/2/../../sifs/siu_123.bin"));
        assert_eq!(target.site.as_deref(), Some("device"));
    }

    #[test]
    fn dot_segments_never_reach_the_token() {
        for raw in ["/~SECRET/../x", "/%7eSECRET/%2e%2e/../x", "//~SECRET/a/../../x", "/a/../~SECRET/./../x"] {
            let target = Target::parse(raw);
            assert_eq!(target.token.as_ref().map(Token::expose), Some("SECRET"), "{raw}");
            assert_eq!(target.path, "x", "{raw}");
            assert!(!format!("{target:?}").contains("SECRET"), "{raw}");
        }
    }

    #[test]
    fn a_second_token_is_no_file() {
        let target = Target::parse("/~ONE/../~TWO/x");
        assert_eq!(target.token.as_ref().map(Token::expose), Some("ONE"));
        assert!(!target.sound);
        assert!(!format!("{target:?}").contains("TWO"));
    }

    #[test]
    fn a_site_is_the_folder_before_the_file() {
        for (raw, site) in [
            ("/acme/x.cfg", Some("acme")),
            ("/acme/deep/x.cfg", Some("acme")),
            ("/x.cfg", None),
            ("/~T/x.cfg", None),
            ("/acme/~T/x.cfg", Some("acme")),
            ("/acme/../x.cfg", None),
        ] {
            assert_eq!(Target::parse(raw).site.as_deref(), site, "{raw}");
        }
    }

    #[test]
    fn control_characters_and_broken_utf8_are_no_file() {
        let long = format!("/{}.cfg", "a".repeat(MAX_TARGET_BYTES));
        for raw in ["/a%00.cfg", "/a%0d%0ab", "/a\u{7f}", "/%ff.cfg", "/x?mac=%00", long.as_str()] {
            assert!(!Target::parse(raw).sound, "{raw}");
        }
    }
}
