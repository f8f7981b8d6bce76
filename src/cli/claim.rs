//! `claim`: a phone that asked, or will ask, becomes one of the fleet's.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::args::{Claim, Served};
use super::state::default_state;
use super::{changes, output};
use crate::admit::pairing::PairingKey;
use crate::fleet::{Edit, Entity, Keeping, Rung, Site, finish, write};
use crate::journal::now_secs;
use crate::live::{Loader, Serving};
use crate::server::claiming::{Chosen, ClaimError};
use crate::server::orders::Heard;
use crate::server::strangers::{Stranger, look};
use crate::world::Unserved;

/// Claims a phone.
pub fn run(args: &Claim) -> Result<u8> {
    let (state, ..) = seen(&args.served)?;
    let now = now_secs();
    let chosen = match (&args.code, &args.mac) {
        (Some(code), _) => Chosen::by_code(&state, code, args.token_of, now),
        (None, mac) => Chosen::by_mac(&state, mac.as_deref().unwrap_or_default()),
    };
    let chosen = chosen.map_err(told)?;
    let root = &args.served.fleet.fleet;
    finish(root)?;
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

/// What is wrong, with the option that would say it.
fn told(error: ClaimError) -> anyhow::Error {
    match &error {
        ClaimError::Wrong { field, missing, what, hint } => {
            let option = if *missing { format!(" with --{field}") } else { String::new() };
            let hint = hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
            anyhow!("{what}{option}{hint}")
        }
        _ => anyhow!("{error}"),
    }
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

/// Writes the phone's file.
fn put(args: &Claim, root: &Path, serving: &Serving, chosen: &Chosen) -> Result<Site> {
    let world = &serving.world;
    let (text, model) = chosen.file(world, args.site.as_deref(), &args.line, args.model.as_deref()).map_err(told)?;
    let id = args.site.as_deref().unwrap_or_default();
    let site = world.site(id).ok_or_else(|| anyhow!("there is no site named `{id}`"))?;
    let entity = Entity::Phone(id.into(), chosen.mac.to_string().into());
    write(root, &[Edit { entity: entity.clone(), before: None, after: Some(text) }])?;
    anstream::eprintln!("written: {}", entity.path().display());
    output::line(&format!("{} is a {model} of the site {id}", chosen.mac))?;
    if args.line.is_empty() {
        anstream::eprintln!("note: it has no line yet");
    }
    Ok(Site::clone(site))
}

/// Tells the server whose token is good.
fn bless(state: &Path, chosen: &Chosen, site: &Site, now: u64) -> Result<u8> {
    match chosen.bless(state, now).map_err(told)? {
        None => {
            anstream::eprintln!("no code was given: the phone gets its files by what [trust] of `{}` says", site.id);
            return Ok(0);
        }
        Some(Heard::Now) => anstream::eprintln!("the phone gets its files when it asks again, within two minutes"),
        Some(Heard::AtTheNextStart) => anstream::eprintln!("no server runs: the phone gets its files when one does"),
    }
    if !site.trust.knows(Rung::Token) {
        anstream::eprintln!("warning: the site `{}` takes no tokens, so the code shows it nothing", site.id);
    } else if !site.trust.demand.iter().all(|rung| *rung == Rung::Token) {
        anstream::eprintln!("note: the site `{}` demands more than a token of its phones", site.id);
    }
    Ok(0)
}
