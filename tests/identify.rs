//! Who asks, and for what: the makers' real requests, the traps of the fact sheets, and what must hold for any request.

#[path = "identify/neighbours.rs"]
mod neighbours;
#[path = "identify/properties.rs"]
mod properties;
#[path = "identify/tables.rs"]
mod tables;
#[path = "identify/traps.rs"]
mod traps;

use std::sync::LazyLock;

use offhook::catalogue::{Catalogue, Evidence};
use offhook::identify::{Claim, Index, Request, identify};
use offhook::live::shipped;

/// The shipped catalogue.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(&shipped(), None).0);

/// How its phones are recognised.
static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(&CATALOGUE).unwrap());

/// What a request claims; `-` is an absent target or user agent, as in the tables.
fn claim(target: &str, user_agent: &str) -> Claim {
    let target = if target == "-" { "/" } else { target };
    identify(&Request { target, user_agent: Some(user_agent).filter(|text| *text != "-"), certificate: None }, &INDEX)
}

/// A claim in one line: family, model, product, MAC with `?` if it is weak, firmware, file.
fn told(target: &str, user_agent: &str) -> String {
    let claim = claim(target, user_agent);
    let view = claim.view(&INDEX);
    let weak = if claim.mac_evidence == Some(Evidence::Weak) { "?" } else { "" };
    let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
    [
        word(view.family),
        word(view.model),
        word(view.product),
        word(view.mac.as_deref()) + weak,
        word(view.firmware),
        word(view.file),
    ]
    .join(" | ")
}

/// The family's id and the name of the file's pattern.
fn file(target: &str, user_agent: &str) -> Option<(String, String)> {
    let file = claim(target, user_agent).file?;
    let family = INDEX.family(file.family);
    Some((family.id.to_string(), family.files[file.file].name.to_string()))
}
