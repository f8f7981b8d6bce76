//! The shipped families and the names of the shipped models, read from `models/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook::catalogue::Family;
use offhook::identify::Index;
use offhook::reader::Source;

/// The folders of `models/` that hold a family.
pub fn family_folders() -> Vec<PathBuf> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let folders = fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|folder| folder.join("family.toml").exists()).collect();
    folders.sort();
    folders
}

/// All families; a finding in one fails the test.
pub fn families() -> Vec<Arc<Family>> {
    let read = |folder: PathBuf| {
        let id = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let file = folder.join("family.toml");
        let text = fs::read_to_string(&file).unwrap();
        let (family, findings) = Source::read(&file, &text, |table| Family::read(&id, table));
        assert!(findings.is_empty(), "{findings:#?}");
        Arc::new(family.unwrap())
    };
    family_folders().into_iter().map(read).collect()
}

/// A model's id, its family's id and its products.
pub type Model = (String, String, Vec<String>);

/// All models.
pub fn models(families: &[Arc<Family>]) -> Vec<Model> {
    let mut models = Vec::new();
    for (folder, family) in family_folders().into_iter().zip(families) {
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let stem = file.file_stem().unwrap().to_str().unwrap();
            let table = file.extension().is_some_and(|extension| extension == "toml");
            if !table || ["family", "functions", "settings"].contains(&stem) {
                continue;
            }
            let text: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
            let products = text["products"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
            models.push((format!("{}-{stem}", family.maker), family.id.to_string(), products.collect()));
        }
    }
    models
}

/// The index of all of them.
pub fn index() -> Index {
    let families = families();
    let models = models(&families);
    let names = models.iter().map(|(id, family, products)| (id.as_str(), family.as_str(), products.as_slice()));
    Index::new(&families, names).unwrap()
}
