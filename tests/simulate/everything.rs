//! One phone of every model, and no difference between what is stored and what the simulator understood.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use insta::assert_snapshot;
use offhook::check::check;
use offhook::live::{Live, Serving};
use offhook::phone::FUNCTIONS;
use offhook::resolve::{Phase, resolve};
use offhook::simulate::address::Address;
use offhook::simulate::boot::{FAMILIES, firmware};
use offhook::simulate::client::Network;
use offhook::simulate::device::Device;
use offhook::simulate::fleet::{Own, boot_one};
use offhook::simulate::trust::{self, Trust};

use crate::common::{repository, serving};
use crate::{fixture, simulate_fleet};

const MAKE: &str = "make it anew with OFFHOOK_BLESS=1 cargo nextest run --test simulate, and read the diff";

#[test]
fn the_fleet_has_a_phone_of_every_model() {
    let root = repository("fixtures/everything");
    let wanted = fixture::files(&Serving::built_in().world.catalogue);
    if std::env::var_os("OFFHOOK_BLESS").is_some() {
        write(&root, &wanted);
    }
    let found = read(&root);
    let missing: Vec<_> = wanted.keys().filter(|path| !found.contains_key(*path)).collect();
    let surplus: Vec<_> = found.keys().filter(|path| !wanted.contains_key(*path)).collect();
    let changed: Vec<_> =
        wanted.iter().filter(|(path, text)| found.get(*path).is_some_and(|old| old != *text)).collect();
    let changed: Vec<_> = changed.into_iter().map(|(path, _)| path).collect();
    assert!(
        missing.is_empty() && surplus.is_empty() && changed.is_empty(),
        "fixtures/everything lacks {missing:?}, has {surplus:?} too many, and is not as it would be made in {changed:?}; {MAKE}"
    );
}

#[test]
fn every_phone_understands_what_is_stored_for_it() {
    let (told, code) = simulate_fleet(&repository("fixtures/everything"));
    assert_eq!(code, 0, "{told}");
    let booted: usize =
        told.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2)?.parse::<usize>().ok()).sum();
    let serving = serving(&repository("fixtures/everything"));
    assert_eq!(booted, serving.world.macs().count(), "{told}");
}

#[test]
fn so_it_is_with_the_firmware_of_every_band() {
    let root = repository("fixtures/everything");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let told: Vec<String> = runtime.block_on(async {
        let live = Arc::new(Live::load(&root));
        let own = Own::start(live.clone()).await.expect("it listens");
        let serving = live.now();
        let name = Address::parse(&serving.world.root().expect("it has one").url()).expect("an address");
        let trust = trust::config(Trust::File(&own.certificate)).expect("a certificate");
        let routes = vec![own.route(name.clone())];
        let network = Arc::new(Network { trust, routes, only_routes: true, credentials: None });
        let mut told = Vec::new();
        for mac in serving.world.macs() {
            let subject = serving.world.subject(mac).expect("it is served");
            let bands = &subject.maker.family.bands;
            for (band, band_name) in bands.iter() {
                let firmware = firmware(&subject.model.family, &subject.model.products[0], band_name);
                // Some products never had a firmware of some band.
                if bands.of(Some(&firmware)) == band {
                    let outcome = boot_one(&serving, mac, Some(&firmware), &network, &name).await;
                    let told_of = |what: &String| format!("{} {firmware}: {what}", outcome.model);
                    told.extend(outcome.differences.iter().map(told_of));
                }
            }
        }
        own.stop().await;
        told
    });
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn the_boot_of_every_family_with_files_is_described() {
    let serving = Serving::built_in();
    let makers = serving.world.catalogue.families.values();
    let with_files: BTreeSet<&str> =
        makers.filter(|maker| maker.tables.is_some()).map(|maker| maker.family.id.as_str()).collect();
    assert_eq!(with_files, BTreeSet::from(FAMILIES));
}

#[test]
fn the_usual_firmware_of_a_model_is_of_its_usual_band() {
    let serving = Serving::built_in();
    let catalogue = &serving.world.catalogue;
    for model in catalogue.models.values().filter(|model| FAMILIES.contains(&model.family.as_str())) {
        // Adapters without a key have firmware of their own counting, and no band matters to them.
        if model.key_count() == 0 && model.soft_slots().next().is_none() {
            continue;
        }
        let bands = &catalogue.family_of(model).expect("it has a family").family.bands;
        let device = Device::new(catalogue, model, "001565000001".parse().expect("a MAC"), None);
        let usual = model.default_band.unwrap_or(bands.default());
        assert_eq!(bands.name(bands.of(Some(&device.firmware))), bands.name(usual), "{} {}", model.id, device.firmware);
    }
}

#[test]
fn every_sample_fleet_is_understood() {
    let folder = repository("fixtures/fleets");
    let names = std::fs::read_dir(&folder).expect("the sample fleets").flatten();
    let fleets: Vec<_> = names.map(|entry| entry.path()).chain([repository("examples/acme")]).collect();
    let mut told = String::new();
    for fleet in fleets {
        let (lines, code) = simulate_fleet(&fleet);
        let differences: Vec<&str> = lines.lines().filter(|line| line.contains(": ")).collect();
        // A family may come before its boot is described.
        let (unknown, differences): (Vec<&str>, Vec<&str>) =
            differences.into_iter().partition(|line| line.contains(": nobody has described how"));
        assert_eq!(code, i32::from(differences.len() + unknown.len() > 0), "{}\n{lines}", fleet.display());
        differences.iter().for_each(|line| told.push_str(&format!("{line}\n")));
    }
    // Its [raw] takes away what makes the base forget them.
    assert_snapshot!(told, @"7c2f80f40006 gigaset-n870e: handsets of a former owner stay with the base: no file speaks of their places");
}

#[test]
fn the_fleet_is_sound_and_uses_every_function_on_every_class() {
    let serving = serving(&repository("fixtures/everything"));
    let open: Vec<String> =
        check(&serving).iter().filter(|finding| finding.is_open_error()).map(ToString::to_string).collect();
    assert!(open.is_empty(), "{}", open.join("\n"));
    let mut used = BTreeSet::new();
    for mac in serving.world.macs() {
        let subject = serving.world.subject(mac).expect("it is served");
        let resolved = resolve(&subject, subject.band(None, None), Phase::Later).expect("its family has files");
        let modules = resolved.modules.iter().flat_map(|module| &module.keys);
        for key in resolved.keys.iter().chain(&resolved.soft_keys).chain(modules) {
            used.extend(key.asked.map(|(what, _)| (key.class.name(), what.function.name())));
        }
    }
    for class in ["line", "memory", "programmable", "module"] {
        for info in &FUNCTIONS {
            assert!(used.contains(&(class, info.name)), "no {class} key is a `{}`", info.name);
        }
    }
}

fn read(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a file of the fixture").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("it is below").to_str().expect("UTF-8").to_owned();
                files.insert(name, std::fs::read_to_string(path).expect("a text"));
            }
        }
    }
    files
}

fn write(root: &Path, files: &BTreeMap<String, String>) {
    for path in read(root).keys().filter(|path| !files.contains_key(*path)) {
        std::fs::remove_file(root.join(path)).expect("a surplus file goes");
    }
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
}
