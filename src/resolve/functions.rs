//! How a key on a given phone does a function: native, dialled, degraded or impossible, and what its fields then say.

use std::borrow::Cow;

use compact_str::{CompactString, format_compact};

use super::labels::LabelRoom;
use crate::catalogue::{
    Alternative, Band, Class, FeatureCodes, FunctionTable, Outcome, Part, Pattern, Placeholder, State,
};
use crate::format::Refusal;
use crate::format::grammar::Grammar;
use crate::phone::{Function, Use};

/// What a key is asked to do, and where.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The function with its parameters.
    pub what: &'a Use,
    /// The class of key.
    pub class: Class,
    /// The firmware band.
    pub band: Band,
    /// The model's id.
    pub model: &'a str,
    /// The site's codes.
    pub codes: &'a FeatureCodes,
    /// The phone's own function goes before the operator's code.
    pub phone_first: bool,
    /// The key's label.
    pub label: Option<&'a str>,
    /// What the site calls the key's number.
    pub number_name: Option<&'a str>,
    /// How much of a label there is room for.
    pub room: LabelRoom<'a>,
}

/// How a key does what it is asked.
#[derive(Debug, Clone)]
pub struct Placed<'t> {
    /// How well.
    pub outcome: Outcome,
    /// Why not better.
    pub why: Option<CompactString>,
    /// How sure it is that the phone does it so; none for an empty key.
    pub state: Option<State>,
    /// The key's fields, in the order of the family's.
    pub fields: Vec<CompactString>,
    /// Parameters of the whole phone that it asks for.
    pub also: &'t [(CompactString, CompactString)],
    /// What it dials, where it dials a code.
    pub dials: Option<CompactString>,
    /// A field of it holds the label, or what stands for one.
    pub shows: bool,
    /// What stands for a label that is not given and how it is sent, where there is no room for it as it is.
    pub fitted: Option<(CompactString, CompactString)>,
    /// What is shown and how it is sent, where the grammar of a field cannot carry it as it is.
    pub softened: Option<(CompactString, CompactString)>,
}

/// Why a key does not call out by the line that it was given.
const NO_VIA: &str = "the key cannot say by which line it calls out; the phone takes its own";

/// Finds how a key does what it is asked; what it cannot do becomes an explicitly empty key.
pub fn place<'t>(table: &'t FunctionTable, asked: &Asked<'_>) -> Placed<'t> {
    let function = asked.what.function;
    if function == Function::None {
        return empty(table, Outcome::Native, None);
    }
    let mut refusal = None;
    let network_first = function.is_service() && !asked.phone_first;
    let placed = match network_first {
        true => dialled(table, asked, &mut refusal).or_else(|| native(table, asked, &mut refusal)),
        false => native(table, asked, &mut refusal).or_else(|| dialled(table, asked, &mut refusal)),
    };
    if let Some(placed) = placed {
        return placed;
    }
    let said = alternatives(table, asked, function).find_map(|(alternative, body)| {
        [alternative, body].into_iter().find(|said| said.outcome == Outcome::Impossible)
    });
    let why = refusal.or_else(|| said.and_then(|said| said.why.clone()));
    empty(table, Outcome::Impossible, Some(why.unwrap_or_else(|| no_way(table, asked))))
}

/// An explicitly empty key.
pub(super) fn empty<'t>(table: &'t FunctionTable, outcome: Outcome, why: Option<CompactString>) -> Placed<'t> {
    let nothing = Use::of(Function::None);
    let none = table.of(Function::None).iter().find(|alternative| alternative.outcome == Outcome::Native);
    let fields = table.fields.iter().enumerate().map(|(at, field)| {
        let given = none.and_then(|none| none.fields.iter().find(|(place, _)| usize::from(*place) == at));
        match given {
            Some((_, pattern)) => expand(pattern, &Values::of(&nothing)).unwrap_or_else(|_| field.empty.clone()),
            None => field.empty.clone(),
        }
    });
    let fields = fields.collect();
    Placed { outcome, why, state: None, fields, also: &[], dials: None, shows: true, fitted: None, softened: None }
}

fn native<'t>(table: &'t FunctionTable, asked: &Asked<'_>, refusal: &mut Option<CompactString>) -> Option<Placed<'t>> {
    let values = Values { code: asked.code().map(|(code, _)| code), ..Values::of_asked(asked) };
    alternatives(table, asked, asked.what.function)
        .filter(|(alternative, _)| matches!(alternative.outcome, Outcome::Native | Outcome::Degraded))
        .filter(|(_, body)| body.outcome != Outcome::Impossible)
        .find_map(|(alternative, body)| fill(table, alternative, body, &values, refusal))
}

fn dialled<'t>(table: &'t FunctionTable, asked: &Asked<'_>, refusal: &mut Option<CompactString>) -> Option<Placed<'t>> {
    let (code, only_on) = asked.code().map_or((None, false), |(code, only_on)| (Some(code), only_on));
    let values = Values { code: code.clone(), ..Values::of_asked(asked) };
    let own = alternatives(table, asked, asked.what.function)
        .filter(|(alternative, body)| alternative.outcome == Outcome::Dialled && body.outcome != Outcome::Impossible)
        .find_map(|(alternative, body)| Some((fill(table, alternative, body, &values, refusal)?, body)));
    if let Some((placed, body)) = own {
        let pair = body.fields.iter().any(|(_, pattern)| pattern.0.contains(&Part::Place(Placeholder::CodeOff)));
        return Some(dials(placed, code, only_on && !pair));
    }
    let code = code?;
    // A key that calls a number can call a code, whatever the function.
    let values = Values { number: Some(code.clone()), ..values };
    let placed = alternatives(table, asked, Function::Dial)
        .filter(|(alternative, _)| alternative.outcome == Outcome::Native)
        .find_map(|(alternative, body)| fill(table, alternative, body, &values, refusal))?;
    Some(dials(placed, Some(code), only_on))
}

/// A key that dials a code; with a code that only switches on it cannot switch off again.
fn dials(placed: Placed<'_>, code: Option<CompactString>, only_on: bool) -> Placed<'_> {
    let (outcome, why) = match (only_on, &code) {
        (true, _) => {
            (Outcome::Degraded, Some("the operator's table has a code to switch it on, but none to switch over".into()))
        }
        (false, _) if placed.outcome == Outcome::Degraded => (Outcome::Degraded, placed.why.clone()),
        (false, Some(code)) => (Outcome::Dialled, Some(format_compact!("dials {code}"))),
        (false, None) => (Outcome::Dialled, placed.why.clone()),
    };
    Placed { outcome, why, dials: code, ..placed }
}

/// The alternatives of a function that fit the key, with the ones whose fields they take.
fn alternatives<'t, 'a>(
    table: &'t FunctionTable,
    asked: &'a Asked<'a>,
    function: Function,
) -> impl Iterator<Item = (&'t Alternative, &'t Alternative)> + 'a
where
    't: 'a,
{
    table.of(function).iter().filter(|alternative| fits(alternative, asked)).flat_map(move |alternative| {
        let bodies: &[Alternative] = match alternative.same_as {
            Some(other) => table.of(other),
            None => std::slice::from_ref(alternative),
        };
        bodies.iter().filter(|body| fits(body, asked)).map(move |body| (alternative, body))
    })
}

fn fits(alternative: &Alternative, asked: &Asked<'_>) -> bool {
    (alternative.classes.is_empty() || alternative.classes.contains(&asked.class))
        && alternative.fits.fits(asked.band, asked.model)
}

/// Fills the fields of an alternative; none if it needs something that is not there.
fn fill<'t>(
    table: &'t FunctionTable,
    alternative: &'t Alternative,
    body: &'t Alternative,
    values: &Values<'_>,
    refusal: &mut Option<CompactString>,
) -> Option<Placed<'t>> {
    let mut fields = Vec::with_capacity(table.fields.len());
    let (mut shows, mut fitted, mut softened) = (!table.labels_in_fields, None, None);
    let mut says_line = false;
    for (at, field) in table.fields.iter().enumerate() {
        let given = body.fields.iter().find(|(place, _)| usize::from(*place) == at).map(|(_, pattern)| pattern);
        let Some(pattern) = given.or(field.value.as_ref()).filter(|_| field.is_on(values.class)) else {
            fields.push(field.empty.clone());
            continue;
        };
        let grammar = field.grammar;
        says_line |= pattern.names_line();
        shows |= pattern.names_label();
        fitted = fitted.or_else(|| values.fitted(pattern));
        softened = softened.or_else(|| values.softened(pattern, grammar));
        match expand(pattern, &Values { grammar, ..values.clone() }) {
            Ok(text) if text.is_empty() => fields.push(field.empty.clone()),
            Ok(text) if field.characters.is_some_and(|most| text.chars().count() > usize::from(most)) => {
                *refusal = Some(too_long(&text, field));
                return None;
            }
            Ok(text) => fields.push(text),
            Err(Miss::Absent) => return None,
            Err(Miss::Refused(why)) => {
                *refusal = Some(why);
                return None;
            }
        }
    }
    let also = if alternative.also.is_empty() { &body.also } else { &alternative.also };
    let (outcome, why) = match values.account > 1 && !says_line {
        true => (Outcome::Degraded, Some(NO_VIA.into())),
        false => (alternative.outcome, alternative.why.clone()),
    };
    let state = Some(alternative.source.state);
    Some(Placed { outcome, why, state, fields, also, dials: None, shows, fitted, softened })
}

fn too_long(text: &str, field: &crate::catalogue::Field) -> CompactString {
    let (length, most) = (text.chars().count(), field.characters.unwrap_or_default());
    format_compact!("it would have {length} characters in `{}`, and the phone takes {most}", field.name)
}

fn no_way(table: &FunctionTable, asked: &Asked<'_>) -> CompactString {
    let function = asked.what.function;
    let elsewhere: Vec<&str> = [Class::Line, Class::Memory, Class::Programmable, Class::Module]
        .into_iter()
        .filter(|class| *class != asked.class)
        .filter(|class| {
            let other = Asked { class: *class, ..*asked };
            alternatives(table, &other, function)
                .any(|(alternative, body)| ![alternative.outcome, body.outcome].contains(&Outcome::Impossible))
        })
        .map(Class::name)
        .collect();
    let class = asked.class.name();
    if elsewhere.is_empty() {
        format_compact!("no {class} key of this phone does `{function}`, and the site has no code for it")
    } else {
        format_compact!("no {class} key of this phone does `{function}`; only {} keys do", elsewhere.join(" and "))
    }
}

impl Asked<'_> {
    /// What the site's codes say to dial for the function.
    fn code(&self) -> Option<(CompactString, bool)> {
        let number = self.what.number.as_ref().map(|number| number.as_str());
        let dialled = self.codes.dial(self.what.function, number, self.what.seconds)?;
        Some((dialled.code, dialled.only_on))
    }
}

/// What placeholders stand for.
#[derive(Debug, Clone, Default)]
struct Values<'a> {
    number: Option<CompactString>,
    label: &'a str,
    number_name: Option<&'a str>,
    account: u8,
    url: Option<&'a str>,
    seconds: Option<u16>,
    pickup: Option<&'a str>,
    code: Option<CompactString>,
    code_on: Option<&'a str>,
    code_off: Option<&'a str>,
    grammar: Grammar,
    class: Option<Class>,
    room: Option<LabelRoom<'a>>,
}

/// Why a pattern cannot be filled.
enum Miss {
    /// Something that it names is not there.
    Absent,
    /// The grammar of the field cannot carry a value.
    Refused(CompactString),
}

/// Why the grammar refuses a value, and what to write instead.
fn refused(refusal: &Refusal) -> Miss {
    Miss::Refused(match refusal.hint() {
        Some(hint) => format_compact!("{refusal}; {hint}"),
        None => format_compact!("{refusal}"),
    })
}

impl<'a> Values<'a> {
    fn of(what: &'a Use) -> Values<'a> {
        Values {
            number: what.number.as_ref().map(|number| number.as_str().into()),
            account: what.account(),
            url: what.url.as_deref(),
            seconds: what.seconds,
            ..Values::default()
        }
    }

    fn of_asked(asked: &Asked<'a>) -> Values<'a> {
        let codes = asked.codes.of(asked.what.function);
        Values {
            label: asked.label.unwrap_or_default(),
            number_name: asked.number_name,
            class: Some(asked.class),
            room: Some(asked.room),
            pickup: asked.codes.pickup.as_deref(),
            code_on: codes.and_then(|codes| codes.on.as_deref()),
            code_off: codes.and_then(|codes| codes.off.as_deref()),
            ..Values::of(asked.what)
        }
    }

    /// What a pattern shows and how the grammar sends it, if that is another text.
    fn softened(&self, pattern: &Pattern, grammar: Grammar) -> Option<(CompactString, CompactString)> {
        let shown = pattern.0.iter().find_map(|part| match part {
            Part::Place(Placeholder::Label) => Some(self.label.into()),
            Part::Place(Placeholder::Name) => Some(self.name()),
            _ => None,
        })?;
        let sent = grammar.label(&shown);
        (sent != shown).then(|| (shown.as_ref().into(), sent.as_ref().into()))
    }

    /// What stands for a label that is not given and how it is sent, if there is no room for it as it is.
    fn fitted(&self, pattern: &Pattern) -> Option<(CompactString, CompactString)> {
        let stands_for_label = self.label.is_empty() && pattern.0.contains(&Part::Place(Placeholder::Name));
        let (whole, fitted) = (self.whole_name(), self.name());
        (stands_for_label && whole != fitted).then(|| (whole.into(), fitted.as_ref().into()))
    }

    /// The label, else the name of the number, else the number or the code that is dialled.
    fn whole_name(&self) -> &str {
        match self.label {
            "" => self.number_name.or(self.number.as_deref()).or(self.code.as_deref()).unwrap_or_default(),
            label => label,
        }
    }

    /// The same as far as there is room for it.
    fn name(&self) -> Cow<'_, str> {
        let name = self.whole_name();
        self.room.map_or(Cow::Borrowed(name), |room| room.fit(name))
    }

    fn put(&self, place: Placeholder, into: &mut CompactString) -> Result<(), Miss> {
        let number = |text: &str| match self.grammar.number(text) {
            Ok(text) => Ok(CompactString::from(text)),
            Err(refusal) => Err(refused(&refusal)),
        };
        let label = |text: &str| CompactString::from(self.grammar.label(text));
        let dialled = |text: Option<&str>| number(text.ok_or(Miss::Absent)?);
        let text = match place {
            Placeholder::Number => dialled(self.number.as_deref())?,
            Placeholder::Label => label(self.label),
            Placeholder::Name => label(&self.name()),
            Placeholder::Line => format_compact!("{}", self.account),
            Placeholder::Line0 => format_compact!("{}", self.account.saturating_sub(1)),
            Placeholder::Url => match self.grammar.url(self.url.ok_or(Miss::Absent)?) {
                Ok(url) => url.into(),
                Err(refusal) => return Err(refused(&refusal)),
            },
            Placeholder::Seconds => format_compact!("{}", self.seconds.ok_or(Miss::Absent)?),
            Placeholder::Pickup => self.pickup.unwrap_or_default().into(),
            Placeholder::PickupNeeded => dialled(self.pickup)?,
            Placeholder::Code => dialled(self.code.as_deref())?,
            Placeholder::CodeOn => dialled(self.code_on)?,
            Placeholder::CodeOff => dialled(self.code_off)?,
        };
        into.push_str(&text);
        Ok(())
    }
}

fn expand(pattern: &Pattern, values: &Values<'_>) -> Result<CompactString, Miss> {
    let mut text = CompactString::default();
    for part in &pattern.0 {
        match part {
            Part::Text(fixed) => text.push_str(fixed),
            Part::Place(place) => values.put(*place, &mut text)?,
        }
    }
    Ok(text)
}
