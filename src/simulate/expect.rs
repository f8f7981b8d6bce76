//! What a phone should have understood: computed from the stored fleet itself, and from what `check` announces of keys
//! that cannot be as they are stored. Nothing here asks how a file is written.

use std::collections::{BTreeMap, BTreeSet};

use super::understood::{Account, Does, Handset, Transport};
use crate::catalogue::{Band, Outcome};
use crate::fleet::{Layer, Line, Stored};
use crate::format::grammar::Grammar;
use crate::phone::label::with_names;
use crate::phone::{Area, Function, Parameter, Place, SettingValue, Use, key_at};
use crate::resolve::{Key, LabelRoom, Phase, carried_name, resolve};
use crate::world::Subject;

/// What a phone should have understood.
#[derive(Debug, Default)]
pub struct Expected {
    /// Its accounts.
    pub accounts: BTreeMap<u16, Account>,
    /// Every key that it has.
    pub keys: BTreeMap<Place, Wanted>,
    /// Accounts that the phone may do without: no key or handset uses them, where only these make an account.
    pub unused: BTreeSet<u16>,
    /// The handsets of a DECT base.
    pub handsets: BTreeMap<u16, Handset>,
}

/// What a key should be.
#[derive(Debug)]
pub struct Wanted {
    /// What is stored, to be told.
    pub stored: String,
    /// It does one of these.
    pub any_of: Vec<Does>,
    /// `check` says that it does not do quite what is asked.
    pub degraded: bool,
    /// It shows one of these.
    pub labels: Vec<Option<String>>,
}

/// What a phone with a firmware of this band should understand; none for a family without files.
pub fn expected(subject: &Subject, band: Band) -> Option<Expected> {
    let announced = resolve(subject, band, Phase::Later)?;
    let mut expected = Expected::default();
    for (at, line) in subject.lines.iter().enumerate() {
        expected.accounts.insert(at as u16 + 1, account(subject, line));
    }
    let modules = announced.modules.iter().filter(|module| module.attached).flat_map(|module| &module.keys);
    for key in announced.keys.iter().chain(&announced.soft_keys).chain(modules) {
        if key.reserved.is_none() {
            expected.keys.insert(key.place, wanted(subject, key));
        }
    }
    expected.handsets = handsets(subject);
    expected.unused = unused(subject, &expected);
    Some(expected)
}

/// The handsets that are named, as far as the base has them; where none is, one for each line, and on some bases all
/// others with the last.
fn handsets(subject: &Subject) -> BTreeMap<u16, Handset> {
    // Some bases give their handsets their lines by themselves.
    let slots = subject.model.handsets.as_ref().filter(|slots| slots.assignable);
    let Some(slots) = slots else { return BTreeMap::new() };
    let named = subject.phone.handsets.iter().map(|handset| {
        let (name, ipui) = (handset.name.as_ref(), handset.ipui.as_ref());
        (handset.number, handset.line, name.map(ToString::to_string), ipui.map(ToString::to_string))
    });
    let mut wanted: Vec<_> = named.collect();
    if wanted.is_empty() {
        let lines = subject.lines.len() as u16;
        let last = if slots.share_last_line { slots.max } else { lines };
        wanted = (1..=last).map(|n| (n, n.min(lines), None, None)).collect();
    }
    let handset = |(n, line, name, ipui): (u16, u16, Option<String>, Option<String>)| {
        let of = subject.lines.get(usize::from(line).checked_sub(1)?)?;
        let name = name.or_else(|| of.display_name.as_ref().map(ToString::to_string));
        let name = name.unwrap_or_else(|| of.name.to_string());
        let name = carried_name(subject, &name, subject.maker.family.label_limits.account).to_string();
        (n <= slots.max).then(|| (n, Handset { accounts: vec![line], name: Some(name), ipui }))
    };
    wanted.into_iter().filter_map(handset).collect()
}

/// Accounts that no key or handset uses. `check` tells of them: such a phone cannot use the line.
fn unused(subject: &Subject, expected: &Expected) -> BTreeSet<u16> {
    let on_key = |n: &u16| expected.keys.values().any(|key| key.any_of.contains(&Does::Account(*n)));
    let on_handset = |n: &u16| expected.handsets.values().any(|handset| handset.accounts.contains(n));
    let by_key = subject.model.needs_line_key;
    let by_handset = subject.model.handsets.as_ref().is_some_and(|slots| slots.assignable);
    let numbers = expected.accounts.keys().copied();
    numbers.filter(|n| (by_key && !on_key(n)) || (by_handset && !on_handset(n))).collect()
}

/// A setting of a line: the highest layer that speaks of it.
fn setting<'s>(subject: &'s Subject, line: &'s Line, name: &str) -> Option<&'s SettingValue> {
    let id = subject.catalogue.vocabulary.id(name)?;
    let default = subject.catalogue.vocabulary.get(id).default.as_ref();
    let own = |settings: &'s [Stored]| settings.iter().find(|stored| stored.id == id);
    let scoped = |layer: &'s Layer| {
        let of = |scopes: &'s [(_, Box<[Stored]>)], name: &str| {
            let mut found = scopes.iter().filter(|(known, _): &&(compact_str::CompactString, _)| known == name);
            found.find_map(|(_, settings)| own(settings))
        };
        let model = of(&layer.models, &subject.model.id);
        model.or_else(|| of(&layer.families, &subject.model.family)).or_else(|| own(&layer.settings))
    };
    let stored = own(&subject.phone.layer.settings)
        .or_else(|| own(&line.layer.settings))
        .or_else(|| scoped(&subject.site.layer))
        .or_else(|| scoped(&subject.root.layer));
    if let Some(stored) = stored {
        return stored.value.as_ref().or(default);
    }
    let known = [&subject.model.settings, &subject.maker.family.settings];
    known.into_iter().flatten().find(|(known, _)| *known == id).map(|(_, value)| value).or(default)
}

fn account(subject: &Subject, line: &Line) -> Account {
    let text = |name: &str| setting(subject, line, name).and_then(SettingValue::as_text);
    let user = text("sip.user").unwrap_or(&line.name);
    let port = match setting(subject, line, "sip.port") {
        Some(SettingValue::Integer(port)) => u16::try_from(*port).ok(),
        _ => None,
    };
    let transport = match text("sip.transport") {
        Some("tcp") => Transport::Tcp,
        Some("tls") => Transport::Tls,
        Some("dns") => Transport::Dns,
        _ => Transport::Udp,
    };
    let password = matches!(setting(subject, line, "sip.password"), Some(SettingValue::Secret(_)));
    let shown = line.display_name.as_deref().or(text("sip.display_name")).unwrap_or(user);
    Account {
        user: user.to_owned(),
        auth_user: text("sip.auth_user").unwrap_or(user).to_owned(),
        server: text("sip.server").unwrap_or_default().to_owned(),
        port,
        transport: Some(transport),
        label: Some(carried_name(subject, shown, subject.maker.family.label_limits.account).to_string()),
        password,
    }
}

/// What is stored at a place of the primary line: its own function and label over the layout's, else the model's.
fn stored(subject: &Subject, place: Place) -> (Option<Use>, Option<&str>) {
    let Some(line) = subject.primary() else { return (None, None) };
    let layout = line.layout.as_ref().and_then(|(name, _)| subject.site.layouts.get(name));
    let (own, laid) = (key_at(&line.keys, place), layout.and_then(|keys| key_at(keys, place)));
    let what = own.and_then(|key| key.what.as_ref()).or(laid.and_then(|key| key.what.as_ref()));
    let label = own.and_then(|key| key.label.as_deref()).or(laid.and_then(|key| key.label.as_deref()));
    (what.cloned().or_else(|| default_of(subject, place)), label)
}

/// The model's default: the first keys of some groups stand for the phone's lines.
fn default_of(subject: &Subject, place: Place) -> Option<Use> {
    if place.area != Area::Keys {
        return None;
    }
    let (group, at) = subject.model.key(place.position)?;
    (group.default_lines && usize::from(at) <= subject.lines.len()).then(|| Use::line(at as u8))
}

fn wanted(subject: &Subject, announced: &Key<'_>) -> Wanted {
    let (what, label) = stored(subject, announced.place);
    let degraded = announced.outcome == Outcome::Degraded;
    let mut any_of = what.as_ref().map_or_else(|| vec![Does::Nothing], |what| ways(subject, what, announced.outcome));
    // A soft key that nobody sets, or that cannot be what it is set to, stays as the maker has made it.
    let unset = what.is_none() || announced.outcome == Outcome::Impossible;
    if announced.place.area == Area::SoftKeys && unset {
        any_of.push(Does::Factory);
    }
    Wanted {
        stored: what.as_ref().map_or_else(|| "nothing".to_owned(), told),
        labels: labels(subject, what.as_ref(), label, announced, &any_of),
        any_of,
        degraded,
    }
}

/// A function with its parameters, in a few words.
fn told(what: &Use) -> String {
    let mut text = what.function.to_string();
    if what.function == Function::Line {
        text = format!("{text} {}", what.line);
    }
    for more in [what.number.as_ref().map(ToString::to_string), what.url.as_ref().map(ToString::to_string)] {
        text = more.map_or_else(|| text.clone(), |more| format!("{text} {more}"));
    }
    if what.via > 1 { format!("{text} by account {}", what.via) } else { text }
}

/// What a key may do, so that it does what is asked.
fn ways(subject: &Subject, what: &Use, outcome: Outcome) -> Vec<Does> {
    let native = || native(subject, what);
    match outcome {
        _ if what.function == Function::None => vec![Does::Nothing],
        Outcome::Impossible => vec![Does::Nothing],
        Outcome::Dialled => dialled(subject, what),
        Outcome::Native if what.function == Function::Ivr => [vec![native()], dialled(subject, what)].concat(),
        // A key for the voicemail may have its code in it.
        Outcome::Native if what.function == Function::Voicemail => [vec![native()], mailbox(subject, what)].concat(),
        // To a phone a fax is a number like any other.
        Outcome::Native if what.function == Function::ForwardAllToFax => [vec![native()], instead(what)].concat(),
        // One key ends a call that rings and one that runs, and one holds and takes back.
        Outcome::Native if matches!(what.function, Function::Reject | Function::Retrieve | Function::QueueTransfer) => {
            [vec![native()], instead(what)].concat()
        }
        // The phone dials the codes for its own function.
        Outcome::Native => vec![native()],
        Outcome::Degraded => [vec![native()], instead(what), dialled(subject, what)].concat(),
    }
}

fn native(subject: &Subject, what: &Use) -> Does {
    let number = what.number.as_ref().map(ToString::to_string);
    let via = Some(u16::from(what.via));
    let function = what.function;
    match (function.info().parameter, number, &what.url) {
        (Parameter::LineIndex, ..) => Does::Account(u16::from(what.line)),
        (Parameter::Sibling, Some(number), _) => {
            Does::Watch { number, via, pickup: subject.codes.pickup.as_ref().map(ToString::to_string) }
        }
        (Parameter::Url, _, Some(url)) => Does::Open(url.to_string()),
        (Parameter::NumberOrUrl, Some(number), _) => Does::Dial { number, via },
        (Parameter::NumberOrUrl, None, Some(url)) => Does::Open(url.to_string()),
        (_, Some(number), _) if function == Function::Dial => Does::Dial { number, via },
        (_, number, _) => Does::Own { function, number, via },
    }
}

/// What the site's codes say to dial.
fn dialled(subject: &Subject, what: &Use) -> Vec<Does> {
    let number = what.number.as_ref().map(|number| number.as_str());
    let via = Some(u16::from(what.via));
    let one = subject.codes.dial(what.function, number, what.seconds);
    let pair = subject.codes.of(what.function).and_then(|codes| Some((codes.on.as_ref()?, codes.off.as_ref()?)));
    let one = one.map(|dialled| Does::Dial { number: dialled.code.to_string(), via });
    let pair = pair.map(|(on, off)| Does::Switch { on: on.to_string(), off: off.to_string() });
    one.into_iter().chain(pair).collect()
}

/// A key for the voicemail that is told what to dial.
fn mailbox(subject: &Subject, what: &Use) -> Vec<Does> {
    let own = |does: &Does| match does {
        Does::Dial { number, via } => {
            Some(Does::Own { function: what.function, number: Some(number.clone()), via: *via })
        }
        _ => None,
    };
    let dialled = dialled(subject, what);
    let own: Vec<Does> = dialled.iter().filter_map(own).collect();
    [dialled, own].concat()
}

/// What a function becomes where a phone cannot do just that.
fn instead(what: &Use) -> Vec<Does> {
    let via = Some(u16::from(what.via));
    let number = what.number.as_ref().map(ToString::to_string);
    match what.function {
        Function::Retrieve => vec![Does::Own { function: Function::Hold, number: None, via }],
        // A key that ends calls.
        Function::Reject => vec![Does::own(Function::Cancel)],
        Function::ForwardAllToVoicemail | Function::ForwardAllToFax => {
            vec![Does::Own { function: Function::ForwardAllTo, number, via }]
        }
        Function::Swap => vec![Does::Own { function: Function::Hold, number: None, via }],
        Function::Divert => vec![Does::Own { function: Function::ForwardAll, number: None, via }],
        Function::HuntJoin | Function::HuntLeave | Function::QueueJoin | Function::QueueLeave => {
            vec![Does::own(Function::QueueToggle)]
        }
        // Dialled for the user to hand the call over, or handed over at once.
        Function::QueueTransfer => vec![
            Does::Dial { number: number.clone().unwrap_or_default(), via },
            Does::Own { function: Function::Transfer, number, via },
        ],
        _ => Vec::new(),
    }
}

/// What a key may show.
fn labels(
    subject: &Subject,
    what: Option<&Use>,
    label: Option<&str>,
    announced: &Key<'_>,
    any_of: &[Does],
) -> Vec<Option<String>> {
    let empty = any_of.contains(&Does::Nothing);
    let Some(label) = label.filter(|label| !label.is_empty()) else {
        return unlabelled(subject, what, announced, any_of);
    };
    let label = with_names(label, |number| subject.name_for(number));
    // What `check` says that becomes of the label; where it says nothing the label is shown as it is stored.
    let told = |code: &str| announced.problems.iter().any(|problem| problem.code == code);
    let mut shown = match announced.problems.iter().any(|problem| problem.code.starts_with("label")) {
        true => {
            let grammars = [Grammar::Plain, Grammar::Macros, Grammar::Fnc];
            grammars.map(|grammar| grammar.label(&announced.label).into_owned()).to_vec()
        }
        false => vec![label.into_owned()],
    };
    shown.dedup();
    let mut labels: Vec<Option<String>> = shown.into_iter().map(Some).collect();
    if empty || told("label-not-shown") {
        labels.push(None);
    }
    labels
}

/// A key without a label shows nothing, what it dials or watches, the account that it stands for, or what the site calls that; as far as there is room.
fn unlabelled(subject: &Subject, what: Option<&Use>, announced: &Key<'_>, any_of: &[Does]) -> Vec<Option<String>> {
    let number = what.and_then(|what| what.number.as_ref()).map(ToString::to_string);
    let name = number.as_deref().and_then(|number| subject.name_of_number(number)).map(str::to_owned);
    let dialled = any_of.iter().filter_map(|does| match does {
        Does::Dial { number, .. } => Some(number.clone()),
        Does::Account(n) => subject.lines.get(usize::from(*n) - 1).and_then(|line| account(subject, line).label),
        _ => None,
    });
    let modules = subject.attached_modules();
    let (model, width) = match announced.place.area {
        Area::Module(module) => match modules.get(usize::from(module) - 1) {
            Some(model) => (model.id.as_str(), model.label_width),
            None => return vec![None],
        },
        _ => (subject.model.id.as_str(), subject.model.label_width(announced.class)),
    };
    let room = LabelRoom::of(subject, announced.class, model, width);
    let shown = name.into_iter().chain(number).chain(dialled).map(|text| room.fit(&text).into_owned());
    std::iter::once(None).chain(shown.map(Some)).collect()
}
