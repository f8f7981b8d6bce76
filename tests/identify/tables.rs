//! Every row of the tables of real requests in `fixtures/user-agents`.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use compact_str::CompactString;
use offhook::catalogue::{Answer, Catalogue};
use offhook::live::shipped;
use offhook::phone::Mac;

use crate::{CATALOGUE, INDEX, claim};

/// A row: user agent, path, model, MAC, firmware, each `-` where the request carries none.
struct Row {
    user_agent: String,
    path: String,
    model: Option<String>,
    mac: Option<Mac>,
    firmware: Option<String>,
}

fn rows(maker: &str) -> Vec<Row> {
    let file = format!("{}/fixtures/user-agents/{maker}-user-agents.tsv", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(Path::new(&file)).unwrap();
    let some = |field: &str| Some(field.to_owned()).filter(|field| field != "-");
    let row = |line: &str| {
        let [user_agent, path, model, mac, firmware] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{file}: {line}");
        };
        Row {
            user_agent: user_agent.into(),
            path: path.into(),
            model: some(model),
            mac: some(mac).map(|mac| mac.parse().unwrap()),
            firmware: some(firmware),
        }
    };
    text.lines().skip(1).map(row).collect()
}

fn folded(product: &str) -> String {
    product.to_lowercase().replace([' ', '-', '_'], "")
}

fn check(maker: &str, family_of: impl Fn(&Row) -> &'static str) {
    for row in rows(maker) {
        let at = format!("{} {}", row.user_agent, row.path);
        let claim = claim(&row.path, &row.user_agent);
        let view = claim.view(&INDEX);
        let family = family_of(&row);
        assert_eq!(view.family, Some(family), "{at}");
        assert_eq!(claim.mac, row.mac, "{at}");
        assert_eq!(view.firmware, row.firmware.as_deref(), "{at}");
        assert_eq!(view.product.map(folded), row.model.as_deref().map(folded), "{at}");
        let named =
            |product: &CompactString| row.model.as_deref().is_some_and(|model| folded(product) == folded(model));
        let model = CATALOGUE.models.values().find(|model| model.family == family && model.products.iter().any(named));
        assert_eq!(view.model, model.map(|model| model.id.as_str()), "{at}");
        assert!(claim.contradiction.is_none(), "{at}");
    }
}

#[test]
fn every_row_of_yealink() {
    check("yealink", |_| "yealink");
}

#[test]
fn every_row_of_cisco() {
    check("cisco", |row| match row.model.as_deref() {
        Some(model) if model.starts_with("SPA") || model.starts_with("PAP") => "cisco-spa",
        Some(model) if model.contains("3PCC") || model.starts_with("ATA19") => "cisco-mpp",
        _ => "cisco-enterprise",
    });
}

#[test]
fn every_row_of_gigaset() {
    let bases = ["N530", "N610", "N670", "N770", "N870"];
    check("gigaset", |row| match row.model.as_deref() {
        Some(model) if model.starts_with("Maxwell") => "gigaset-maxwell",
        Some(model) if bases.iter().any(|base| model.starts_with(base)) => "gigaset-nx70",
        Some("P82x") => "gigaset-p",
        None if row.path.starts_with("/desktop") => "gigaset-p",
        None if row.path.starts_with("/device/") => "gigaset-maxwell",
        _ => "gigaset-classic",
    });
}

#[test]
fn every_family_of_the_makers_is_there() {
    let (_, findings) = Catalogue::load(&shipped(), None);
    assert!(findings.is_empty(), "{findings:#?}");
    let ids: Vec<&str> = CATALOGUE.families.keys().map(CompactString::as_str).collect();
    for id in ["cisco-enterprise", "cisco-mpp", "cisco-spa", "gigaset-classic", "gigaset-maxwell", "gigaset-nx70"] {
        assert!(ids.contains(&id), "{id}");
    }
    assert!(ids.contains(&"gigaset-p") && ids.contains(&"yealink"));
}

#[test]
fn every_product_of_the_catalogue_names_its_model() {
    for model in CATALOGUE.models.values() {
        let family = INDEX.family_named(&model.family).unwrap();
        for product in &model.products {
            assert_eq!(INDEX.model(family, product), Some(&model.id), "{product}");
        }
    }
}

#[test]
fn every_number_of_one_product_names_its_model() {
    for maker in CATALOGUE.families.values() {
        let family = INDEX.family_named(&maker.family.id).unwrap();
        for number in maker.family.numbers.iter().filter(|number| !number.ambiguous) {
            let models: HashSet<_> = number.products.iter().map(|product| INDEX.model(family, product)).collect();
            assert_eq!(models.len(), 1, "{}", number.number);
        }
    }
}

#[test]
fn every_document_has_one_name_and_finds_itself() {
    for maker in CATALOGUE.families.values() {
        let family = &maker.family;
        let at = INDEX.family_named(&family.id).unwrap();
        for (file, pattern) in family.documents() {
            let url = pattern.url.as_deref().unwrap().replace("{mac}", "001565aabbcc").replace("{MAC}", "001565AABBCC");
            let url = url.replace("{number}", family.numbers.first().map_or("", |number| &number.number));
            assert_eq!(claim(&format!("/acme/{url}"), "-").file_for(at), Some(file), "{} {url}", family.id);
        }
        let documents = family.documents().filter(|(_, file)| file.answer == Answer::Document);
        assert_eq!(documents.count(), usize::from(family.format.is_some()), "{}", family.id);
    }
}
