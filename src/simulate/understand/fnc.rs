//! Cisco's `fnc=…` strings, in which SPA and MPP phones are told what keys do. Source: docs/sources.md, Cisco, 5.2.

use std::collections::HashMap;

use super::super::understood::Does;
use crate::phone::Function;

/// A key's string, cut.
#[derive(Debug, Default)]
pub struct Fnc {
    /// The functions that are joined with `+`.
    pub functions: Vec<String>,
    fields: HashMap<String, String>,
}

/// What a key can do besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SPA phones.
    Spa,
    /// Multiplatform phones.
    Mpp,
}

impl Fnc {
    /// Cuts a string; a `;` ends a field wherever it stands.
    pub fn parse(text: &str) -> Fnc {
        let mut fnc = Fnc::default();
        for field in text.split(';') {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            match name.trim() {
                "fnc" => fnc.functions = value.split('+').map(|one| one.trim().to_owned()).collect(),
                name => {
                    fnc.fields.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        fnc
    }

    /// The label in it.
    pub fn label(&self) -> Option<&str> {
        self.get("nme")
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn has(&self, function: &str) -> bool {
        self.functions.iter().any(|one| one == function)
    }

    /// The number before the `@` of a field.
    fn number(&self, name: &str) -> Option<String> {
        let number = self.get(name)?.split('@').next()?;
        (!number.is_empty()).then(|| number.to_owned())
    }

    /// What the key does; `pickup` is the code of the whole phone.
    pub fn does(&self, dialect: Dialect, pickup: Option<&str>) -> Does {
        let via = Some(self.get("vid").and_then(|vid| vid.parse().ok()).unwrap_or(1));
        let nothing = |what: &str| Does::Senseless(format!("nothing: {what}"));
        if self.has("blf") {
            let Some(number) = self.number("sub") else { return nothing("it watches no number") };
            // Without `cp` a press does not take the call.
            let pickup = pickup.filter(|_| self.has("cp")).map(str::to_owned);
            return Does::Watch { number, via, pickup };
        }
        if self.has("mwi") && dialect == Dialect::Mpp {
            return Does::Own { function: Function::Voicemail, number: self.number("ext"), via };
        }
        if self.has("sd") {
            return match self.number("ext") {
                Some(number) => Does::Dial { number, via },
                None => nothing("it dials no number"),
            };
        }
        let shown = || self.get("url").unwrap_or_default();
        match (self.functions.first().map(String::as_str), dialect) {
            (Some("xml"), _) if !shown().is_empty() => Does::Open(shown().to_owned()),
            (Some("inert"), Dialect::Mpp) => Does::Nothing,
            (Some("dnd"), Dialect::Mpp) => Does::own(Function::DoNotDisturb),
            (Some("cfwd"), Dialect::Mpp) => Does::own(Function::ForwardAll),
            (Some("redial"), Dialect::Mpp) => Does::own(Function::Redial),
            (Some("shortcut"), Dialect::Mpp) => match shown() {
                "userpref" => Does::own(Function::Menu),
                "missedcalls" => Does::own(Function::History),
                other => nothing(&format!("no shortcut `{other}` is known")),
            },
            (Some(other), _) => nothing(&format!("this phone knows no function `{other}`")),
            (None, _) => nothing("its string names no function"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_read_as_the_phone_does() {
        let does = |text: &str| Fnc::parse(text).does(Dialect::Spa, Some("*8")).to_string();
        assert_eq!(does("fnc=sd;ext=202@$PROXY;vid=2;nme=A"), "dial 202 by account 2");
        assert_eq!(does("fnc=blf+sd+cp;sub=202@$PROXY;nme=A"), "watch 202 by account 1, picked up with *8");
        assert_eq!(does("fnc=dnd"), "nothing: this phone knows no function `dnd`");
    }

    #[test]
    fn a_label_that_injects_changes_the_function() {
        assert_eq!(
            Fnc::parse("fnc=sd;ext=1@$PROXY;nme=a;fnc=dnd").does(Dialect::Mpp, None).to_string(),
            "do_not_disturb"
        );
    }
}
