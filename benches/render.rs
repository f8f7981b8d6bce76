//! The cold path: resolve, view, template, raw edits, and the file parsed again, for a phone that nobody has asked for yet.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use offhook::live::{Loader, Serving};
use offhook::phone::Mac;
use offhook::render::{Renderer, Reveal, RevisionKey, documents_of, render};
use offhook::resolve::{Phase, resolve};

/// A phone with every key set and two modules of 40 (or 32) keys.
fn fleet(root: &Path, model: &str, keys: usize, module_keys: usize) -> Mac {
    let mac: Mac = "001565aabbcc".parse().expect("it is one");
    let mut line = String::from("display_name = \"Réception\"\n[sip]\npassword = \"secret\"\n");
    for k in 1..=keys {
        let _ =
            writeln!(line, "[keys.{k}]\nfunction = \"supervise\"\nnumber = \"0033972101011\"\nlabel = \"Bureau {k}\"");
    }
    for module in 1..=2 {
        for k in 1..=module_keys {
            let _ = writeln!(
                line,
                "[modules.{module}.keys.{k}]\nfunction = \"dial\"\nnumber = \"00339721010{k}\"\nlabel = \"Poste {k}\""
            );
        }
    }
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("the folder can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write("fleet.toml", "schema = 1\n");
    write("sites/acme/site.toml", "feature_codes = \"ovh\"\n[sip]\nserver = \"sip.example.org\"\n");
    write("sites/acme/lines/0033972101010.toml", &line);
    let modules = if module_keys > 0 { "modules = 2\n" } else { "" };
    write(
        &format!("sites/acme/phones/{mac}.toml"),
        &format!(
            "model = \"{model}\"\nlines = [\"0033972101010\"]\n{modules}[raw.yealink]\n\"features.power_led_on.enable\" = \"1\"\n"
        ),
    );
    mac
}

fn once(serving: &Serving, mac: Mac, key: &RevisionKey) -> usize {
    let subject = serving.world.subject(mac).expect("the phone is good");
    let band = subject.band(None, None);
    let resolved = resolve(&subject, band, Phase::Later).expect("the family has tables");
    let with = Renderer {
        templates: &serving.templates,
        url: "https://phones.example.org",
        token: None,
        key,
        reveal: Reveal::Secrets,
        changed_at: &|_| 0,
    };
    let files = documents_of(&subject);
    files.iter().map(|(_, file)| render(&resolved, file, &with).expect("it renders").bytes.len()).sum()
}

fn cold(criterion: &mut Criterion) {
    let key = RevisionKey::fixed();
    for (model, keys, module_keys) in
        [("yealink-t46s", 27, 40), ("yealink-t46s", 27, 0), ("cisco-spa509g", 12, 32), ("gigaset-maxwell3", 8, 0)]
    {
        let folder = tempfile::tempdir().expect("the system's folder for temporary files can be written");
        let mac = fleet(folder.path(), model, keys, module_keys);
        let serving = Loader::new(folder.path()).load();
        let bytes = once(&serving, mac, &key);
        let name = format!("cold render, {model}, {keys} keys, 2 x {module_keys} module keys, {bytes} bytes");
        criterion.bench_function(&name, |bencher| bencher.iter(|| black_box(once(&serving, mac, &key))));
    }
}

criterion_group!(benches, cold);
criterion_main!(benches);
