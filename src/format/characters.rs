//! Characters that no format carries, found and replaced.

use std::borrow::Cow;

/// What no format carries: control characters, and the two others that XML 1.0 forbids.
pub(super) fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// Where the first forbidden character is, other than the white space of a text file.
pub(super) fn forbidden_at(text: &str) -> Option<usize> {
    // Passes without a branch for each byte, which the compiler turns into vector code: every rendered file comes here.
    let is_control = |b: u8| ((b < b' ') & (b != b'\t') & (b != b'\n') & (b != b'\r')) | (b == 0x7f);
    let control = text.bytes().fold(false, |found, b| found | is_control(b));
    let is_other = |a: u8, b: u8| ((a == 0xc2) & (b < 0xa0)) | ((a == 0xef) & (b == 0xbf));
    let pairs = text.bytes().zip(text.bytes().skip(1));
    let other = !text.is_ascii() && pairs.fold(false, |found, (a, b)| found | is_other(a, b));
    if !control && !other {
        return None;
    }
    let is_white = |c: char| matches!(c, '\t' | '\n' | '\r');
    text.char_indices().find(|&(_, c)| is_forbidden(c) && !is_white(c)).map(|(offset, _)| offset)
}

/// Whether any of the characters is there, told as fast.
pub(super) fn has_any<const N: usize>(text: &str, characters: [u8; N]) -> bool {
    text.bytes().fold(false, |found, b| characters.iter().fold(found, |found, &c| found | (b == c)))
}

/// Replaces what `must_go` finds by what `replacement` gives, and copies nothing if it finds nothing.
pub(super) fn replace_characters(
    text: &str,
    must_go: impl Fn(char) -> bool,
    replacement: impl Fn(char) -> char,
) -> Cow<'_, str> {
    if !text.contains(&must_go) {
        return Cow::Borrowed(text);
    }
    // CR and LF together are one line break, hence one blank.
    let characters = text.replace("\r\n", "\n");
    Cow::Owned(characters.chars().map(|c| if must_go(c) { replacement(c) } else { c }).collect())
}
