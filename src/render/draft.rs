//! All files of a phone as their templates write them, for those who hold two states of it against each other.
//!
//! What a phone gets is told by less than what goes out: files that are written alike are read back alike, so they need
//! not be; a stamp says of every change only that there is one, so it is left blank; and the view is made once for all
//! files, of what the state before has alike.

use super::document::{Draft, RenderError, Renderer, View, bootstrap_draft, documents_of, template_of};
use super::view::Stamp;
use crate::catalogue::{Answer, FilePattern};
use crate::resolve::Resolved;

/// A file by its pattern, such as `{mac}.cfg`, or why it is not written.
pub type Drafted<'s> = (&'s str, Result<Draft, RenderError>);

/// The files of one state of a phone.
pub struct Drafter<'r, 's> {
    resolved: &'r Resolved<'s>,
    with: Renderer<'r>,
    view: Result<View, RenderError>,
}

impl<'r, 's> Drafter<'r, 's> {
    /// Makes the view of a phone, with what `like`, another state of it, has alike; both reveal secrets or neither.
    pub fn new(resolved: &'r Resolved<'s>, with: Renderer<'r>, like: Option<&Drafter<'_, '_>>) -> Drafter<'r, 's> {
        let like = like.and_then(|like| Some((like.resolved, like.view.as_ref().ok()?)));
        Drafter { resolved, with, view: View::of(resolved, &with, &Stamp::default(), like) }
    }

    /// Every file that the phone fetches.
    pub fn drafts(&self) -> Vec<Drafted<'s>> {
        let files = documents_of(self.resolved.subject).into_iter();
        files.map(|(_, file)| (file.url.as_deref().unwrap_or(&file.name), self.draft(file))).collect()
    }

    fn draft(&self, file: &FilePattern) -> Result<Draft, RenderError> {
        let template = template_of(self.resolved, file, &self.with)?;
        match (file.answer, &self.view) {
            (Answer::Bootstrap, _) => bootstrap_draft(&self.resolved.subject.maker.family, file, template, &self.with),
            (_, Ok(view)) => view.draft(self.resolved, file, &self.with),
            (_, Err(why)) => Err(why.clone()),
        }
    }
}
