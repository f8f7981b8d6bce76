//! What the owner of a key should know.

use super::SENT_EMPTY;
use crate::catalogue::Outcome;
use crate::findings::Level;
use crate::phone::{Function, Place, Use};
use crate::resolve::functions::Placed;
use crate::world::Subject;

/// Something to tell about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How grave it is.
    pub level: Level,
    /// Its short name.
    pub code: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The L1 guard: people lose their line when they programme its key.
pub(super) fn guard_line_key(problems: &mut Vec<Problem>, what: &Use, place: Place, line: u8) {
    if what.function == Function::Line {
        return;
    }
    problems.push(Problem {
        level: Level::Warning,
        code: "line-key",
        what: format!("`{place}` normally carries line {line} of the phone; as `{}` it does not", what.function),
        hint: Some(format!("put `function = \"line\", line = {line}` on another key, or accept = [\"line-key\"]")),
    });
}

pub(super) fn tell_outcome(problems: &mut Vec<Problem>, function: Function, placed: &Placed<'_>) {
    let why = placed.why.as_deref().unwrap_or_default();
    match placed.outcome {
        Outcome::Impossible => problems.push(Problem {
            level: Level::Error,
            code: "impossible",
            what: format!("`{function}` is impossible here: {why}"),
            hint: Some(SENT_EMPTY.into()),
        }),
        Outcome::Degraded => problems.push(Problem {
            level: Level::Warning,
            code: "degraded",
            what: format!("`{function}` works, but not as asked: {why}"),
            hint: None,
        }),
        Outcome::Native | Outcome::Dialled => {}
    }
}

/// What cannot be done whatever the family says: lines that the phone has not, values that its file cannot carry.
pub(super) fn refuses(subject: &Subject, what: &Use) -> Option<Problem> {
    let error = |code, what: String, hint: Option<String>| Some(Problem { level: Level::Error, code, what, hint });
    let count = subject.lines.len();
    if usize::from(what.account()) > count {
        let field = if what.function == Function::Line { "line" } else { "via" };
        let what =
            format!("`{field}` is {}, but the phone `{}` has {count} line(s)", what.account(), subject.phone.mac);
        return error("no-such-line", what, None);
    }
    let format = subject.maker.family.format()?;
    let number = what.number.as_ref().map(|number| ("number", format.carries(number.as_str())));
    let url = what.url.as_ref().map(|url| ("web address", format.carries_url(url)));
    let (which, refusal) = number.into_iter().chain(url).find_map(|(which, carried)| Some((which, carried.err()?)))?;
    error("cannot-carry", format!("the {which} cannot be sent: {refusal}"), refusal.hint().map(str::to_owned))
}
