//! Labels as a phone gets them: names put in, what its file cannot carry replaced, and made to fit.

use std::borrow::Cow;

use compact_str::CompactString;

use super::Account;
use super::keys::Problem;
use crate::catalogue::{Class, Vocabulary, Width};
use crate::findings::Level;
use crate::fleet::MAX_LABEL;
use crate::format::Format;
use crate::phone::SettingValue;
use crate::phone::label::{Room, fit, with_names};
use crate::world::Subject;

/// How much of a label there is room for on a key.
#[derive(Debug, Clone, Copy)]
pub struct LabelRoom<'s> {
    room: Room,
    /// What the key is on: the phone's model or a module's.
    model: &'s str,
    pub(super) class: Class,
    /// It has a label at all.
    shown: bool,
}

impl<'s> LabelRoom<'s> {
    /// The room on a key of a class, by what its model or module shows, and what the family's files take.
    pub fn of(subject: &'s Subject, class: Class, model: &'s str, width: Option<Width>) -> LabelRoom<'s> {
        let carried = subject.maker.family.label_limits.key.map_or(MAX_LABEL as u16, |most| most.min(MAX_LABEL as u16));
        let shown = match width {
            Some(Width::Characters(width)) => width,
            Some(Width::Unknown) | None => u16::MAX,
        };
        LabelRoom { room: Room { shown, carried }, model, class, shown: width.is_some() }
    }

    /// The text as far as there is room for it.
    pub fn fit(self, text: &str) -> Cow<'_, str> {
        fit(text, self.room)
    }

    /// What to tell of a text that was made to fit.
    pub(super) fn too_wide(self, text: &str, sent: &str, what: &str) -> Problem {
        let LabelRoom { room, model, class, .. } = self;
        // What the screen would show of it tells whether it is the screen or the file that has no room.
        let by_screen = fit(text, Room { carried: u16::MAX, ..room }) != text;
        let why = match by_screen {
            true => format!("{} characters fit on a {} key of `{model}`", room.shown, class.name()),
            false => format!("the phone's file takes {} characters", room.carried),
        };
        Problem {
            level: Level::Warning,
            code: "label-too-wide",
            what: format!("{what} `{text}` is sent as `{sent}`: {why}"),
            hint: Some("write a shorter one, or accept = [\"label-too-wide\"]".into()),
        }
    }

    /// What to tell of a label where the model shows none.
    pub(super) fn not_shown(self, label: &str, function: Option<&str>) -> Option<Problem> {
        let (class, model) = (self.class.name(), self.model);
        let what = match function {
            _ if !self.shown => format!("`{model}` shows none on this {class} key"),
            Some(function) => format!("`{model}` takes none for `{function}` on {class} keys"),
            None => return None,
        };
        let what = format!("the label `{label}` is not shown: {what}");
        Some(Problem { level: Level::Note, code: "label-not-shown", what, hint: None })
    }
}

/// What people are shown of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountNames<'s> {
    /// The user part of its address.
    pub user: &'s str,
    /// What the called party is shown.
    pub display_name: &'s str,
    /// What the phone's own screen shows.
    pub label: &'s str,
}

impl<'s> Account<'s> {
    /// What people are shown of it; none for an account that is not used.
    pub fn names(&self, vocabulary: &Vocabulary) -> Option<AccountNames<'s>> {
        let line = self.line?;
        let text = |name: &str| {
            let setting = self.settings.get(usize::from(vocabulary.id(name)?.0))?;
            setting.value.and_then(SettingValue::as_text)
        };
        let user = text("sip.user").unwrap_or(&line.name);
        let label = line.display_name.as_deref().or(text("sip.display_name")).unwrap_or(user);
        Some(AccountNames { user, display_name: text("sip.display_name").unwrap_or(label), label })
    }
}

/// A name of an account or a phone as its file carries it: of so many characters at the most, and as the family writes
/// the names of accounts.
pub fn carried_name(subject: &Subject, name: &str, most: Option<u16>) -> CompactString {
    let format = subject.maker.family.format();
    let id = subject.catalogue.vocabulary.id("sip.display_name");
    let mapping = subject.maker.tables.as_ref().zip(id);
    let mapping = mapping.and_then(|(tables, id)| tables.mappings.of(id, subject.band(None, None), &subject.model.id));
    let name = mapping.map(|mapping| mapping.grammar).unwrap_or_default().label(name);
    let softened = format.map_or(name.clone(), |format| Cow::Owned(format.soften(&name).into_owned()));
    let room = Room { shown: u16::MAX, carried: most.unwrap_or(u16::MAX) };
    fit(&softened, room).as_ref().into()
}

/// A stored label as the phone gets it, with what its owner should know.
pub(super) fn label_of(
    subject: &Subject,
    format: Option<Format>,
    stored: &str,
    room: LabelRoom<'_>,
    problems: &mut Vec<Problem>,
) -> CompactString {
    let named = with_names(stored, |number| subject.name_for(number));
    let softened = format.map_or(Cow::Borrowed(named.as_ref()), |format| format.soften(&named));
    if softened != named {
        problems.push(label_changed(&named, &softened));
    }
    let fitted = room.fit(&softened);
    if fitted != softened {
        problems.push(room.too_wide(&softened, &fitted, "the label"));
    }
    fitted.as_ref().into()
}

pub(super) fn label_changed(shown: &str, sent: &str) -> Problem {
    let what = format!("the label `{shown}` is sent as `{sent}`, since the phone's file cannot carry it as it is");
    Problem { level: Level::Warning, code: "label-changed", what, hint: None }
}
