//! `If-None-Match` against the entity tag of an answer (RFC 9110, 13.1.2).

/// Whether the header's value names the tag, by the weak comparison: `W/"a"` is `"a"`.
///
/// What is not a list of tags matches nothing, so the phone gets the whole file.
pub(super) fn names(if_none_match: &[u8], etag: &[u8]) -> bool {
    let wanted = without_weakness(etag);
    let mut rest = if_none_match.trim_ascii();
    if rest == b"*" {
        return true;
    }
    while let Some((tag, after)) = first_tag(rest) {
        if tag == wanted {
            return true;
        }
        rest = after;
    }
    false
}

/// Takes the first quoted tag off a list, and the comma behind it. A comma may also stand within the quotes.
fn first_tag(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let list = without_weakness(list);
    if list.first() != Some(&b'"') {
        return None;
    }
    let end = 2 + list[1..].iter().position(|byte| *byte == b'"')?;
    let (tag, rest) = list.split_at(end);
    let rest = rest.trim_ascii_start();
    Some((tag, rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start()))
}

fn without_weakness(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn matches(if_none_match: &str, etag: &str) -> bool {
        names(if_none_match.as_bytes(), etag.as_bytes())
    }

    #[test]
    fn a_tag_matches_itself_whether_weak_or_strong() {
        for sent in [r#""a""#, r#"W/"a""#] {
            for ours in [r#""a""#, r#"W/"a""#] {
                assert!(matches(sent, ours), "{sent} against {ours}");
            }
        }
        assert!(!matches(r#""a""#, r#""b""#));
    }

    #[test]
    fn a_list_matches_if_one_of_its_tags_does() {
        assert!(matches(r#""x", W/"y,z" ,"a""#, r#""a""#));
        assert!(matches(r#""x","y,z""#, r#""y,z""#));
        assert!(!matches(r#""x","y,z""#, r#""y""#));
    }

    #[test]
    fn a_star_matches_whatever_there_is() {
        assert!(matches(" * ", r#""a""#));
        assert!(!matches(r#""*""#, r#""a""#));
    }

    #[test]
    fn what_is_no_list_of_tags_matches_nothing() {
        for odd in ["", "a", "\"a", ",", "W/", "W/a", "\"x\" a"] {
            assert!(!matches(odd, r#""a""#), "{odd}");
        }
    }
}
