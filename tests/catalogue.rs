//! The shipped catalogue: nothing in it is wrong, every model can be rendered, and every row says where it is from.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use offhook::catalogue::{FilePattern, How};
use offhook::format::Format;
use offhook::live::{Against, Serving, prove, shipped, spare};
use offhook::phone::Function;
use offhook::render::{Renderer, Reveal, RevisionKey, Unclaimed, pairing, render};
use offhook::resolve::{Phase, resolve};
use offhook::simulate::read;

fn catalogue() -> Serving {
    Serving::built_in()
}

#[test]
fn nothing_is_wrong_in_it() {
    let findings: Vec<String> = catalogue().catalogue_findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn every_model_renders_bare_and_full_in_every_band() {
    let serving = catalogue();
    let families: BTreeSet<_> = serving.world.catalogue.families.keys().cloned().collect();
    let failures = prove(&serving.world.catalogue, &serving.templates, &families, Against::All);
    let failures: Vec<String> = failures.iter().map(|(_, finding)| finding.to_string()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_models_that_the_sheets_know_are_there() {
    let serving = catalogue();
    let count = |family: &str| serving.world.catalogue.models.values().filter(|model| model.family == family).count();
    assert!(count("yealink") >= 60, "{}", count("yealink"));
    assert_eq!(count("cisco-spa"), 24);
    assert_eq!(count("cisco-mpp"), 24);
    assert_eq!(count("gigaset-maxwell"), 4);
    assert_eq!(count("gigaset-classic"), 10);
    assert_eq!(count("gigaset-nx70"), 7);
    for id in ["yealink-t88w", "cisco-spa122", "cisco-spa525g2", "cisco-8861-3pcc", "gigaset-maxwell-basic"] {
        assert!(serving.world.catalogue.models.contains_key(id), "{id}");
    }
}

#[test]
fn parameters_that_restart_phones_are_written_by_their_family_and_stand_once() {
    let serving = catalogue();
    let texts = shipped();
    for maker in serving.world.catalogue.families.values() {
        let folders = [format!("models/{}/", maker.family.id), format!("templates/{}/", maker.family.id)];
        let of_family = texts.iter().filter(|(file, _)| folders.iter().any(|folder| file.starts_with(folder)));
        let written: String =
            of_family.filter(|(file, _)| !file.ends_with("family.toml")).map(|(_, text)| text.as_str()).collect();
        let mut seen = BTreeSet::new();
        for name in maker.family.reboots.iter().flat_map(|reboots| &reboots.parameters) {
            assert!(seen.insert(name), "{}: `{name}` stands twice", maker.family.id);
            let name = name.strip_prefix("static.").unwrap_or(name);
            assert!(written.contains(name), "{}: no file has `{name}`", maker.family.id);
        }
    }
    let has = |family: &str| !serving.world.catalogue.families[family].family.reboots.is_empty();
    assert!(has("yealink") && !has("cisco-spa"));
}

#[test]
fn every_family_with_files_says_something_of_every_setting() {
    let serving = catalogue();
    let catalogue = &serving.world.catalogue;
    for model in catalogue.models.values() {
        let maker = catalogue.family_of(model).expect("a model has a family");
        let Some(tables) = &maker.tables else { continue };
        for (band, name) in maker.family.bands.iter() {
            for (id, setting) in catalogue.vocabulary.iter() {
                let mapping = tables.mappings.of(id, band, &model.id);
                assert!(mapping.is_some(), "{} in band {name} says nothing of `{}`", model.id, setting.name);
            }
        }
    }
}

#[test]
fn every_family_with_files_says_something_of_every_function() {
    let serving = catalogue();
    for (id, maker) in &serving.world.catalogue.families {
        let Some(tables) = &maker.tables else { continue };
        for function in Function::all() {
            assert!(!tables.functions.of(function).is_empty(), "{id} says nothing of `{function}`");
        }
    }
}

#[test]
fn every_figure_has_a_source() {
    let serving = catalogue();
    let catalogue = &serving.world.catalogue;
    let mut sources: Vec<(String, &str)> = Vec::new();
    for model in catalogue.models.values() {
        let figures = [&model.lines.source].into_iter();
        let figures = figures.chain(model.keys.iter().map(|group| &group.source));
        let figures = figures.chain(model.soft_keys.iter().map(|group| &group.source));
        let figures = figures.chain(model.modules.iter().map(|slots| &slots.source));
        let figures = figures.chain(model.handsets.iter().map(|slots| &slots.source));
        sources.extend(figures.map(|source| (model.id.to_string(), source.source.as_str())));
    }
    sources.extend(catalogue.modules.values().map(|module| (module.id.to_string(), module.source.source.as_str())));
    for (id, maker) in &catalogue.families {
        sources.extend(maker.family.pairing.iter().map(|own| (format!("{id}: pairing"), own.source.source.as_str())));
        let Some(tables) = &maker.tables else { continue };
        for (setting, mapping) in tables.mappings.iter() {
            let name = format!("{id}: {}", catalogue.vocabulary.get(setting).name);
            match (&mapping.how, &mapping.source) {
                (How::Unsupported(reason), _) => assert!(!reason.is_empty(), "{name} has no reason"),
                (_, source) => sources.push((name, source.as_ref().map_or("", |source| source.source.as_str()))),
            }
        }
        for function in Function::all() {
            let alternatives = tables.functions.of(function).iter();
            sources.extend(alternatives.map(|row| (format!("{id}: {function}"), row.source.source.as_str())));
        }
    }
    assert!(sources.len() > 600, "{}", sources.len());
    for (what, source) in sources {
        assert!(!source.trim().is_empty(), "{what} has no source");
    }
}

#[test]
fn what_is_impossible_or_not_as_asked_says_why() {
    let serving = catalogue();
    for (id, maker) in &serving.world.catalogue.families {
        let Some(tables) = &maker.tables else { continue };
        for function in Function::all() {
            for row in tables.functions.of(function) {
                use offhook::catalogue::Outcome::{Degraded, Impossible};
                let told = row.why.as_ref().is_some_and(|why| !why.is_empty());
                assert!(told || !matches!(row.outcome, Degraded | Impossible), "{id}: {function} says not why");
            }
        }
    }
}

#[test]
fn the_operators_tables_are_there() {
    let serving = catalogue();
    let tables: Vec<&str> = serving.world.catalogue.feature_codes.keys().map(|name| name.as_str()).collect();
    assert_eq!(tables, ["asterisk", "fusionpbx", "ovh"]);
}

/// The names that a file sets, as the phone reads it.
fn names(format: Format, text: &str) -> BTreeSet<String> {
    let names = |pairs: Vec<(String, String)>| pairs.into_iter().map(|(name, _)| name).collect();
    match format {
        Format::Cfg => names(read::cfg::read(text).unwrap()),
        Format::FlatProfile => names(read::flat_profile::read(text).unwrap()),
        Format::ParamXml => names(read::provisioning::read(text).unwrap().params),
        Format::SettingsXml => names(read::settings::read(text).unwrap()),
        other => panic!("nothing reads {other:?} here"),
    }
}

/// What an unclaimed phone is told must not outlive its claim: a parameter that a file leaves out keeps its value.
#[test]
fn a_phones_own_file_writes_anew_what_it_was_told_before_it_was_claimed() {
    let serving = catalogue();
    let catalogue = &serving.world.catalogue;
    let key = RevisionKey::fixed();
    let with = Renderer {
        templates: &serving.templates,
        url: "https://phones.example.org",
        token: None,
        key: &key,
        reveal: Reveal::Secrets,
        changed_at: &|_| 0,
    };
    let mut tried = BTreeMap::new();
    for model in catalogue.models.values() {
        let maker = catalogue.family_of(model).expect("a model has a family");
        let Some(own) = &maker.family.pairing else { continue };
        let family = &*maker.family;
        let is_meant = |file: &&FilePattern| file.template.as_ref() == Some(&own.in_place_of) && file.url.is_some();
        let file = family.files.iter().find(is_meant).unwrap_or_else(|| panic!("{} has no such file", family.id));
        let format = family.format_of(file).expect("it has a format");
        let subject = spare(catalogue, maker, model);
        for (band, name) in family.bands.iter() {
            let Some(resolved) = resolve(&subject, band, Phase::Later) else { continue };
            let document = render(&resolved, file, &with).unwrap();
            let written = names(format, &document.text());
            let phone = Unclaimed { family, model: Some(model), band, code: Some("K7W-4PX") };
            let made = pairing(&phone, &with).expect("the family has such a file").unwrap();
            let text = std::str::from_utf8(&made.bytes).unwrap();
            // A phone knows a name either with `static.` or without.
            let is_written = |name: &String| {
                let other = name.strip_prefix("static.").map_or_else(|| format!("static.{name}"), str::to_owned);
                written.contains(name) || written.contains(&other)
            };
            let left: Vec<String> = names(format, text).into_iter().filter(|name| !is_written(name)).collect();
            assert!(left.is_empty(), "{} in band {name}: {left:?}", model.id);
            let counts = tried.entry(family.id.clone()).or_insert((0, 0));
            *counts = (counts.0 + 1, counts.1 + usize::from(text.contains("K7W-4PX")));
        }
    }
    for (family, shows) in
        [("yealink", true), ("cisco-spa", true), ("cisco-mpp", true), ("gigaset-maxwell", false), ("gigaset-p", false)]
    {
        let (all, shown) = tried[family];
        assert!(all > 0 && (shown > 0) == shows, "{family}: {shown} of {all}");
        assert_eq!(catalogue.families[family].family.pairing.as_ref().unwrap().shown.is_some(), shows, "{family}");
    }
}
