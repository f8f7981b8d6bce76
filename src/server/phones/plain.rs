//! Answers that are the same for every phone of a family.

use super::{Phones, Visit};
use crate::admit::is_token;
use crate::catalogue::{Answer, Family, FilePattern};
use crate::render::{Carried, Renderer, Reveal, bootstrap};
use crate::server::decided::{Decided, later, not_found};
use crate::server::{HeaderValue, Reply, StatusCode};

impl Phones {
    /// An answer that is the same for every phone of a family.
    pub(super) fn plain(
        &self,
        visit: Visit<'_>,
        answer: Answer,
        family: &Family,
        template: Option<&str>,
        file: &FilePattern,
    ) -> Decided {
        match answer {
            Answer::NotFound | Answer::Document => not_found(),
            Answer::Empty => {
                let content_type = HeaderValue::from_str(&file.content_type).ok();
                Reply { content_type, ..Reply::empty(StatusCode::OK) }.into()
            }
            Answer::Bootstrap => self.bootstrap(visit, family, template.unwrap_or_default(), file),
        }
    }

    /// A file without any secret, which leads the phone to its own; the phone keeps the token with which it came.
    fn bootstrap(&self, visit: Visit<'_>, family: &Family, template: &str, file: &FilePattern) -> Decided {
        let Some(root) = visit.serving.world.root() else { return later() };
        let url = root.url();
        let with = Renderer {
            templates: &visit.serving.templates,
            url: &url,
            token: visit.token().filter(|token| is_token(token)).map(|token| Carried { token, epoch: 0 }),
            key: &self.key,
            reveal: Reveal::Nothing,
            changed_at: &|_| 0,
        };
        match bootstrap(family, file, template, &with) {
            Ok(made) => Reply {
                content_type: HeaderValue::from_str(&file.content_type).ok(),
                body: made.bytes,
                ..Reply::empty(StatusCode::OK)
            }
            .into(),
            Err(error) => {
                tracing::error!("a `{}` cannot be made: {error}", file.name);
                later()
            }
        }
    }
}
