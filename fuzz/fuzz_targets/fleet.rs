//! `cargo +nightly fuzz run fleet`: the first line says which file it is and of which model the phone is, such as
//! `line yealink-t46s`; what follows is the file's text. It is read, checked and rendered, and its secrets are encrypted.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use offhook::check::check;
use offhook::fleet::sealed::{SealKeys, new_key};
use offhook::fleet::{Entity, seal_file};
use offhook::live::{Loader, Serving};
use offhook::render::{RenderError, Renderer, Reveal, RevisionKey, documents_of, render};
use offhook::resolve::{Phase, resolve};

const MAC: &str = "001565aabbcc";

static KNOWN: LazyLock<Serving> = LazyLock::new(Serving::built_in);
static KEYS: LazyLock<SealKeys> = LazyLock::new(|| {
    let file = std::env::temp_dir().join(format!("offhook-fuzz-{}.key", std::process::id()));
    std::fs::write(&file, &*new_key().unwrap()).unwrap();
    let keys = SealKeys::read(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    keys
});

fuzz_target!(|input: &str| {
    let Some((head, text)) = input.split_once('\n') else { return };
    // A file or a variable of this machine is none of the fuzzer's business.
    if text.contains("file") || text.contains("env") {
        return;
    }
    let (kind, model) = head.split_once(' ').unwrap_or((head, "yealink-t46s"));
    let Some(entity) = entity(kind) else { return };
    if !KNOWN.world.catalogue.models.contains_key(model) {
        return;
    }
    let serving = Loader::new(Path::new("/nowhere")).with_texts(&KNOWN, &fleet(&entity, model, text));
    let lines = text.lines().count() as u32 + 1;
    for finding in check(&serving).iter().filter(|finding| finding.file == entity.path()) {
        assert!(!finding.what.is_empty() && finding.line.is_none_or(|line| line <= lines), "{finding}");
    }
    render_all(&serving);
    if let Ok(sealing) = seal_file(text, &KEYS, &KNOWN.world.catalogue.vocabulary) {
        let again = seal_file(&sealing.text, &KEYS, &KNOWN.world.catalogue.vocabulary).unwrap();
        assert_eq!((again.count, &again.text), (0, &sealing.text));
    }
});

fn entity(kind: &str) -> Option<Entity> {
    match kind {
        "fleet" => Some(Entity::Root),
        "site" => Some(Entity::Site("a".into())),
        "line" => Some(Entity::Line("a".into(), "201".into())),
        "phone" => Some(Entity::Phone("a".into(), MAC.into())),
        _ => None,
    }
}

/// A fleet of one phone with two lines, in which one file is the fuzzer's.
fn fleet(fuzzed: &Entity, model: &str, text: &str) -> Vec<(Entity, String)> {
    let phone = format!("model = \"{model}\"\nlines = [\"201\", \"202\"]\n");
    let site = "feature_codes = \"ovh\"\nsip.server = \"sip.example.org\"\nnumbers.900 = { kind = \"queue\" }\n";
    let line = |name: &str| Entity::Line("a".into(), name.into());
    let files = [
        (Entity::Root, "schema = 1\npublic_url = \"https://phones.example.org\"\n".to_owned()),
        (Entity::Site("a".into()), site.to_owned()),
        (line("201"), "display_name = \"Reception\"\nkeys.2.function = \"history\"\n".to_owned()),
        (line("202"), String::new()),
        (Entity::Phone("a".into(), MAC.into()), phone),
    ];
    files.into_iter().map(|(entity, own)| (entity.clone(), if entity == *fuzzed { text.into() } else { own })).collect()
}

/// What the world has let through is a file that the phone understands, unless something refused it by name.
fn render_all(serving: &Serving) {
    let Ok(subject) = serving.world.subject(MAC.parse().unwrap()) else { return };
    let Some(resolved) = resolve(&subject, subject.band(None, None), Phase::First) else { return };
    let (url, key) = (subject.root.url(), RevisionKey::fixed());
    let with = Renderer {
        templates: &serving.templates,
        url: &url,
        token: None,
        key: &key,
        reveal: Reveal::Secrets,
        changed_at: &|_| 0,
    };
    for (name, file) in documents_of(&subject) {
        let made = render(&resolved, file, &with);
        let is_wrong = matches!(made, Err(RenderError::Template { .. } | RenderError::Invalid { .. }));
        assert!(!is_wrong, "{name}: {}", made.unwrap_err());
    }
}
