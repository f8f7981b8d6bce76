//! Which lines get keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::report::Skip;
use super::{Copying, Hand, To};
use crate::access::LineId;
use crate::edit::{Mistake, Refused};
use crate::fleet::Line;
use crate::world::World;

impl Copying {
    /// The targets, each once, and why some are left out. Of those that are not named one by one, only lines that whoever
    /// copies knows of are any.
    pub(super) fn targets(
        &self,
        world: &World,
        from: &LineId,
        hand: &Hand<'_>,
    ) -> Result<Vec<(LineId, Option<Skip>)>, Refused> {
        let (mut targets, mut seen, mut mistakes) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut asked = BTreeSet::new();
        for (at, to) in self.to.iter().enumerate().filter(|(_, to)| asked.insert(*to)) {
            let mut wrong = |field: &str, code: &str, what: String| {
                mistakes.push(Mistake::at(format!("/to/{at}{field}"), code, what));
            };
            if let (Some(_), Some(_)) = (&to.line, &to.layout) {
                wrong("/layout", "bad-value", "`layout` chooses among all lines: leave `line` or `layout` out".into());
                continue;
            }
            let lines = match &to.line {
                Some(line) => vec![LineId { site: to.site.clone(), line: line.clone() }],
                None => to.all(world, from, hand),
            };
            if lines.is_empty() {
                wrong("", "no-lines", format!("there are no lines of `{}` to copy to", to.site));
            }
            for line in lines.into_iter().filter(|line| seen.insert(line.clone())) {
                let skip = match &line == from {
                    true => Some(Skip::new("source", "the keys come from this line")),
                    false => (hand.may)(&line).err(),
                };
                targets.push((line, skip));
            }
        }
        if self.to.is_empty() {
            mistakes.push(Mistake::at("/to", "no-lines", "`to` names no line"));
        }
        if !mistakes.is_empty() {
            return Err(Refused::Mistakes(mistakes));
        }
        let is_forbidden = |skip: &Option<Skip>| skip.as_ref().is_some_and(|skip| skip.code == Skip::FORBIDDEN);
        match targets.iter().all(|(_, skip)| is_forbidden(skip)).then(|| targets[0].1.take()).flatten() {
            Some(Skip { why, .. }) => Err(Refused::Forbidden(why)),
            None => Ok(targets),
        }
    }
}

impl To {
    /// The lines of the site, but the source.
    fn all(&self, world: &World, from: &LineId, hand: &Hand<'_>) -> Vec<LineId> {
        let is_wanted = |line: &&Arc<Line>| {
            let layout = line.layout.as_ref().map(|(name, _)| name);
            self.layout.is_none() || self.layout.as_ref() == layout
        };
        let lines = world.lines_of(&self.site).filter(is_wanted);
        let lines = lines.map(|line| LineId { site: line.site.clone(), line: line.name.clone() });
        let is_known = |line: &LineId| (hand.may)(line).err().is_none_or(|skip| skip.code != Skip::NOT_FOUND);
        let mut lines: Vec<LineId> = lines.filter(|line| line != from && is_known(line)).collect();
        lines.sort();
        lines
    }
}
