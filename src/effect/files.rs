//! The files of one phone in two states.

use std::borrow::Cow;

use similar::{ChangeTag, TextDiff};

use super::{Change, FileLines, Said};
use crate::live::Serving;
use crate::phone::{Mac, without_passwords};
use crate::render::{Draft, Drafter, Made, RenderError, Renderer, Reveal, RevisionKey};
use crate::resolve::Resolved;

/// So many lines of a file are kept; of a phone that becomes another model all differ.
const LINES: usize = 200;

/// A file that is not the same in both states; none where the phone has no such file.
pub(super) struct Differing<'s> {
    file: &'s str,
    was: Option<Result<Made, String>>,
    will_be: Option<Result<Made, String>>,
}

/// One state of a phone; none where no file of it can be written.
pub(super) type State<'a, 's> = (&'a Serving, Option<&'a Resolved<'s>>);

/// The files of a phone that are not the same in two states.
pub(super) fn differing<'s>([before, after]: [State<'_, 's>; 2], reveal: Reveal) -> Vec<Differing<'s>> {
    let key = RevisionKey::fixed();
    let url = |(_, resolved): State<'_, '_>| resolved.map(|resolved| resolved.subject.root.url()).unwrap_or_default();
    let urls = [url(before), url(after)];
    let with = |templates, url| Renderer { templates, url, token: None, key: &key, reveal, changed_at: &|_| 0 };
    let [of_before, of_after] = [with(&before.0.templates, &urls[0]), with(&after.0.templates, &urls[1])];
    let was = before.1.map(|resolved| Drafter::new(resolved, of_before, None));
    let will_be = after.1.map(|resolved| Drafter::new(resolved, of_after, was.as_ref()));
    let drafts = |drafter: Option<Drafter<'_, 's>>| drafter.map(|drafter| drafter.drafts()).unwrap_or_default();
    let (mut old, mut differing) = (drafts(was), Vec::new());
    for (file, will_be) in drafts(will_be) {
        let at = old.iter().position(|(name, _)| *name == file);
        let was = at.map(|at| old.remove(at).1);
        differing.extend(Differing::between(file, was, Some(will_be)));
    }
    // Those that go stand before the others.
    let gone = old.into_iter().filter_map(|(file, was)| Differing::between(file, Some(was), None));
    gone.chain(differing).collect()
}

type Written = Result<Draft, RenderError>;

impl<'s> Differing<'s> {
    /// What the file says in both states; none where it is not made in one of them.
    pub fn texts(&self) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        match (&self.was, &self.will_be) {
            (Some(Ok(was)), Some(Ok(will_be))) => Some((was.text(), will_be.text())),
            _ => None,
        }
    }

    /// A file, if it is not the same. What is written alike is read back alike, so that is not done then.
    fn between(file: &'s str, was: Option<Written>, will_be: Option<Written>) -> Option<Differing<'s>> {
        if was == will_be {
            return None;
        }
        let made = |written: Written| written.and_then(Draft::made).map_err(|error| error.to_string());
        let (was, will_be) = (was.map(made), will_be.map(made));
        let is_same = match (&was, &will_be) {
            (Some(Ok(was)), Some(Ok(will_be))) => was.bytes == will_be.bytes,
            (was, will_be) => was == will_be,
        };
        (!is_same).then_some(Differing { file, was, will_be })
    }
}

/// Files that come, go, or cannot be made; and the lines that differ in the others.
pub(super) fn told(differing: &[Differing<'_>], mac: Mac) -> (Vec<Change>, Vec<FileLines>) {
    let (mut changes, mut lines) = (Vec::new(), Vec::new());
    for Differing { file, was, will_be } in differing {
        match (was, will_be) {
            (Some(Ok(was)), Some(Ok(will_be))) => lines.push(lines_of(file, &was.text(), &will_be.text(), mac)),
            (was, will_be) => changes.push(Change {
                about: format!("the file {file}"),
                before: was.as_ref().map(state),
                after: will_be.as_ref().map(state),
            }),
        }
    }
    (changes, lines)
}

fn state(made: &Result<Made, String>) -> Said {
    match made {
        Ok(_) => Said::of("made"),
        Err(why) => Said::of(format!("cannot be made: {why}")),
    }
}

fn lines_of(file: &str, was: &str, will_be: &str, mac: Mac) -> FileLines {
    let (was, will_be) = middles(was, will_be);
    let (was, will_be) = (without_passwords(was), without_passwords(will_be));
    let diff = TextDiff::from_lines(&*was, &*will_be);
    let shown = |text: &str| text.trim_end().replace(&mac.to_string(), "{mac}").replace(&mac.upper(), "{MAC}");
    let mut differing = diff.iter_all_changes().filter_map(|change| match change.tag() {
        ChangeTag::Equal => None,
        ChangeTag::Delete => Some(format!("-{}", shown(change.value()))),
        ChangeTag::Insert => Some(format!("+{}", shown(change.value()))),
    });
    let lines = differing.by_ref().take(LINES).collect();
    FileLines { file: file.to_owned(), lines, more: differing.count() }
}

/// Two texts without the lines that both begin and end with: most of a file is the same.
fn middles<'t>(was: &'t str, will_be: &'t str) -> (&'t str, &'t str) {
    let begin = was.bytes().zip(will_be.bytes()).take_while(|(a, b)| a == b).count();
    let begin = was.as_bytes()[..begin].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (was, will_be) = (&was[begin..], &will_be[begin..]);
    let end = was.bytes().rev().zip(will_be.bytes().rev()).take_while(|(a, b)| a == b).count();
    let ending = &was.as_bytes()[was.len() - end..];
    let end = ending.iter().position(|byte| *byte == b'\n').map_or(0, |at| end - at - 1);
    (&was[..was.len() - end], &will_be[..will_be.len() - end])
}
