//! The small binary index files of Gigaset's older phones: items of tag, length and data, and items within those.

/// An inner item: text ends with a zero, a number has two bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Tag 3.
    Text(String),
    /// Tag 2.
    Number(u16),
}

/// The outer items of a file with the inner ones in them.
///
/// # Errors
/// Where it breaks off, or what it holds that is none of both.
pub fn read(bytes: &[u8]) -> Result<Vec<(u8, Vec<Item>)>, String> {
    let mut outer = Vec::new();
    for (tag, content) in cut(bytes)? {
        let mut inner = Vec::new();
        for (kind, data) in cut(content)? {
            inner.push(match (kind, data) {
                (3, [text @ .., 0]) => Item::Text(latin(text)),
                (2, [high, low]) => Item::Number(u16::from_be_bytes([*high, *low])),
                (kind, data) => return Err(format!("an item of tag {kind} with {} bytes is unknown", data.len())),
            });
        }
        outer.push((tag, inner));
    }
    Ok(outer)
}

/// The first text under a tag.
///
/// # Errors
/// That there is none, or why the file cannot be read.
pub fn text_of(bytes: &[u8], tag: u8) -> Result<String, String> {
    let items = read(bytes)?;
    let texts = items.into_iter().filter(|(known, _)| *known == tag).flat_map(|(_, inner)| inner);
    let mut texts = texts.filter_map(|item| match item {
        Item::Text(text) => Some(text),
        Item::Number(_) => None,
    });
    texts.next().ok_or_else(|| format!("it has no text under the tag {tag}"))
}

fn cut(bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, String> {
    let mut items = Vec::new();
    let mut rest = bytes;
    while let [tag, length, behind @ ..] = rest {
        let Some((data, after)) = behind.split_at_checked(usize::from(*length)) else {
            return Err(format!("the item of tag {tag} breaks off"));
        };
        items.push((*tag, data));
        rest = after;
    }
    if rest.is_empty() { Ok(items) } else { Err("it ends in the middle of an item".to_owned()) }
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_the_next_file() {
        let bytes = [4, 6, 3, 4, b'a', b'/', b'b', 0];
        assert_eq!(text_of(&bytes, 4).unwrap(), "a/b");
        assert_eq!(text_of(&bytes, 3).unwrap_err(), "it has no text under the tag 3");
        assert_eq!(read(&[1, 4, 2, 2, 1, 0]).unwrap(), [(1, vec![Item::Number(256)])]);
    }

    #[test]
    fn what_breaks_off_is_told() {
        assert_eq!(read(&[4, 9, 3]).unwrap_err(), "the item of tag 4 breaks off");
        assert_eq!(read(&[4]).unwrap_err(), "it ends in the middle of an item");
        assert_eq!(read(&[4, 3, 3, 1, b'a']).unwrap_err(), "an item of tag 3 with 1 bytes is unknown");
    }
}
