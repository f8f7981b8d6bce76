//! `password`: gives a phone another password, and ends the time in which the former one is good.

use anyhow::{Context, Result, anyhow, bail};

use super::args::Password;
use super::{changes, output};
use crate::fleet::{Edit, Entity, Keeping, Phone, end_rotation, finish, rotate, write};
use crate::live::Loader;
use crate::phone::{Mac, Secret};

/// Lower-case letters and digits that nobody takes for each other, and that every phone's keys can type.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Five random bits each: 130.
const LENGTH: usize = 26;

/// Writes the phone's file, and prints the new password: this once.
pub fn run(args: &Password) -> Result<u8> {
    let root = &args.fleet.fleet;
    finish(root)?;
    if !root.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", root.display());
    }
    let mac: Mac = args.mac.parse()?;
    let mut loader = Loader::new(root);
    let serving = loader.load();
    let phone = serving.world.subject(mac)?.phone;
    let entity = Entity::Phone(phone.site.clone(), phone.stem.clone());
    let before = loader.text_of(&entity).map_err(|finding| anyhow!("{finding}"))?;
    let minted = if args.end_rotation { None } else { Some(mint()?) };
    let after = match &minted {
        Some(minted) => rotate(&before, minted.expose()),
        None => end_rotation(&before),
    };
    let after = after.with_context(|| format!("`{}` is not changed", phone.path()))?;
    // A file with an error would be written in vain: what is served would stay as it is.
    let read = loader.with_texts(&serving, &[(entity.clone(), after.clone())]).world.subject(mac)?.phone;
    if password(&read) != minted.as_ref().or(password(&phone)) {
        bail!("`{}` is not changed, for it would not be taken\n  hint: `offhook check` tells why", phone.path());
    }
    write(root, &[Edit { entity, before: Some(before), after: Some(after) }])?;
    let what = if args.end_rotation { "password --end-rotation" } else { "password" };
    let keeping = serving.world.root().map_or_else(Keeping::default, |root| root.journal);
    changes::record(None, root, keeping, &[changes::made(what, &phone.path(), mac)]);
    anstream::eprintln!("written: {}", phone.path());
    let Some(minted) = minted else { return Ok(0) };
    let user = read.access.as_deref().map(|access| access.user_of(mac)).unwrap_or_default();
    anstream::eprintln!("the user name is `{user}`, the password:");
    output::line(minted.expose())?;
    if password(&phone).is_some() {
        anstream::eprintln!("the former one stays good until `offhook password {mac} --end-rotation`");
    }
    Ok(0)
}

fn password(phone: &Phone) -> Option<&Secret> {
    phone.access.as_deref()?.password.as_ref()
}

fn mint() -> Result<Secret> {
    let mut random = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| anyhow!("the system gives no random numbers"))?;
    Ok(Secret::new(random.map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).iter().collect()))
}
