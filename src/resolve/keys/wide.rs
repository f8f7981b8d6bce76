//! The parameters of the whole phone that its keys decide.

use compact_str::CompactString;

use super::Problem;
use crate::catalogue::{Tables, Wide};
use crate::findings::Level;
use crate::phone::Place;

/// The loudest value that any key asks for wins.
pub(super) struct WideChoice<'s>(Vec<Choice<'s>>);

struct Choice<'s> {
    wide: &'s Wide,
    /// The place of the value in `wide`, from quiet to loud.
    loudness: usize,
    asked_by: Option<Place>,
}

impl<'s> WideChoice<'s> {
    pub(super) fn new(tables: &'s Tables) -> WideChoice<'s> {
        let all = tables.functions.wide.iter().filter(|wide| !wide.values.is_empty());
        WideChoice(all.map(|wide| Choice { wide, loudness: 0, asked_by: None }).collect())
    }

    pub(super) fn ask(&mut self, also: &[(CompactString, CompactString)], place: Place, problems: &mut Vec<Problem>) {
        for (name, value) in also {
            let Some(choice) = self.0.iter_mut().find(|choice| choice.wide.name == *name) else { continue };
            let Some(now) = choice.wide.values.iter().position(|known| known == value) else { continue };
            if let Some(other) = choice.asked_by
                && choice.loudness != now
            {
                problems.push(Problem {
                    level: Level::Warning,
                    code: "louder-wins",
                    what: format!(
                        "`{place}` and `{other}` want different values of `{name}`, which holds for the whole phone"
                    ),
                    hint: Some("the louder one is sent".into()),
                });
            }
            if now > choice.loudness || choice.asked_by.is_none() {
                choice.loudness = now;
                choice.asked_by = Some(place);
            }
        }
    }

    /// Each parameter and the value that is sent.
    pub(super) fn chosen(self) -> Vec<(&'s CompactString, &'s CompactString)> {
        self.0.into_iter().map(|Choice { wide, loudness, .. }| (&wide.name, &wide.values[loudness])).collect()
    }
}
