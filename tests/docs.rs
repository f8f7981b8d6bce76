//! The documents say what the program does: every field, setting, function and finding is in `docs/fleet.md`.
//!
//! Two tables of it are made from the catalogue. `OFFHOOK_BLESS=1 cargo test --test docs` writes them again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::Parser;
use offhook::catalogue::{Catalogue, How, Kind, Scope, Setting, SettingId};
use offhook::check::check;
use offhook::fleet::schema::{self, File};
use offhook::live::{Loader, shipped};
use offhook::phone::{FUNCTIONS, Group, Parameter, SettingValue};
use offhook::render::context_json;
use offhook::resolve::{Phase, resolve};
use regex::Regex;
use serde_json::Value;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(&shipped(), None).0);

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Compares what stands between two marks of a document with what should stand there, or writes it.
fn holds_table(name: &str, mark: &str, table: &str) {
    let document = read(name);
    let begin = format!("<!-- {mark}: made by tests/docs.rs -->\n");
    let (before, rest) = document.split_once(&begin).unwrap_or_else(|| panic!("{name} has no `{}`", begin.trim()));
    let end = format!("<!-- end of {mark} -->");
    let (now, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{name} has no `{end}`"));
    let wanted = format!("\n{table}\n");
    if now == wanted {
        return;
    }
    if std::env::var_os("OFFHOOK_BLESS").is_some() {
        let text = format!("{before}{begin}{wanted}{end}{after}");
        std::fs::write(path(name), text).unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    panic!("the table `{mark}` of {name} is not as it should be: OFFHOOK_BLESS=1 cargo test --test docs writes it");
}

#[test]
fn every_field_of_the_schema_is_described() {
    let document = read("docs/fleet.md");
    let settings: BTreeSet<String> = CATALOGUE.vocabulary.iter().map(|(_, setting)| setting.name.to_string()).collect();
    let mut missing = BTreeSet::new();
    for file in [File::Fleet, File::Site, File::Line, File::Phone] {
        let mut fields = BTreeSet::new();
        collect(&schema::of(file, &CATALOGUE.vocabulary), &mut fields);
        missing.extend(fields.into_iter().filter(|field| {
            let is_setting = settings.contains(field) || settings.contains(&format!("sip.{field}"));
            !is_setting && !document.contains(&format!("`{field}`"))
        }));
    }
    assert!(missing.is_empty(), "docs/fleet.md does not name {missing:?}");
}

/// The names of all properties, at any depth; functions' names are in a table of their own.
fn collect(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                into.extend(properties.keys().filter(|name| offhook::phone::Function::named(name).is_none()).cloned());
                properties.values().for_each(|property| collect(property, into));
            }
            fields.iter().filter(|(name, _)| *name != "properties").for_each(|(_, value)| collect(value, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

#[test]
fn every_code_of_a_finding_is_described() {
    let document = read("docs/fleet.md");
    let mut missing = BTreeSet::new();
    for code in codes() {
        if !document.contains(&format!("\n| `{code}` ")) {
            missing.insert(code);
        }
    }
    assert!(missing.is_empty(), "docs/fleet.md has no row for the findings {missing:?}");
}

/// The codes that the source gives to findings.
fn codes() -> BTreeSet<String> {
    let given = Regex::new(r#"(?:\b(?:error|error_hint|warning|note)\(|\bcode: |Some\(\()\s*"([a-z]+(?:-[a-z]+)*)","#);
    let given = given.expect("the pattern is sound");
    let mut codes = BTreeSet::new();
    for file in sources(&path("src")) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        codes.extend(given.captures_iter(text).map(|found| found[1].to_owned()));
    }
    assert!(codes.len() > 50, "the codes are written otherwise now: {codes:?}");
    codes
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").filter_map(Result::ok);
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        match path.is_dir() {
            true => files.extend(sources(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
            false => {}
        }
    }
    files
}

#[test]
fn the_table_of_functions_is_the_programs_own() {
    let mut table = String::from("| function | OVHcloud | group | needs |\n|---|---|---|---|\n");
    for info in &FUNCTIONS {
        let group = match info.group {
            Group::Functions => "functions",
            Group::Services => "services",
            Group::Supervision => "supervision",
            Group::CallGroup => "call group",
            Group::WebService => "web service",
        };
        let needs = match info.parameter {
            Parameter::None => "",
            Parameter::Number => "`number`",
            Parameter::LineIndex => "`line`, 1 if left out",
            Parameter::Sibling => "`number` of a line of the site, or of an external number in `[numbers]`",
            Parameter::VoicemailOrFax => "`number` of a line, or of a voicemail or fax in `[numbers]`",
            Parameter::HuntingGroup => "`number` of a hunting group in `[numbers]`",
            Parameter::Queue => "`number` of a call queue in `[numbers]`",
            Parameter::Url => "`url`",
            Parameter::NumberOrUrl => "`number` or `url`",
        };
        table.push_str(&format!("| `{}` | {} | {group} | {needs} |\n", info.name, info.ovh));
    }
    holds_table("docs/fleet.md", "functions", &table);
}

#[test]
fn the_table_of_settings_is_the_catalogues_own() {
    let families: Vec<&str> =
        CATALOGUE.families.iter().filter(|(_, maker)| maker.tables.is_some()).map(|(id, _)| id.as_str()).collect();
    let mut by_group: BTreeMap<&str, Vec<(SettingId, &Setting)>> = BTreeMap::new();
    for (id, setting) in CATALOGUE.vocabulary.iter() {
        let group = if setting.name.starts_with("sip.") { "sip" } else { setting.group.as_str() };
        by_group.entry(group).or_default().push((id, setting));
    }
    let mut table = String::new();
    for (group, settings) in by_group {
        table.push_str(&format!("#### {}\n\n", group.replace('_', " ")));
        table.push_str("| setting | value | default | for | not on | what it does |\n|---|---|---|---|---|---|\n");
        for (id, setting) in settings {
            let lacking: Vec<&str> = families.iter().copied().filter(|family| !has(family, id)).collect();
            let lacking = if lacking.len() == families.len() { "any yet".to_owned() } else { lacking.join(", ") };
            let scope = match setting.scope {
                Scope::Account => "line",
                Scope::Phone => "phone",
            };
            table.push_str(&format!(
                "| `{}` | {} | {} | {scope} | {lacking} | {} |\n",
                setting.name,
                value(setting),
                default(setting),
                setting.description.replace('|', "\\|")
            ));
        }
        table.push('\n');
    }
    holds_table("docs/fleet.md", "settings", table.trim_end_matches('\n'));
}

#[test]
fn the_page_of_phones_is_the_catalogues_own() {
    let page = offhook::cli::models::page(&shipped());
    if std::env::var_os("OFFHOOK_BLESS").is_some() {
        std::fs::write(path("docs/models.md"), &page).expect("the page can be written");
    }
    assert!(read("docs/models.md") == page, "docs/models.md is old: OFFHOOK_BLESS=1 cargo test --test docs writes it");
}

#[test]
fn every_phone_and_every_disagreement_is_on_the_page() {
    let page = offhook::cli::models::page(&shipped()).replace("\\*", "*").replace("&lt;", "<");
    let missing: Vec<&str> =
        CATALOGUE.models.keys().map(|id| id.as_str()).filter(|id| !page.contains(&format!("| `{id}` |"))).collect();
    assert!(missing.is_empty(), "docs/models.md has no row for {missing:?}");
    let said = Regex::new(r#"\bdisagreement\s*=\s*"((?:[^"\\]|\\.)*)""#).expect("the pattern is sound");
    let texts = shipped();
    let files = texts.iter().filter(|(file, _)| file.starts_with("models/"));
    let all: Vec<(&String, String)> = files
        .flat_map(|(file, text)| said.captures_iter(text).map(move |found| (file, found[1].replace("\\\"", "\""))))
        .collect();
    assert!(all.len() > 100, "disagreements are written otherwise now: {}", all.len());
    let missing: Vec<_> = all.iter().filter(|(_, said)| !page.contains(&format!(": {said}\n"))).collect();
    assert!(missing.is_empty(), "docs/models.md does not tell {missing:?}");
}

/// Whether a family writes the setting on any of its models.
fn has(family: &str, id: SettingId) -> bool {
    let tables = CATALOGUE.families.get(family).and_then(|maker| maker.tables.as_ref());
    tables.is_some_and(|tables| {
        tables.mappings.iter().any(|(known, mapping)| known == id && !matches!(mapping.how, How::Unsupported(_)))
    })
}

fn value(setting: &Setting) -> String {
    let one = match &setting.kind {
        Kind::Boolean => "boolean".into(),
        Kind::Integer(low, high) if *high == i64::from(u32::MAX) => format!("number from {low}"),
        Kind::Integer(low, high) => format!("{low} to {high}"),
        Kind::Enum(words) if words.len() > 12 => format!("one of {} words", words.len()),
        Kind::Enum(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" "),
        Kind::Text(max) => format!("text, {max} characters"),
        Kind::Secret(max) => format!("[secret](#secrets), {max} characters"),
        Kind::Host => "host name or address".into(),
        Kind::Ipv4 => "IPv4 address".into(),
        Kind::Url => "http or https address".into(),
        Kind::Timezone => "IANA time zone".into(),
        Kind::Language => "language code".into(),
        Kind::Codec => offhook::catalogue::CODECS.map(|codec| format!("`{codec}`")).join(" "),
        Kind::Number => "phone number".into(),
    };
    if setting.list { format!("list of: {one}") } else { one }
}

fn default(setting: &Setting) -> String {
    match &setting.default {
        None | Some(SettingValue::Secret(_)) => String::new(),
        Some(SettingValue::Boolean(value)) => format!("`{value}`"),
        Some(SettingValue::Integer(number)) => format!("`{number}`"),
        Some(SettingValue::Text(text)) => format!("`{text}`"),
        Some(SettingValue::List(texts)) => texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn every_value_of_the_view_is_described() {
    let document = read("docs/template-context.md");
    let serving = Loader::new(&path("examples/start")).load();
    let mac = serving.world.macs().next().expect("the fleet has a phone");
    let subject = serving.world.subject(mac).expect("the phone is good");
    let band = subject.maker.family.bands.default();
    let resolved = resolve(&subject, band, Phase::Later).expect("its family has tables");
    let mut names = BTreeSet::from(["stamp".to_owned(), "changed_at".to_owned()]);
    names_in(&context_json(&resolved, "https://phones.example.org"), &mut names);
    // A family's own fields of keys are the family's to describe.
    let own: BTreeSet<&str> = resolved.tables.functions.fields.iter().map(|field| field.name.as_str()).collect();
    let missing: Vec<_> =
        names.iter().filter(|name| !own.contains(name.as_str()) && !document.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/template-context.md does not name {missing:?}");
}

/// The names of values, except where a name is data: a setting's, a code's, an option's, a parameter's.
fn names_in(view: &Value, into: &mut BTreeSet<String>) {
    match view {
        Value::Object(fields) => {
            for (name, value) in fields {
                into.insert(name.clone());
                match name.as_str() {
                    "settings" => names_in(value.get("timezone").unwrap_or(&Value::Null), into),
                    "codes" | "wide" | "options" => {}
                    _ => names_in(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names_in(item, into)),
        _ => {}
    }
}

/// The files that a document shows whole: those whose first line is their name.
fn write_files(document: &str, into: &Path) -> usize {
    let blocks = document.split("```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let named = blocks.filter_map(|block| {
        let name = block.lines().next()?.strip_prefix("# ").filter(|name| name.ends_with(".toml"))?;
        Some((name, block))
    });
    named.map(|(name, block)| write(&into.join(name), block)).count()
}

fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().expect("it has one")).expect("the folder can be made");
    std::fs::write(file, text).expect("it can be written");
}

fn open_findings(fleet: &Path) -> Vec<String> {
    let findings = check(&Loader::new(fleet).load());
    findings.iter().filter(|finding| !finding.accepted).map(ToString::to_string).collect()
}

/// The fleet that `offhook init` makes.
fn start(folder: &Path) {
    offhook::cli::run(offhook::cli::Args::parse_from(["offhook", "init", &folder.display().to_string()]))
        .expect("the folder is empty");
}

#[test]
fn the_fleet_of_the_document_is_clean() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    assert_eq!(write_files(&read("docs/fleet.md"), folder.path()), 5);
    write(&folder.path().join("secrets/reception.txt"), "p4ssw0rd\n");
    assert_eq!(open_findings(folder.path()), [""; 0]);
}

#[test]
fn the_model_of_the_document_can_be_added() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    start(folder.path());
    assert_eq!(write_files(&read("docs/add-a-model.md"), folder.path()), 2);
    assert_eq!(open_findings(folder.path()), [""; 0]);
}

#[test]
fn the_family_of_the_document_can_be_added() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let document = read("docs/add-a-family.md");
    start(folder.path());
    assert_eq!(write_files(&document, folder.path()), 5);
    let template = document.split("```text\n").nth(1).and_then(|rest| rest.split("\n```").next());
    let overrides = folder.path().join("overrides");
    write(&overrides.join("templates/acme-desk/phone.xml"), template.expect("the template is shown"));
    // What the document does with sed.
    for (what, file, entry) in [
        (
            "function",
            "functions.toml",
            "\n[[functions.NAME]]\noutcome = \"impossible\"\nwhy = \"?\"\nstate = \"inferred\"\nsource = \"?\"\n",
        ),
        ("setting", "settings.toml", "\n[\"NAME\"]\nunsupported = \"not looked up yet\"\n"),
    ] {
        let file = overrides.join("models/acme-desk").join(file);
        let mut text = std::fs::read_to_string(&file).expect("the document shows it");
        let said = format!("nothing is said of the {what} `");
        for finding in open_findings(folder.path()) {
            let name = finding.split_once(&said).and_then(|(_, rest)| rest.split('`').next());
            text.extend(name.map(|name| entry.replace("NAME", name)));
        }
        write(&file, &format!("{text}\n"));
    }
    let findings = open_findings(folder.path());
    assert_eq!(findings.len(), 1, "{}", findings.join("\n"));
    assert!(findings[0].contains("[line-key]"), "the document tells of it: {}", findings[0]);
}

#[test]
fn the_jobs_of_the_document_are_those_of_the_examples() {
    let document = read("docs/ci.md");
    for name in ["examples/ci/github.yml", "examples/ci/gitlab.yml"] {
        let shown = format!("```yaml\n{}\n```", read(name).trim_end());
        assert!(document.contains(&shown), "docs/ci.md does not show {name} as it is");
    }
}

#[test]
fn every_test_that_the_page_on_security_names_is_there() {
    let named = Regex::new(r"`((?:tests|src|fuzz)/[a-z_/]+(?:\.rs)?)`(?: `([a-z0-9_]+)`)?").unwrap();
    let document = read("docs/security.md");
    let mut count = 0;
    for found in named.captures_iter(&document) {
        let (file, test) = (&found[1], found.get(2).map(|test| test.as_str()));
        assert!(path(file).exists(), "{file} is not there");
        if let Some(test) = test {
            assert!(read(file).contains(&format!("fn {test}(")), "{file} has no test {test}");
            count += 1;
        }
    }
    assert!(count > 30, "{count} tests");
    let rows = document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| threat"));
    for row in rows {
        assert!(named.is_match(row), "no test shows it: {row}");
    }
}
