//! `claim`: puts a phone that asked into the fleet, and lets the one that shows the code have its files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use toml_edit::{Array, DocumentMut, value};

use super::args::{Claim, Served};
use super::output::no_such;
use super::state::{default_state, now_secs};
use super::{changes, output};
use crate::admit::pairing::{BLESSED_SECS, Code, Pairing, PairingKey};
use crate::catalogue::Catalogue;
use crate::fleet::{Edit, Entity, Keeping, Rung, Site, write};
use crate::live::{Loader, Serving};
use crate::phone::Mac;
use crate::server::orders::{self, Heard, Order, tell};
use crate::server::strangers::{Stranger, Told, look, note_wrong_code, source_of, tries};
use crate::world::Unserved;

/// Claims a phone.
pub fn run(args: &Claim) -> Result<u8> {
    let (state, strangers, key) = seen(&args.served)?;
    let now = now_secs();
    let chosen = match (&args.code, &args.mac) {
        (Some(code), _) => by_code(args, code, &state, &strangers, &key, now)?,
        (None, mac) => by_mac(mac.as_deref().unwrap_or_default(), &strangers)?,
    };
    let root = &args.served.fleet.fleet;
    let mut loader = Loader::new(root).without_key();
    let serving = loader.load();
    output::closed_secrets(&loader);
    let site = match serving.world.subject(chosen.mac) {
        Err(Unserved::Unknown(_)) => put(args, root, &serving, &chosen)?,
        Err(broken) => bail!("{broken}"),
        Ok(subject) => {
            let path = subject.phone.path();
            if chosen.pairing.is_none() {
                bail!("`{}` is in the fleet already: {path}", chosen.mac);
            }
            if !args.line.is_empty()
                || args.model.is_some()
                || args.site.as_ref().is_some_and(|it| *it != subject.site.id)
            {
                let hint = "claim it by its code alone, and edit that file for the rest";
                bail!("`{}` is in the fleet already, and {path} stays as it is\n  hint: {hint}", chosen.mac);
            }
            Site::clone(&subject.site)
        }
    };
    let path = Entity::Phone(site.id.clone(), chosen.mac.to_string().into()).path();
    let keeping = serving.world.root().map_or_else(Keeping::default, |root| root.journal);
    let change = changes::made("claim", &path.display().to_string(), chosen.mac);
    changes::record(Some(&state), root, keeping, &[change]);
    bless(&state, &chosen, &site, now)
}

/// The phone that is meant.
struct Chosen {
    mac: Mac,
    /// What it says it is, if it was ever seen.
    told: Option<Told>,
    pairing: Option<Pairing>,
}

/// What the server of a fleet has seen.
pub(super) fn seen(served: &Served) -> Result<(PathBuf, Vec<Stranger>, PairingKey)> {
    let fleet = &served.fleet.fleet;
    if !fleet.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", fleet.display());
    }
    let state = served.state.clone().map_or_else(|| default_state(fleet), Ok)?;
    if !state.is_dir() {
        let hint = "name the folder that `offhook serve` says with --state DIR";
        bail!("no server keeps its state in `{}`\n  hint: {hint}", state.display());
    }
    let (strangers, key) =
        look(&state).with_context(|| format!("cannot use the state folder `{}`", state.display()))?;
    Ok((state, strangers, key))
}

fn by_code(
    args: &Claim,
    code: &str,
    state: &Path,
    strangers: &[Stranger],
    key: &PairingKey,
    now: u64,
) -> Result<Chosen> {
    let usable = || format!("cannot use the state folder `{}`", state.display());
    let code: Code = code.parse()?;
    if let Err(wait) = tries(state, now).with_context(usable)? {
        bail!("too many wrong codes were given: the next is looked at in {}", output::counted(wait as usize, "second"));
    }
    let told = orders::look(state, now).with_context(usable)?;
    let used = told.iter().find_map(|told| match told.order {
        Order::Bless { mac, pairing, .. } => key.code(pairing).is(&code).then_some(mac),
        _ => None,
    });
    if let Some(mac) = used {
        bail!("this code was used already, for `{mac}`");
    }
    let shows = |known: &&Stranger| known.waits(now) && known.pairing.is_some_and(|it| key.code(it.nonce).is(&code));
    let found = match strangers.iter().filter(shows).collect::<Vec<_>>()[..] {
        [found] => found,
        [] => {
            note_wrong_code(state, now).with_context(usable)?;
            let hint = "a code lives ten minutes, and the phone asks for another within two: look at it again";
            bail!("no phone shows this code\n  hint: {hint}");
        }
        // One in many millions, and nobody can tell which is meant.
        _ => bail!("several phones show this code: wait until yours shows another"),
    };
    let rivals: Vec<&Stranger> = strangers.iter().filter(|known| known.mac == found.mac && known.waits(now)).collect();
    match args.token_of.map(source_of) {
        Some(source) if source != found.source => {
            bail!("the phone that shows this code asks from {}, not from {source}", found.source)
        }
        None if rivals.len() > 1 => {
            let sources: Vec<String> = rivals.iter().map(|rival| rival.source.to_string()).collect();
            let (mac, own) = (found.mac, found.source);
            bail!(
                "{} phones wait as `{mac}`, from {}: all but one are not what they say\n  hint: this code was given to {own}; \
                 if the phone is there, --token-of {own} claims it all the same",
                rivals.len(),
                sources.join(" and ")
            )
        }
        _ => Ok(Chosen { mac: found.mac, told: Some(found.told.clone()), pairing: found.pairing }),
    }
}

fn by_mac(mac: &str, strangers: &[Stranger]) -> Result<Chosen> {
    let mac: Mac = mac.parse()?;
    let mut of_mac = strangers.iter().filter(|known| known.mac == mac);
    Ok(Chosen { mac, told: of_mac.next().map(|known| known.told.clone()), pairing: None })
}

/// Writes the phone's file.
fn put(args: &Claim, root: &Path, serving: &Serving, chosen: &Chosen) -> Result<Site> {
    let world = &serving.world;
    let sites = || world.sites().map(|site| site.id.as_str()).collect::<Vec<_>>();
    let Some(id) = args.site.as_deref() else {
        bail!(
            "`{}` is new to the fleet: name its site with --site\n  hint: there is {}",
            chosen.mac,
            sites().join(", ")
        );
    };
    let site = world.site(id).ok_or_else(|| no_such("site", id, &sites()))?;
    let lines: Vec<&str> = world.lines_of(id).map(|line| line.name.as_str()).collect();
    for name in &args.line {
        world.line(id, name).ok_or_else(|| no_such(&format!("line of the site `{id}`"), name, &lines))?;
    }
    let model = model(args, &world.catalogue, chosen)?;
    let count = world.catalogue.models.get(model).map_or(0, |model| model.lines.count);
    if args.line.len() > usize::from(count) {
        bail!("`{model}` has {}, and {} are named", output::counted(count.into(), "line"), args.line.len());
    }
    let mut file = DocumentMut::new();
    file["model"] = value(model);
    file["lines"] = value(args.line.iter().collect::<Array>());
    let entity = Entity::Phone(id.into(), chosen.mac.to_string().into());
    write(root, &[Edit { entity: entity.clone(), before: None, after: Some(file.to_string()) }])?;
    anstream::eprintln!("written: {}", entity.path().display());
    output::line(&format!("{} is a {model} of the site {id}", chosen.mac))?;
    if args.line.is_empty() {
        anstream::eprintln!("note: it has no line yet");
    }
    Ok(Site::clone(site))
}

/// What was named, else what the phone told.
fn model<'a>(args: &'a Claim, catalogue: &'a Catalogue, chosen: &'a Chosen) -> Result<&'a str> {
    let family = chosen.told.as_ref().map(|told| told.family.as_str());
    let of_family = |family: &str| -> Vec<&str> {
        let models = catalogue.models.values().filter(|model| model.family == family);
        models.map(|model| model.id.as_str()).collect()
    };
    match (args.model.as_deref(), &chosen.told) {
        (Some(named), _) => {
            let known = catalogue.models.get(named).ok_or_else(|| {
                let near = catalogue.nearest_model(named).map(|near| format!("\n  hint: did you mean `{near}`?"));
                anyhow!("the model `{named}` does not exist{}", near.unwrap_or_default())
            })?;
            match family.filter(|family| *family != known.family) {
                Some(told) => {
                    bail!("`{named}` is of the family `{}`, and the phone asks as one of `{told}`", known.family)
                }
                None => Ok(named),
            }
        }
        (None, Some(told)) => told.model.as_deref().ok_or_else(|| {
            let models = of_family(&told.family).join(", ");
            anyhow!("`{}` did not tell its model: name it with --model\n  hint: one of {models}", chosen.mac)
        }),
        (None, None) => {
            bail!("`{}` was never seen: name its model with --model\n  hint: `offhook models` lists them", chosen.mac)
        }
    }
}

/// Tells the server whose token is good.
fn bless(state: &Path, chosen: &Chosen, site: &Site, now: u64) -> Result<u8> {
    let Some(Pairing { nonce: pairing, .. }) = chosen.pairing else {
        anstream::eprintln!("no code was given: the phone gets its files by what [trust] of `{}` says", site.id);
        return Ok(0);
    };
    let order = Order::Bless { mac: chosen.mac, pairing, until: now + BLESSED_SECS };
    let heard = tell(state, order, now).with_context(|| format!("cannot write to `{}`", state.display()))?;
    match heard {
        Heard::Now => anstream::eprintln!("the phone gets its files when it asks again, within two minutes"),
        Heard::AtTheNextStart => anstream::eprintln!("no server runs: the phone gets its files when one does"),
    }
    if !site.trust.knows(Rung::Token) {
        anstream::eprintln!("warning: the site `{}` takes no tokens, so the code shows it nothing", site.id);
    } else if !site.trust.demand.iter().all(|rung| *rung == Rung::Token) {
        anstream::eprintln!("note: the site `{}` demands more than a token of its phones", site.id);
    }
    Ok(0)
}
