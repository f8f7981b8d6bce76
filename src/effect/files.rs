//! The files of one phone in two states.

use std::borrow::Cow;

use similar::{ChangeTag, TextDiff};

use super::{Change, FileLines, Said};
use crate::live::Serving;
use crate::phone::Mac;
use crate::render::{Document, Renderer, Reveal, RevisionKey, documents_of, render};
use crate::resolve::Resolved;

/// So many lines of a file are kept; of a phone that becomes another model all differ.
const LINES: usize = 200;

/// A file by its pattern, or why it cannot be made.
pub(super) type Made<'s> = (&'s str, Result<Document, String>);

/// All files of a phone.
pub(super) fn made<'s>(serving: &Serving, resolved: &Resolved<'s>, reveal: Reveal) -> Vec<Made<'s>> {
    let subject = resolved.subject;
    let (url, key) = (subject.root.url(), RevisionKey::fixed());
    let templates = &serving.templates;
    let with = Renderer { templates, url: &url, token: None, key: &key, reveal, changed_at: &|_| 0 };
    let files = documents_of(subject).into_iter();
    files
        .map(|(_, file)| {
            let pattern = file.url.as_deref().unwrap_or(&file.name);
            (pattern, render(resolved, file, &with).map_err(|error| error.to_string()))
        })
        .collect()
}

/// Whether the files are the same, and those that cannot be made for the same reason.
pub(super) fn are_same([before, after]: &[Vec<Made<'_>>; 2]) -> bool {
    let same = |((a, was), (b, will_be)): (&Made<'_>, &Made<'_>)| a == b && is_same(was, will_be);
    before.len() == after.len() && before.iter().zip(after).all(same)
}

fn is_same(was: &Result<Document, String>, will_be: &Result<Document, String>) -> bool {
    match (was, will_be) {
        (Ok(was), Ok(will_be)) => was.revision == will_be.revision,
        (Err(was), Err(will_be)) => was == will_be,
        _ => false,
    }
}

/// Files that come, go, or cannot be made; and the lines that differ in the others.
pub(super) fn differences([before, after]: [Vec<Made<'_>>; 2], mac: Mac) -> (Vec<Change>, Vec<FileLines>) {
    let (mut changes, mut lines) = (Vec::new(), Vec::new());
    let find = |files: &[Made<'_>], file: &str| files.iter().position(|(name, _)| *name == file);
    let gone =
        before.iter().filter(|(file, _)| find(&after, file).is_none()).map(|(file, was)| (*file, Some(was), None));
    let others =
        after.iter().map(|(file, will_be)| (*file, find(&before, file).map(|at| &before[at].1), Some(will_be)));
    for (file, was, will_be) in gone.chain(others) {
        match (was, will_be) {
            (Some(was), Some(will_be)) if is_same(was, will_be) => {}
            (Some(Ok(was)), Some(Ok(will_be))) => lines.push(lines_of(file, was, will_be, mac)),
            (was, will_be) => changes.push(Change {
                about: format!("the file {file}"),
                before: was.map(state),
                after: will_be.map(state),
            }),
        }
    }
    (changes, lines)
}

fn state(made: &Result<Document, String>) -> Said {
    match made {
        Ok(_) => Said::of("made"),
        Err(why) => Said::of(format!("cannot be made: {why}")),
    }
}

fn lines_of(file: &str, was: &Document, will_be: &Document, mac: Mac) -> FileLines {
    let (was, will_be) = (unstamped(was), unstamped(will_be));
    let (was, will_be) = middles(&was, &will_be);
    let diff = TextDiff::from_lines(was, will_be);
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

/// Without the stamp, which says of every change only that there is one.
fn unstamped(document: &Document) -> Cow<'_, str> {
    let stamp = &document.revision[..10];
    match document.text() {
        text if text.contains(stamp) => text.replace(stamp, "‹stamp›").into(),
        text => text,
    }
}
