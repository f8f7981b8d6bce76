//! The shipped catalogue: nothing in it is wrong, every model can be rendered, and every row says where it is from.

mod common;

use std::collections::BTreeSet;

use offhook::catalogue::How;
use offhook::live::{Against, Serving, prove};
use offhook::phone::Function;

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
