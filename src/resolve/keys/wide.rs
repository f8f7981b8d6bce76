//! The parameters of the whole phone that its keys decide.

use compact_str::CompactString;

use super::Problem;
use crate::catalogue::Tables;
use crate::findings::Level;
use crate::phone::Place;

/// The parameters of the whole phone: the loudest value that any key asks for wins.
pub(super) struct WideChoice<'s> {
    tables: &'s Tables,
    pub(super) chosen: Vec<(&'s CompactString, &'s CompactString)>,
    asked_by: Vec<Option<Place>>,
}

impl<'s> WideChoice<'s> {
    pub(super) fn new(tables: &'s Tables) -> WideChoice<'s> {
        let quiet = tables.functions.wide.iter().filter_map(|wide| Some((&wide.name, wide.values.first()?)));
        let chosen: Vec<_> = quiet.collect();
        let asked_by = vec![None; chosen.len()];
        WideChoice { tables, chosen, asked_by }
    }

    pub(super) fn ask(
        &mut self,
        also: &'s [(CompactString, CompactString)],
        place: Place,
        problems: &mut Vec<Problem>,
    ) {
        for (name, value) in also {
            let Some(at) = self.chosen.iter().position(|(known, _)| *known == name) else { continue };
            let loudness = |value: &CompactString| {
                self.tables
                    .functions
                    .wide
                    .iter()
                    .find(|wide| wide.name == *name)?
                    .values
                    .iter()
                    .position(|known| known == value)
            };
            let (before, now) = (loudness(self.chosen[at].1), loudness(value));
            if let Some(other) = self.asked_by[at]
                && before != now
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
            if now > before || self.asked_by[at].is_none() {
                if now >= before {
                    self.chosen[at].1 = value;
                }
                self.asked_by[at] = Some(place);
            }
        }
    }
}
