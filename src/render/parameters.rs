//! Settings in a family's own words, as its `settings.toml` says.

use compact_str::{CompactString, format_compact};

use crate::catalogue::{How, Kind, Mapping, Parameter, Scope, Setting, SettingId};
use crate::findings::Level;
use crate::format::Format;
use crate::phone::SettingValue;
use crate::phone::timezone::Zone;
use crate::resolve::{Resolved, ResolvedSetting};

/// A value that the phone's file cannot carry, or the family cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The setting.
    pub setting: SettingId,
    /// The account, from 0; none for a setting of the phone.
    pub account: Option<usize>,
    /// How grave it is: with an error the document is not made, since a secret, number or address would be another one.
    pub level: Level,
    /// A short name.
    pub code: &'static str,
    /// What is wrong, without the value of a secret.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

/// How secrets are written.
pub(super) struct Writer<'r, 's> {
    pub resolved: &'r Resolved<'s>,
    pub format: Format,
    pub reveal: bool,
    pub troubles: Vec<Trouble>,
}

/// A parameter ready to be printed.
pub(super) type Pair = (CompactString, CompactString);

impl Writer<'_, '_> {
    /// The parameters of the whole phone, by name.
    pub fn phone(&mut self) -> Vec<Pair> {
        self.pairs(Scope::Phone, None)
    }

    /// The parameters of one account, by name; resets where it has no line.
    pub fn account(&mut self, at: usize) -> Vec<Pair> {
        self.pairs(Scope::Account, Some(at))
    }

    fn pairs(&mut self, scope: Scope, account: Option<usize>) -> Vec<Pair> {
        let resolved = self.resolved;
        let subject = resolved.subject;
        let settings = match account {
            Some(at) => resolved.accounts.get(at).map_or(&[][..], |account| &account.settings),
            None => &resolved.settings,
        };
        let used = account.is_none_or(|at| resolved.accounts.get(at).is_some_and(|account| account.line.is_some()));
        let mut pairs = Vec::with_capacity(64);
        for (id, setting) in subject.catalogue.vocabulary.iter().filter(|(_, setting)| setting.scope == scope) {
            let Some(mapping) = mapping(resolved, id) else { continue };
            let How::Parameter(parameter) = &mapping.how else { continue };
            let value = settings.get(id.0 as usize).and_then(|setting| setting.value).filter(|_| used);
            self.write(id, setting, parameter, value, account, &mut pairs);
        }
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs
    }

    fn write(
        &mut self,
        id: SettingId,
        setting: &Setting,
        parameter: &Parameter,
        value: Option<&SettingValue>,
        account: Option<usize>,
        pairs: &mut Vec<Pair>,
    ) {
        let unset = match (&parameter.unset, parameter.omit_unset || (setting.personal && parameter.unset.is_none())) {
            (_, true) => None,
            (Some(own), false) => Some(own.clone()),
            (None, false) => self.resolved.subject.maker.family.unset.clone(),
        };
        let texts = value.map(|value| self.texts(id, setting, parameter, value, account)).unwrap_or_default();
        self.tell_dropped(id, setting, parameter.names.len(), texts.len(), account);
        for (at, name) in parameter.names.iter().enumerate() {
            if let Some(text) = texts.get(at).cloned().or_else(|| unset.clone()) {
                pairs.push((numbered(name, account), text));
            }
        }
    }

    /// A phone that has fewer places than a list has members takes the first ones.
    fn tell_dropped(&mut self, id: SettingId, setting: &Setting, places: usize, values: usize, account: Option<usize>) {
        if values <= places {
            return;
        }
        let family = &self.resolved.subject.model.family;
        let what = format!(
            "`{}` has {values} values, and phones of the family `{family}` take {places}; the first are sent",
            setting.name
        );
        self.troubles.push(Trouble {
            setting: id,
            account,
            level: Level::Note,
            code: "values-dropped",
            what,
            hint: None,
        });
    }

    /// A value in the family's words: one text, or one for each member of a list.
    fn texts(
        &mut self,
        id: SettingId,
        setting: &Setting,
        parameter: &Parameter,
        value: &SettingValue,
        account: Option<usize>,
    ) -> Vec<CompactString> {
        let booleans = &self.resolved.subject.maker.family.booleans;
        let said =
            |ours: &str| parameter.values.iter().find(|(known, _)| known == ours).map(|(_, theirs)| theirs.clone());
        let ours: Vec<CompactString> = match value {
            SettingValue::Boolean(value) => {
                let word = if *value { "true" } else { "false" };
                return vec![said(word).unwrap_or_else(|| booleans[usize::from(*value)].clone())];
            }
            SettingValue::Integer(number) => vec![scaled(*number, &setting.kind, parameter.scale)],
            SettingValue::Text(text) => vec![text.clone()],
            SettingValue::List(texts) => texts.to_vec(),
            SettingValue::Secret(_) => return self.secret(id, setting, value, account).into_iter().collect(),
        };
        let mut texts = Vec::with_capacity(ours.len());
        for text in ours {
            if !self.takes(id, setting, &text, account) {
                continue;
            }
            if parameter.values.is_empty() {
                texts.extend(self.carried(id, setting, &text, account));
            } else if let Some(theirs) = said(&text) {
                texts.push(theirs);
            } else {
                let what = format!(
                    "`{}` is `{text}`, which phones of the family `{}` do not know",
                    setting.name, self.resolved.subject.model.family
                );
                let known: Vec<&str> = parameter.values.iter().map(|(ours, _)| ours.as_str()).collect();
                let hint = Some(format!("they know {}", known.join(", ")));
                self.troubles.push(Trouble {
                    setting: id,
                    account,
                    level: Level::Warning,
                    code: "unmapped-value",
                    what,
                    hint,
                });
            }
        }
        texts
    }

    /// A text as the format carries it; what people read is softened, what machines read is not.
    pub fn carried(
        &mut self,
        id: SettingId,
        setting: &Setting,
        text: &CompactString,
        account: Option<usize>,
    ) -> Option<CompactString> {
        let carries = match setting.kind {
            Kind::Url => self.format.carries_url(text),
            _ => self.format.carries(text),
        };
        let grammar = mapping(self.resolved, id).map(|mapping| mapping.grammar).unwrap_or_default();
        let fits = match setting.kind {
            Kind::Url => grammar.url(text),
            _ => grammar.number(text),
        };
        let Err(refusal) = carries.and(fits.map(|_| ())) else { return Some(text.clone()) };
        let hint = refusal.hint().map(str::to_owned);
        if matches!(setting.kind, Kind::Text(_)) {
            let softened = grammar.label(text).into_owned();
            let softened = self.format.soften(&softened);
            let what = format!("`{}` is sent as `{softened}`: {refusal}", setting.name);
            self.troubles.push(Trouble {
                setting: id,
                account,
                level: Level::Warning,
                code: "label-changed",
                what,
                hint,
            });
            return Some(softened.into());
        }
        let what = format!("`{}` cannot be sent to this phone: {refusal}", setting.name);
        self.troubles.push(Trouble { setting: id, account, level: Level::Error, code: "cannot-carry", what, hint });
        None
    }

    /// Whether the phone knows a time zone's offset, and takes a text of this form; tells it where it does not.
    pub fn takes(&mut self, id: SettingId, setting: &Setting, text: &str, account: Option<usize>) -> bool {
        let Some(mapping) = mapping(self.resolved, id) else { return true };
        let family = &self.resolved.subject.model.family;
        if mapping.offsets.is_empty() && mapping.pattern.is_none() {
            return true;
        }
        let zone = Zone::parse(text).ok().filter(|_| setting.kind == Kind::Timezone);
        let what = match (zone, &mapping.pattern) {
            (Some(zone), _) if !mapping.offsets.contains(&i64::from(zone.offset_minutes)) => {
                format!("`{}` is `{text}`, and no source shows its offset on `{family}`", setting.name)
            }
            (_, Some(pattern)) if !pattern.is_match(text) => {
                format!("`{}` is `{text}`, which phones of the family `{family}` do not take", setting.name)
            }
            _ => return true,
        };
        let hint = mapping.pattern.as_ref().map(|pattern| format!("it has to match {pattern}"));
        self.troubles.push(Trouble { setting: id, account, level: Level::Warning, code: "unmapped-value", what, hint });
        mapping.pattern.is_none()
    }

    /// A secret, or what stands for it where secrets are not shown.
    pub fn secret(
        &mut self,
        id: SettingId,
        setting: &Setting,
        value: &SettingValue,
        account: Option<usize>,
    ) -> Option<CompactString> {
        let SettingValue::Secret(secret) = value else { return None };
        let mapping = mapping(self.resolved, id);
        let pattern = mapping.and_then(|mapping| mapping.pattern.as_ref());
        let forbidden = mapping.and_then(|mapping| mapping.forbid.as_deref()).unwrap_or_default();
        let grammar = mapping.map(|mapping| mapping.grammar).unwrap_or_default();
        let refusal = match secret.expose().chars().find(|c| forbidden.contains(*c)) {
            Some(found) => Some(format!("this family's files cannot carry {found:?} in it")),
            None => {
                let carries = self.format.carries(secret.expose());
                carries
                    .and_then(|()| grammar.number(secret.expose()).map(|_| ()))
                    .err()
                    .map(|refusal| refusal.to_string())
            }
        };
        let misfit = pattern.filter(|pattern| !pattern.is_match(secret.expose()));
        let refusal = refusal.or_else(|| Some(format!("it has to match {}", misfit?)));
        if let Some(refusal) = refusal {
            let what = format!("`{}` cannot be sent to this phone: {refusal}", setting.name);
            let hint = Some("choose a password of letters and digits".into());
            self.troubles.push(Trouble { setting: id, account, level: Level::Error, code: "cannot-carry", what, hint });
            return None;
        }
        if self.reveal {
            return Some(secret.expose().into());
        }
        let subject = self.resolved.subject;
        Some(match account.and_then(|at| subject.lines.get(at)) {
            Some(line) => format_compact!("‹secret:{}@{}›", setting.name, line.name),
            None => format_compact!("‹secret:{}@{}›", setting.name, subject.phone.mac),
        })
    }
}

pub(super) fn mapping<'s>(resolved: &Resolved<'s>, id: SettingId) -> Option<&'s Mapping> {
    resolved.tables.mappings.of(id, resolved.band, &resolved.subject.model.id)
}

/// The value of one of a list of settings.
pub(super) fn value_of<'s>(settings: &[ResolvedSetting<'s>], id: Option<SettingId>) -> Option<&'s SettingValue> {
    settings.get(id?.0 as usize)?.value
}

/// A parameter's name for an account.
fn numbered(name: &CompactString, account: Option<usize>) -> CompactString {
    match account {
        Some(at) if name.contains('{') => {
            name.replace("{n}", &format_compact!("{}", at + 1)).replace("{n0}", &format_compact!("{at}")).into()
        }
        _ => name.clone(),
    }
}

/// A number of our range in theirs, rounded.
fn scaled(number: i64, kind: &Kind, scale: Option<(i64, i64)>) -> CompactString {
    let (Some((low, high)), Kind::Integer(our_low, our_high)) = (scale, kind) else {
        return format_compact!("{number}");
    };
    let span = (our_high - our_low).max(1);
    format_compact!("{}", low + ((number - our_low) * (high - low) * 2 + span) / (span * 2))
}
