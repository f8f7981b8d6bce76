//! The operator's star codes: what to dial for functions that the network does.

use compact_str::{CompactString, format_compact};

use crate::phone::{Function, Group};
use crate::reader::Table;

/// A table of an operator's codes, or what a site lays over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureCodes {
    /// The operator's name.
    pub name: CompactString,
    /// What is dialled before the number of a ringing line to take its call.
    pub pickup: Option<CompactString>,
    /// The codes by function.
    codes: Vec<(Function, Codes)>,
}

/// The codes of one function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codes {
    /// The whole of what is dialled, with `{number}` and `{seconds}`.
    pub dial: Option<CompactString>,
    /// The same with a number of seconds.
    pub with_seconds: Option<CompactString>,
    /// Switches on.
    pub on: Option<CompactString>,
    /// Switches off.
    pub off: Option<CompactString>,
    /// Switches over.
    pub toggle: Option<CompactString>,
}

/// What a key dials for a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled {
    /// What is dialled.
    pub code: CompactString,
    /// Only switching on is possible: the table has no code that switches over.
    pub only_on: bool,
}

impl FeatureCodes {
    /// Reads a table of codes; `sourced` tables must say where each figure is known from.
    pub fn read(table: &mut Table<'_, '_>, sourced: bool) -> FeatureCodes {
        let name =
            if sourced { table.required_text("name").map(|at| at.value.into()).unwrap_or_default() } else { "".into() };
        let mut codes = FeatureCodes { name, pickup: None, codes: Vec::new() };
        if let Some(mut pickup) = table.table("pickup") {
            codes.pickup = code(&mut pickup, "prefix", false);
            finish(pickup, sourced);
        }
        table.any_field();
        for field in table.fields() {
            if field.value == "pickup" || (sourced && field.value == "name") {
                continue;
            }
            let Some(function) = Function::named(&field.value) else {
                let what = format!("`{}` is not a function", field.value);
                let near = Function::nearest(&field.value)
                    .map_or("see `offhook functions`".into(), |near| format!("did you mean `{near}`?"));
                table.error_hint("unknown-function", field.line, what, near);
                continue;
            };
            let Some(mut entry) = table.table_named(&field.value) else { continue };
            let read = Codes {
                dial: code(&mut entry, "dial", true),
                with_seconds: code(&mut entry, "with_seconds", true),
                on: code(&mut entry, "on", false),
                off: code(&mut entry, "off", false),
                toggle: code(&mut entry, "toggle", true),
            };
            finish(entry, sourced);
            codes.codes.push((function, read));
        }
        codes
    }

    /// A code for every function that operators have codes for, so that what a key can do with one can be seen.
    pub fn of_all() -> FeatureCodes {
        let code = || Codes { dial: Some("*1#".into()), ..Codes::default() };
        let functions = Function::all().filter(|function| match function.info().group {
            Group::Services | Group::CallGroup => true,
            _ => matches!(function, Function::Voicemail | Function::Ivr),
        });
        let codes = functions.map(|function| (function, code())).collect();
        FeatureCodes { name: CompactString::default(), pickup: Some("*1".into()), codes }
    }

    /// These codes with a site's own over them, function by function.
    #[must_use]
    pub fn overlaid(&self, own: &FeatureCodes) -> FeatureCodes {
        let mut codes = self.codes.clone();
        for (function, entry) in &own.codes {
            codes.retain(|(known, _)| known != function);
            codes.push((*function, entry.clone()));
        }
        FeatureCodes { name: self.name.clone(), pickup: own.pickup.clone().or_else(|| self.pickup.clone()), codes }
    }

    /// Makes every code of a function another one, so that what depends on it can be seen.
    pub fn change(&mut self, function: Function) {
        for (_, codes) in self.codes.iter_mut().filter(|(known, _)| *known == function) {
            let Codes { dial, with_seconds, on, off, toggle } = codes;
            for code in [dial, with_seconds, on, off, toggle].into_iter().flatten() {
                code.push('0');
            }
        }
    }

    /// The codes of a function.
    pub fn of(&self, function: Function) -> Option<&Codes> {
        self.codes.iter().find(|(known, _)| *known == function).map(|(_, codes)| codes)
    }

    /// All codes, with the functions they are for.
    pub fn iter(&self) -> impl Iterator<Item = (Function, &Codes)> {
        self.codes.iter().map(|(function, codes)| (*function, codes))
    }

    /// What a key dials for a function with these parameters.
    pub fn dial(&self, function: Function, number: Option<&str>, seconds: Option<u16>) -> Option<Dialled> {
        let codes = self.of(function)?;
        let timed = seconds.and(codes.with_seconds.as_ref());
        let (pattern, only_on) = match (timed.or(codes.dial.as_ref()), &codes.toggle, &codes.on) {
            (Some(dial), _, _) | (None, Some(dial), _) => (dial, false),
            (None, None, Some(on)) => (on, true),
            _ => return None,
        };
        if pattern.contains("{number}") && number.is_none() {
            return None;
        }
        let mut code = pattern.replace("{number}", number.unwrap_or_default());
        if let Some(seconds) = seconds {
            code = code.replace("{seconds}", &format_compact!("{seconds}"));
        }
        Some(Dialled { code: code.into(), only_on })
    }
}

/// A code as a phone dials it, perhaps with places for a number and seconds.
fn code(table: &mut Table<'_, '_>, field: &'static str, places: bool) -> Option<CompactString> {
    let code = table.text(field)?;
    let bare = if places { code.value.replace("{number}", "0").replace("{seconds}", "0") } else { code.value.clone() };
    if !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit() || b"*#+,".contains(&b)) {
        return Some(code.value.into());
    }
    let takes = if places { ", `{number}` and `{seconds}`" } else { "" };
    let what = format!("`{}` is not a code: digits, `*`, `#`{takes} were expected", code.value);
    table.error("bad-code", code.line, what);
    None
}

fn finish(mut table: Table<'_, '_>, sourced: bool) {
    if sourced {
        super::Source::read(&mut table);
    } else {
        for field in ["state", "source", "disagreement"] {
            table.allow(field);
        }
    }
    table.finish();
}
