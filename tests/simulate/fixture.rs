//! `fixtures/everything`: a phone of every model, with all kinds of keys, made from the catalogue.

use std::collections::BTreeMap;
use std::fmt::Write;

use offhook::catalogue::{Catalogue, Maker, Model};
use offhook::phone::{FUNCTIONS, FunctionInfo, Parameter};
use offhook::simulate::boot::FAMILIES;

/// Labels that are short, long, accented, and full of what files use for themselves.
const LABELS: [&str; 8] = [
    "Élodie",
    "Accueil",
    "Müller & Söhne",
    "a;b=c #1",
    "dit \"oui\" <ici>",
    "Service après-vente de Besançon, deuxième étage",
    "Łódź 100% $USER",
    "",
];

/// What may be said of a key, and is meant so here.
const ACCEPTED: &str = r#"["impossible", "degraded", "line-key", "louder-wins", "label-changed", "label-too-wide"]"#;

/// How many keys of a group, and of a module, get a function.
const MANY: u16 = 24;

/// The files by their paths.
pub fn files(catalogue: &Catalogue) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    files.insert(
        "fleet.toml".to_owned(),
        "# One phone of every model, made by `tests/simulate`: OFFHOOK_BLESS=1 cargo nextest run --test simulate\n\
         schema = 1\npublic_url = \"http://phones.example.org:8080\"\n"
            .to_owned(),
    );
    for site in ["network", "phone"] {
        files.insert(format!("sites/{site}/site.toml"), site_file(site));
        for (name, shown) in [("201", "Marie"), ("202", "Atelier"), ("203", "Zoé")] {
            files.insert(format!("sites/{site}/lines/{name}.toml"), line_file(shown, ""));
        }
    }
    for model in catalogue.models.values() {
        let Some(maker) = catalogue.family_of(model) else { continue };
        if maker.tables.is_some() && FAMILIES.contains(&model.family.as_str()) {
            phone(catalogue, maker, model, &mut files);
        }
    }
    files
}

/// A number that stays the same for a name, whatever other models there are.
fn mark(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |mark: u32, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193)) & 0xff_ffff
}

fn site_file(site: &str) -> String {
    format!(
        r##"feature_codes = "ovh"
services = "{site}"

[sip]
server = "sip.example.org"

[codes]
hunt_join = {{ dial = "*71*{{number}}#" }}
queue_toggle = {{ on = "*45#", off = "#45#", toggle = "**45#" }}
ivr = {{ dial = "*9*{{number}}" }}

[numbers]
0033972109000 = {{ kind = "queue", label = "Ventes" }}
0033972109001 = {{ kind = "hunt" }}
0033972109002 = {{ kind = "fax" }}
0033972109003 = {{ kind = "voicemail" }}
0033199000000 = {{ kind = "external", label = "Ailleurs" }}

# What a second line is laid over; none of it may reach a phone.
[layouts.second.keys.4]
function = "dial"
number = "0033666666666"
label = "LEAK layout"
"##
    )
}

fn line_file(shown: &str, keys: &str) -> String {
    format!("display_name = \"{shown}\"\n{keys}\n[sip]\npassword = \"not a secret\"\n")
}

fn phone(catalogue: &Catalogue, maker: &Maker, model: &Model, files: &mut BTreeMap<String, String>) {
    let stem = &model.id;
    let mark = mark(stem);
    let site = if mark.is_multiple_of(2) { "network" } else { "phone" };
    let lines = usize::from(model.lines.count.min(2));
    let names: Vec<String> = [stem.to_string(), format!("{stem}-2")].into_iter().take(lines).collect();
    let prefix = maker.family.addresses.first().map_or("000000", |prefix| &prefix[..6]);
    let mut text = format!("model = \"{stem}\"\nlines = [{}]\n", quoted(&names));
    let modules: Vec<String> = match &model.modules {
        Some(slots) => {
            let models = slots.models.iter().cycle().take(usize::from(slots.max.min(2)));
            let first = slots.models.first().map(ToString::to_string);
            models.map(|model| if slots.same { first.clone().unwrap_or_default() } else { model.to_string() }).collect()
        }
        None => Vec::new(),
    };
    if !modules.is_empty() {
        let _ = writeln!(text, "modules = [{}]", quoted(&modules));
    }
    if let Some(slots) = &model.handsets {
        let _ = writeln!(text, "\n[handsets.1]\nline = 1\nname = \"Zoé\"");
        if slots.max > 1 {
            let _ = writeln!(text, "\n[handsets.2]\nline = {lines}\nipui = \"029e74a5{:02x}\"", mark & 0xff);
        }
    }
    files.insert(format!("sites/{site}/phones/{prefix}{mark:06x}.toml"), text);
    let mut keys = Keys { text: String::new(), turn: mark, lines: lines as u32 };
    keys.own(model, modules.len());
    for (at, module) in modules.iter().enumerate() {
        if let Some(module) = catalogue.modules.get(module.as_str()) {
            let free: Vec<u16> = (1..=module.key_count()).filter(|at| module.reserved(*at).is_none()).collect();
            let last = free.last().copied();
            let _ = writeln!(keys.text, "\n[modules.{}.keys]", at + 1);
            // The first module is full, on the others a key at each end is set.
            let few = if at == 0 { usize::from(MANY) } else { 1 };
            let some = free.iter().copied().take(few);
            let mut places: Vec<u16> = some.chain(last).collect();
            places.dedup();
            places.into_iter().for_each(|place| keys.put(place));
        }
    }
    for (name, shown) in names.iter().zip(["Accueil", "Deuxième"]) {
        let text = if *name == stem.as_str() { keys.text.clone() } else { leak(model, !modules.is_empty()) };
        files.insert(format!("sites/{site}/lines/{name}.toml"), line_file(shown, &text));
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// The keys of a primary line, as text.
struct Keys {
    text: String,
    turn: u32,
    lines: u32,
}

impl Keys {
    fn own(&mut self, model: &Model, modules: usize) {
        if model.key_count() > 0 {
            self.text.push_str("\n[keys]\n");
        }
        let mut position = 0;
        for group in &model.keys {
            for at in 1..=group.count_with(modules) {
                position += 1;
                // The first line key is left to the model.
                let unset = group.default_lines && at == 1;
                if !unset && (at <= MANY || at == group.count_with(modules)) {
                    self.put(position);
                }
            }
        }
        let slots: Vec<u16> = model.soft_slots().map(|(slot, _)| slot).collect();
        if !slots.is_empty() {
            self.text.push_str("\n[soft_keys]\n");
        }
        // On some phones one is left to the maker.
        self.turn = self.turn.rotate_right(9);
        let left = usize::from(self.turn.is_multiple_of(3));
        slots.iter().skip(left).for_each(|slot| self.put(*slot));
    }

    fn put(&mut self, place: u16) {
        let info = &FUNCTIONS[self.turn as usize % FUNCTIONS.len()];
        let label = LABELS[self.turn as usize % LABELS.len()];
        let mut key = format!("function = \"{}\"", info.name);
        let more = parameters(info, self.turn);
        if !more.is_empty() {
            let _ = write!(key, ", {more}");
        }
        let takes_via = !matches!(info.parameter, Parameter::LineIndex | Parameter::Url) && info.name != "none";
        if self.lines > 1 && self.turn.is_multiple_of(5) && takes_via && !key.contains("url") {
            key.push_str(", via = 2");
        }
        if info.parameter == Parameter::LineIndex && self.lines > 1 {
            key.push_str(", line = 2");
        }
        if !label.is_empty() {
            let _ = write!(key, ", label = '{label}'");
        }
        let _ = writeln!(self.text, "{place} = {{ {key}, accept = {ACCEPTED} }}");
        // Through all functions, and not in step with the labels.
        self.turn = self.turn.wrapping_add(1);
    }
}

fn parameters(info: &FunctionInfo, turn: u32) -> &'static str {
    match info.parameter {
        Parameter::None | Parameter::LineIndex => "",
        Parameter::Number if info.name == "forward_no_answer" => "number = \"0033199000000\", seconds = 20",
        Parameter::Number => "number = \"0033199000000\"",
        Parameter::Sibling => ["number = \"201\"", "number = \"202\"", "number = \"203\""][turn as usize % 3],
        Parameter::VoicemailOrFax if info.name.ends_with("fax") => "number = \"0033972109002\"",
        Parameter::VoicemailOrFax => "number = \"0033972109003\"",
        Parameter::HuntingGroup => "number = \"0033972109001\"",
        Parameter::Queue => "number = \"0033972109000\"",
        Parameter::Url => "url = \"https://crm.example.org/pop?a=1&b=2\"",
        Parameter::NumberOrUrl => "number = \"0033199000001\"",
    }
}

/// The keys of a second line, none of which is sent.
fn leak(model: &Model, modules: bool) -> String {
    let key = |place: u16| {
        format!("{place} = {{ function = \"dial\", number = \"0033666666666\", label = \"LEAK {place}\" }}\n")
    };
    let mut text = "layout = \"second\"\n".to_owned();
    let mut area = |name: &str, places: Vec<u16>| {
        if !places.is_empty() {
            let _ = writeln!(text, "\n[{name}]");
            places.into_iter().for_each(|place| text.push_str(&key(place)));
        }
    };
    area("keys", (1..=model.key_count().min(12)).collect());
    area("soft_keys", model.soft_slots().map(|(slot, _)| slot).collect());
    area("modules.1.keys", if modules { (1..=6).collect() } else { Vec::new() });
    text
}
