//! Labels: what is normalised in them, what `${name:NUMBER}` stands for, and how one is made to fit.
//!
//! All of it goes by what people take for one character, a grapheme cluster, so that no accent, flag or joined sign is
//! ever cut apart. What a file cannot carry is the format's business, and is seen to before a label is made to fit.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::KeySetting;
use compact_str::CompactString;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// How much of a label there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The characters that a screen shows, as people count them.
    pub shown: u16,
    /// The characters that a file takes, as machines count them: a flag is two, some letters with an accent are.
    pub carried: u16,
}

impl Room {
    /// Whether text of so many characters has room, by both counts.
    fn holds(self, (shown, carried): (usize, usize)) -> bool {
        shown <= usize::from(self.shown) && carried <= usize::from(self.carried)
    }
}

/// A text in Unicode's composed form (NFC): an accent is part of its letter, however it was typed.
pub fn composed(text: &str) -> CompactString {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        _ => text.nfc().collect(),
    }
}

/// The label as far as there is room for it; borrowed whole if there is room for all of it.
///
/// It ends after the last whole word that fits, if at least half of what fits is left then, and else after the last
/// character that fits. A blank or a joining mark at its end goes too. A number, a text in which there is no letter,
/// loses its beginning instead: what tells numbers apart is their ends.
pub fn fit(text: &str, room: Room) -> Cow<'_, str> {
    // There are never more characters than bytes.
    if room.holds((text.len(), text.len())) {
        return Cow::Borrowed(text);
    }
    let fits = fitting(text.graphemes(true), room);
    if fits == text.len() {
        return Cow::Borrowed(text);
    }
    if is_number(text) {
        let tail = fitting(text.graphemes(true).rev(), room);
        return Cow::Owned(text[text.len() - tail..].trim_start_matches(is_joint).to_owned());
    }
    let (cut, rest) = text.split_at(fits);
    let words = if rest.starts_with(is_blank) { cut } else { cut.rfind(is_blank).map_or("", |end| &cut[..end]) };
    let words = words.trim_end_matches(is_joint);
    let is_enough = words.graphemes(true).count() * 2 >= cut.graphemes(true).count();
    let kept = if is_enough { words } else { cut.trim_end_matches(is_joint) };
    Cow::Owned(if kept.is_empty() { cut } else { kept }.to_owned())
}

/// The bytes of the first of some clusters that there is room for.
fn fitting<'t>(clusters: impl Iterator<Item = &'t str>, room: Room) -> usize {
    let mut count = (0, 0);
    let more = |cluster: &&str| {
        count = (count.0 + 1, count.1 + cluster.chars().count());
        room.holds(count)
    };
    clusters.take_while(more).map(str::len).sum()
}

fn is_number(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | '+' | '.' | '-' | '/' | '(' | ')' | ' '))
}

/// Where words end. The blanks that people put where a line must not break are no ends.
fn is_blank(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

/// What stands between two words, and says nothing behind the last.
fn is_joint(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '–' | '—' | ',' | ';' | ':' | '/' | '&' | '+' | '(')
}

/// A `${` in a label that does not begin a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no `${{name:NUMBER}}`")]
pub struct LabelError(String);

/// A piece of a label as it is written.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    /// The number whose name is asked for.
    Name(&'t str),
}

/// A label cut into its pieces. `$${` is a `${` that begins no name.
fn pieces(text: &str) -> impl Iterator<Item = Result<Piece<'_>, LabelError>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(at) = rest.find("${") else { return Some(Ok(Piece::Text(std::mem::take(&mut rest)))) };
        let is_escaped = rest[..at].ends_with('$');
        let before = at - usize::from(is_escaped);
        if before > 0 {
            let (text, behind) = rest.split_at(before);
            rest = behind;
            return Some(Ok(Piece::Text(text)));
        }
        if is_escaped {
            let bracket = &rest[1..3];
            rest = &rest[3..];
            return Some(Ok(Piece::Text(bracket)));
        }
        let name = rest.strip_prefix("${name:").and_then(|behind| behind.split_once('}'));
        let Some((number, behind)) =
            name.map(|(number, behind)| (number.trim(), behind)).filter(|(n, _)| !n.is_empty())
        else {
            let shown: String = std::mem::take(&mut rest).chars().take(30).collect();
            return Some(Err(LabelError(shown)));
        };
        rest = behind;
        Some(Ok(Piece::Name(number)))
    })
}

/// The numbers whose names a label asks for.
///
/// # Errors
/// The first `${` that begins no name.
pub fn names_in(label: &str) -> Result<Vec<&str>, LabelError> {
    let name = |piece| match piece {
        Ok(Piece::Name(number)) => Some(Ok(number)),
        Ok(Piece::Text(_)) => None,
        Err(error) => Some(Err(error)),
    };
    pieces(label).filter_map(name).collect()
}

/// The numbers whose names the labels of some keys ask for, each once.
pub fn names_of(keys: &[KeySetting]) -> Box<[CompactString]> {
    let labels = keys.iter().filter_map(|key| key.label.as_deref()).filter(|label| label.contains("${"));
    let names = labels.flat_map(|label| names_in(label).unwrap_or_default());
    names.map(CompactString::from).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The label with names in the place of numbers; `name_of` knows them, and a number that it does not know stays.
///
/// What a name says is text: a `${` in it is none.
pub fn with_names<'t, 'n>(label: &'t str, name_of: impl Fn(&str) -> Option<&'n str>) -> Cow<'t, str> {
    if !label.contains("${") {
        return Cow::Borrowed(label);
    }
    let mut text = String::new();
    for piece in pieces(label) {
        match piece {
            Ok(Piece::Text(fixed)) => text.push_str(fixed),
            Ok(Piece::Name(number)) => text.push_str(name_of(number).unwrap_or(number)),
            // Told where the label is read, which no such label passes.
            Err(LabelError(rest)) => text.push_str(&rest),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn room(shown: u16) -> Room {
        Room { shown, carried: 99 }
    }

    #[test]
    fn a_label_is_cut_as_a_person_would() {
        for (label, fitted) in [
            ("Reception", "Reception"),
            ("Workshop north", "Workshop"),
            ("Workshop & yard", "Workshop"),
            ("Hall (B) north", "Hall (B)"),
            // Too little would be left of it.
            ("Dr Livingstone", "Dr Livings"),
            ("Laboratoire", "Laboratoir"),
            ("Sales, second floor", "Sales"),
            ("Emergency exit", "Emergency"),
            ("Direction-générale", "Direction"),
            // A blank that holds two words together.
            ("Salle\u{a0}3\u{a0}bis nord", "Salle\u{a0}3\u{a0}bi"),
            ("            ", "          "),
            // Numbers.
            ("0033972101010", "3972101010"),
            ("+33 9 72 10 10 10", "2 10 10 10"),
            ("+33 9 721 010 101", "21 010 101"),
        ] {
            assert_eq!(fit(label, room(10)), fitted, "{label}");
        }
    }

    #[test]
    fn what_people_take_for_one_character_stays_whole() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(fit(&format!("{family}{family}"), room(1)), family);
        assert_eq!(fit("🇫🇷🇩🇪🇮🇹", room(2)), "🇫🇷🇩🇪");
        assert_eq!(fit("🇫🇷🇩🇪🇮🇹", Room { shown: 9, carried: 5 }), "🇫🇷🇩🇪", "half a flag is none");
        assert_eq!(fit("e\u{301}te\u{301}", room(2)), "e\u{301}t");
        assert_eq!(composed("e\u{301}te\u{301}"), "été");
    }

    #[test]
    fn a_name_stands_for_its_number() {
        let name_of = |number: &str| (number == "201").then_some("Anna");
        for (label, shown) in [
            ("${name:201}", "Anna"),
            ("to ${name: 201 }!", "to Anna!"),
            ("${name:201}/${name:202}", "Anna/202"),
            ("$${name:201}", "${name:201}"),
            ("5 $ and $$ {x}", "5 $ and $$ {x}"),
            ("a$${b", "a${b"),
        ] {
            assert_eq!(with_names(label, name_of), shown, "{label}");
        }
        assert_eq!(with_names("${name:1}", |_| Some("${name:1}")), "${name:1}", "a name is text");
        assert_eq!(names_in("${name:201} ${name:x} $${name:3}").unwrap(), ["201", "x"]);
    }

    #[test]
    fn a_name_has_to_be_written_out() {
        for (label, message) in [
            ("${name:201", "`${name:201` is no `${name:NUMBER}`"),
            ("Hi ${user}", "`${user}` is no `${name:NUMBER}`"),
            ("${name: }", "`${name: }` is no `${name:NUMBER}`"),
        ] {
            assert_eq!(names_in(label).unwrap_err().to_string(), message);
        }
    }

    proptest! {
        #[test]
        fn a_fitted_label_is_a_part_of_it(label in "(\\PC|[ \u{a0}\u{301}\u{200d}]|👨\u{200d}👩|🇫🇷){0,30}", most in 1u16..20) {
            let fitted = fit(&label, room(most));
            let (all, kept): (Vec<&str>, Vec<&str>) = (label.graphemes(true).collect(), fitted.graphemes(true).collect());
            prop_assert!(kept.len() <= usize::from(most));
            // Cut between characters, but for a blank or mark that went: with a sign before it that joins, it was one with it.
            let is_end = |at: usize| at == label.len() || label.grapheme_indices(true).any(|(start, _)| start == at);
            let from_start = label.starts_with(&*fitted)
                && (is_end(fitted.len()) || label[fitted.len()..].starts_with(is_joint));
            prop_assert!(from_start || all.ends_with(&kept), "{:?} of {:?}", kept, all);
            prop_assert_eq!(kept.is_empty(), all.is_empty());
            prop_assert_eq!(fit(&fitted, room(most)), fitted.clone(), "once is enough");
            let short = all.len() <= usize::from(most) && label.chars().count() <= 99;
            prop_assert_eq!(short, matches!(fit(&label, room(most)), Cow::Borrowed(_)));
        }

        #[test]
        fn any_text_with_signs_is_read(label in "[$\\{\\}name:2 é]{0,20}") {
            let named = with_names(&label, |_| Some("x"));
            if let Ok(names) = names_in(&label) {
                prop_assert_eq!(names.is_empty() && !label.contains("${"), matches!(named, Cow::Borrowed(_)));
            }
        }
    }
}
