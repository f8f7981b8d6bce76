//! Nothing that a person may type can become a line, an element or a key of its own in a phone's file.
//!
//! Arbitrary text goes the whole way, from TOML to the finished file. Where it is taken, the file has the very entries
//! that it has with harmless text, in the same order; where it is not, something was told.

mod common;

use common::{Fleet, MAC, SITE, serving};
use offhook::catalogue::Answer;
use offhook::format::Format;
use offhook::format::grammar::{Fkey, parse_fkey, parse_fnc};
use offhook::render::{Renderer, Reveal, RevisionKey, documents_of, render};
use offhook::resolve::{Phase, resolve};
use proptest::prelude::*;

const MODELS: &[(&str, Format)] = &[
    ("yealink-t46s", Format::Cfg),
    ("cisco-spa504g", Format::FlatProfile),
    ("cisco-7841-3pcc", Format::FlatProfile),
    ("cisco-8841", Format::TreeXml),
    ("gigaset-maxwell3", Format::ParamXml),
    ("gigaset-p850", Format::SettingsXml),
    ("gigaset-n610", Format::ParamXml),
    ("gigaset-n510", Format::TreeXml),
    ("gigaset-n720-dm", Format::TreeXml),
    ("gigaset-de900", Format::TreeXml),
];

/// What a person may type.
#[derive(Debug, Clone)]
struct Typed {
    label: String,
    name: String,
    password: String,
    url: String,
    number: String,
}

impl Typed {
    fn harmless() -> Typed {
        let text = |text: &str| text.to_owned();
        Typed {
            label: text("Desk"),
            name: text("Hall"),
            password: text("secret"),
            url: text("http://example.org/"),
            number: text("100"),
        }
    }
}

/// Text that is likely to mean something to some format.
fn dangerous() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("\n".to_owned()),
        Just("\r\nlinekey.2.type = 13".to_owned()),
        Just("\"".to_owned()),
        Just("' x='".to_owned()),
        Just("</param><param name=\"x\" value=\"y\"/>".to_owned()),
        Just("]]>".to_owned()),
        Just("&amp;<!--".to_owned()),
        Just(";fnc=dnd".to_owned()),
        Just("+blf;sub=".to_owned()),
        Just("|*8 keyevent F_LOGOFF_ALL".to_owned()),
        Just("\"/><fkey idx=\"9\">speed 1</fkey>".to_owned()),
        Just("{{ accounts }}{% raw %}".to_owned()),
        Just("${name:202}".to_owned()),
        Just("$${".to_owned()),
        Just("# ; = %NULL%".to_owned()),
        Just("\u{2028}\u{85}\u{0}\u{feff}".to_owned()),
        "\\PC{0,6}",
        any::<String>().prop_map(|text| text.chars().take(8).collect()),
    ];
    proptest::collection::vec(pieces, 0..4).prop_map(|pieces| pieces.concat())
}

fn typed() -> impl Strategy<Value = Typed> {
    let harmless = Typed::harmless;
    prop_oneof![
        dangerous().prop_map(move |label| Typed { label, ..harmless() }),
        dangerous().prop_map(move |name| Typed { name, ..harmless() }),
        dangerous().prop_map(move |password| Typed { password, ..harmless() }),
        dangerous().prop_map(move |tail| Typed { url: format!("http://example.org/{tail}"), ..harmless() }),
        dangerous().prop_map(move |tail| Typed { number: format!("1{tail}"), ..harmless() }),
    ]
}

/// The text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The names of the entries of the phone's file, with the fields of its function strings; none where it is refused.
fn entries(model: &str, format: Format, typed: &Typed) -> Option<Vec<String>> {
    let Typed { label, name, password, url, number } = typed;
    let line = format!(
        "display_name = {}\nsip.password = {}\n[keys.2]\nfunction = \"dial\"\nnumber = {}\nlabel = {}\n\
         [keys.3]\nfunction = \"url\"\nurl = {}\nlabel = {}\n\
         [keys.4]\nfunction = \"dial\"\nnumber = \"202\"\nlabel = \"${{name:202}}\"\n",
        quoted(name),
        quoted(password),
        quoted(number),
        quoted(label),
        quoted(url),
        quoted(label),
    );
    let fleet = Fleet::empty()
        .with("fleet.toml", "schema = 1\n")
        .with("sites/a/site.toml", SITE)
        .with("sites/a/lines/201.toml", &line)
        .with("sites/a/lines/202.toml", &format!("display_name = {}\n", quoted(name)))
        .with(&format!("sites/a/phones/{MAC}.toml"), &format!("model = \"{model}\"\nlines = [\"201\"]\n"));
    let serving = serving(fleet.path());
    let subject = serving.world.subject(MAC.parse().expect("a MAC")).ok()?;
    let resolved = resolve(&subject, subject.band(None, None), Phase::Later)?;
    let (url, key) = (subject.root.url(), RevisionKey::fixed());
    let with = Renderer {
        templates: &serving.templates,
        url: &url,
        token: None,
        key: &key,
        reveal: Reveal::Secrets,
        changed_at: &|_| 0,
    };
    let files = documents_of(&subject);
    let (_, file) = files.iter().find(|(_, file)| file.answer == Answer::Document)?;
    let document = render(&resolved, file, &with).ok()?;
    let text = String::from_utf8(document.bytes.to_vec()).expect("files are UTF-8");
    let parsed = format.parse(&text).expect("a finished file is in the phone's syntax");
    Some(parsed.entries.iter().map(|entry| format!("{}{}", entry.name, fields_of(&entry.value))).collect())
}

/// The names of the fields of a Cisco function string and the type of a Snom's key: a label must not add or change one.
fn fields_of(value: &str) -> String {
    if let Ok(Fkey { kind, pickup, .. }) = parse_fkey(value) {
        return format!(" {kind} {}", pickup.unwrap_or_default());
    }
    if !value.starts_with("fnc=") {
        return String::new();
    }
    let fields = parse_fnc(value).expect("a function string is in its own syntax");
    let function = fields.first().map(|(_, function)| function.as_str()).unwrap_or_default();
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    format!(" {function} {}", names.join(" "))
}

/// What cannot be carried leaves its key empty, and nothing else; a key without a label may leave the field out.
fn is_emptied(now: &str, harmless: &str) -> bool {
    // An empty key of a Snom's is a free line.
    let is_empty = |name: &str| name == now || now.strip_prefix(name) == Some(" line ");
    harmless.split_once(' ').is_some_and(|(name, _)| is_empty(name)) || harmless.strip_suffix(" nme") == Some(now)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn typed_text_never_becomes_an_entry(typed in typed()) {
        for (model, format) in MODELS {
            let harmless = entries(model, *format, &Typed::harmless()).expect("harmless text is taken");
            if let Some(entries) = entries(model, *format, &typed) {
                // In a tree an empty key is not there at all, so a refused value takes its key's entries away.
                let is_key = |entry: &String| ["2", "3"].iter().any(|n| entry.contains(&format!("/line[@button=\"{n}\"]")));
                let harmless: Vec<String> = match format {
                    Format::TreeXml => harmless.into_iter().filter(|entry| entries.contains(entry) || !is_key(entry)).collect(),
                    _ => harmless,
                };
                prop_assert_eq!(entries.len(), harmless.len(), "{} with {:?}", model, typed);
                let differing = entries.iter().zip(&harmless).find(|(now, harmless)| now != harmless && !is_emptied(now, harmless));
                prop_assert_eq!(differing, None, "{} with {:?}", model, typed);
            }
        }
    }
}
