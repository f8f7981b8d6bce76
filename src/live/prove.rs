//! Templates are proven by rendering them against models, with a phone that uses all it has and with a bare one; what comes
//! out is parsed again in its own syntax.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use compact_str::CompactString;
use rayon::prelude::*;

use crate::catalogue::{Answer, Catalogue, Family, FeatureCodes, FilePattern, Maker, Model};
use crate::findings::Finding;
use crate::fleet::{Access, Handset, Keeping, Layer, Line, Modules, Phone, Registration, Root, Site};
use crate::phone::{Accept, Function, KeySetting, Mac, Number, Parameter, Place, Secret, Use};
use crate::render::{RenderError, Renderer, Reveal, RevisionKey, Templates, Unclaimed, bootstrap, pairing, render};
use crate::resolve::{Phase, resolve};
use crate::world::Subject;

/// Which models templates are proven with.
#[derive(Debug, Clone, Copy)]
pub enum Against<'a> {
    /// With every model, in the band that it has by default; in the other bands with one of each shape.
    All,
    /// With one of each shape among these, in its default band: what a fleet needs before it can be served.
    Some(&'a BTreeSet<CompactString>),
}

/// Renders every document of models of these families, full and bare; tells a failure of each family whose templates have
/// one. Models of one shape are those that templates cannot tell from each other but by their counts.
pub fn prove(
    catalogue: &Arc<Catalogue>,
    templates: &Templates,
    families: &BTreeSet<CompactString>,
    against: Against<'_>,
) -> Vec<(CompactString, Finding)> {
    let meant = |model: &Model| {
        let among = matches!(against, Against::All) || matches!(against, Against::Some(ids) if ids.contains(&model.id));
        among && families.contains(&model.family)
    };
    let mut shapes = HashSet::new();
    let cases =
        catalogue.models.values().filter(|model| meant(model)).map(|model| (model, shapes.insert(shape(model))));
    let cases: Vec<(&Arc<Model>, bool)> = match against {
        Against::All => cases.collect(),
        Against::Some(_) => cases.filter(|(_, first)| *first).map(|(model, _)| (model, false)).collect(),
    };
    let mut failures: Vec<(CompactString, Finding)> = cases
        .par_iter()
        .filter_map(|(model, every_band)| {
            let maker = catalogue.family_of(model).filter(|maker| maker.tables.is_some())?;
            // Templates that do not even compile were told by who compiled them.
            templates.knows(&model.family).then_some(())?;
            let bare = failure(&spare(catalogue, maker, model), templates, false);
            let full = full(catalogue, maker, model);
            let finding = bare
                .or_else(|| failure(&full, templates, *every_band))
                .or_else(|| failure(&with_handsets(&full)?, templates, *every_band))?;
            Some((model.family.clone(), finding))
        })
        .collect();
    failures.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    failures.dedup_by(|a, b| a.0 == b.0);
    failures
}

/// What templates can ask about a model besides counting.
fn shape(model: &Model) -> String {
    let classes: Vec<&str> = model.keys.iter().map(|group| group.class.name()).collect();
    let labels: Vec<&str> = model.labels.iter().map(|(class, _)| class.name()).collect();
    let modules = model.modules.as_ref().map(|slots| &slots.models);
    let soft_keys = model.soft_keys.is_empty();
    let handsets = model.handsets.is_some();
    format!("{} {classes:?} {labels:?} {modules:?} {soft_keys} {handsets} {:?}", model.family, model.options)
}

fn failure(subject: &Subject, templates: &Templates, every_band: bool) -> Option<Finding> {
    let key = RevisionKey::fixed();
    let with = Renderer {
        templates,
        url: "https://phones.example.org",
        token: None,
        key: &key,
        reveal: Reveal::Secrets,
        changed_at: &|_| 0,
    };
    let default = subject.band(None, None);
    let bands = subject.maker.family.bands.iter().filter(|(band, _)| every_band || *band == default);
    for (band, name) in bands {
        // No file is written for such firmware.
        let Some(resolved) = resolve(subject, band, Phase::First) else { continue };
        for file in documents(&subject.maker.family) {
            let Err(error) = render(&resolved, file, &with) else { continue };
            let template = file.template.as_deref().unwrap_or_default();
            return Some(told(subject, template, &format!("for `{}` in band {name}", subject.model.id), error));
        }
    }
    // What is sent to phones that nobody knows yet.
    let family = &subject.maker.family;
    let told_nobody = family.files.iter().filter(|file| file.without_mac == Answer::Bootstrap);
    for file in told_nobody {
        let template = file.bootstrap_template.as_deref().or(file.template.as_deref()).unwrap_or_default();
        if let Err(error) = bootstrap(family, file, template, &with) {
            return Some(told(subject, template, "for a phone without a MAC", error));
        }
    }
    // And what phones get until somebody claims them, whether or not they have told what they are.
    let bands =
        family.bands.iter().filter(|(band, _)| *band == default || every_band && family.no_files(*band).is_none());
    for (band, _) in bands {
        for (model, code) in [(None, None), (None, Some("K7W-4PX")), (Some(&*subject.model), Some("K7W-4PX"))] {
            if let Some(Err(error)) = pairing(&Unclaimed { family, model, band, code }, &with) {
                let template = family.pairing.as_ref().map_or("", |pairing| &pairing.template);
                return Some(told(subject, template, "for a phone that nobody has claimed", error));
            }
        }
    }
    None
}

/// The family's documents, one for each template; also those that only phones ask for.
fn documents(family: &Family) -> impl Iterator<Item = &FilePattern> {
    let mut seen = HashSet::new();
    family.files.iter().filter(move |file| file.answer == Answer::Document && seen.insert(file.template.as_deref()))
}

fn told(subject: &Subject, template: &str, of: &str, error: RenderError) -> Finding {
    let what = match error {
        RenderError::Template { what, .. } => what,
        other => other.to_string(),
    };
    let template = format!("templates/{}/{template}", subject.model.family);
    Finding::error("bad-template", template, None, format!("{of}: {what}"))
}

/// A spare phone of a model: no line, nothing set.
pub fn spare(catalogue: &Arc<Catalogue>, maker: &Arc<Maker>, model: &Arc<Model>) -> Subject {
    Subject {
        catalogue: catalogue.clone(),
        root: Arc::new(Root {
            public_url: None,
            listen: Vec::new(),
            client_authorities: Arc::default(),
            journal: Keeping::default(),
            metrics: None,
            api: None,
            layer: Layer::default(),
        }),
        site: Arc::new(Site { id: "proof".into(), ..Site::default() }),
        codes: Arc::new(FeatureCodes::default()),
        phone: Arc::new(Phone {
            mac: Mac::from_bytes([0, 0, 0, 0, 0, 1]),
            site: "proof".into(),
            stem: "000000000001".into(),
            model: (model.id.clone(), 1),
            lines: Box::default(),
            modules: (Modules::Count(0), 1),
            firmware: None,
            layer: Layer::default(),
            seed: Box::default(),
            raw: Box::default(),
            handsets: Box::default(),
            registration: None,
            access: None,
        }),
        lines: Vec::new(),
        model: model.clone(),
        maker: maker.clone(),
        names: Vec::new(),
    }
}

/// A phone with all its lines and modules and a function on every key.
fn full(catalogue: &Arc<Catalogue>, maker: &Arc<Maker>, model: &Arc<Model>) -> Subject {
    let lines = (1..=model.lines.count)
        .map(|n| Arc::new(line(n, if n == 1 { keys(catalogue, model) } else { Box::default() })));
    let bare = spare(catalogue, maker, model);
    // One module with keys; the others are empty, and so alike.
    let modules = model.modules.as_ref().map_or(0, |slots| slots.max.min(1));
    Subject {
        codes: catalogue.feature_codes.values().next().cloned().unwrap_or_default(),
        phone: Arc::new(Phone {
            modules: (Modules::Count(modules), 1),
            access: Some(Box::new(access())),
            ..Phone::clone(&bare.phone)
        }),
        lines: lines.collect(),
        ..bare
    }
}

/// With all that may be in a user name and a password.
fn access() -> Access {
    let all = |without: &[u8]| (b'!'..=b'~').filter(|byte| !without.contains(byte)).map(char::from).collect::<String>();
    let password = Some(Secret::new(all(b"\"\\$")));
    Access { user: Some(all(b":\"\\$").into()), password, ..Access::default() }
}

/// The same DECT base with every handset that it can have, each with all that can be said of one.
fn with_handsets(full: &Subject) -> Option<Subject> {
    let max = full.model.handsets.as_ref()?.max;
    let lines = full.model.lines.count.max(1);
    let handset = |number: u16| Handset {
        number,
        line: (number - 1) % lines + 1,
        ipui: Some(format!("{number:010x}").into()),
        name: Some("Été & <1> \"x\"".into()),
        at: 1,
    };
    let registration = Registration { from: 1, seconds: 60, code: Some(Secret::new("0000".into())), at: 1 };
    let phone = Phone {
        handsets: (1..=max).map(handset).collect(),
        registration: Some(registration),
        ..Phone::clone(&full.phone)
    };
    Some(Subject { phone: Arc::new(phone), ..full.clone() })
}

fn line(n: u16, keys: Box<[KeySetting]>) -> Line {
    Line {
        site: "proof".into(),
        name: format!("{n}").into(),
        display_name: Some("Accueil & <été> \"1\"".into()),
        layout: None,
        layer: Layer::default(),
        keys,
        names: Box::default(),
    }
}

fn keys(catalogue: &Catalogue, model: &Model) -> Box<[KeySetting]> {
    let own = (1..=model.key_count()).map(Place::key);
    let soft = model.soft_slots().map(|(position, _)| Place { area: crate::phone::Area::SoftKeys, position });
    let module = model.modules.as_ref().and_then(|slots| catalogue.modules.get(slots.models.first()?));
    let module = module.into_iter().flat_map(|module| {
        (1..=module.key_count()).map(|position| Place { area: crate::phone::Area::Module(1), position })
    });
    let mut functions = Function::all().cycle();
    let key = |place| KeySetting {
        place,
        what: functions.next().map(any_use),
        label: Some("Été & <1> \"x\"; y=z #".into()),
        accept: Accept::default(),
        locked: false,
        at: 1,
    };
    let mut keys: Vec<_> = own.chain(soft).chain(module).map(key).collect();
    keys.sort_by_key(|key| key.place);
    keys.into()
}

/// A function with parameters of the right kind.
pub fn any_use(function: Function) -> Use {
    let number: Option<Number> = "*21*0033972101011#".parse().ok();
    match function.info().parameter {
        Parameter::None | Parameter::LineIndex => Use::of(function),
        Parameter::Url => Use { url: Some("https://example.org/pop?a=1&b=2".into()), ..Use::of(function) },
        _ => Use { number, ..Use::of(function) },
    }
}
