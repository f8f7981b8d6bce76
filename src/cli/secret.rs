//! `secret`: key files, and secrets that are encrypted where they stand.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use zeroize::Zeroizing;

use super::args::{Encrypt, KeyFile, Secret, SecretCommand};
use super::privileges::keep_memory_private;
use super::{changes, output};
use crate::fleet::sealed::{SealKeys, key_file, new_key};
use crate::fleet::{Edit, Entity, Keeping, finish, list, seal_file, write};
use crate::live::Loader;
use crate::phone;
use crate::reader::{plain, read_plain};
use crate::writer::Aside;

/// Makes keys, encrypts, decrypts.
pub fn run(args: &Secret) -> Result<u8> {
    keep_memory_private();
    match &args.command {
        SecretCommand::NewKey(key) => add_key(&path(key)),
        SecretCommand::Encrypt(args) if args.in_place => encrypt_fleet(args),
        SecretCommand::Encrypt(args) => encrypt_one(args),
        SecretCommand::Decrypt(key) => decrypt_one(key),
    }
}

fn path(key: &KeyFile) -> PathBuf {
    key.key.clone().unwrap_or_else(|| key_file(&key.fleet.fleet))
}

fn keys(key: &KeyFile) -> Result<SealKeys> {
    SealKeys::read(&path(key)).map_err(|error| anyhow!("{error}\n  hint: `offhook secret new-key` makes one"))
}

/// The new key stands first, so that it seals; older ones still open what they have sealed.
fn add_key(path: &Path) -> Result<u8> {
    let older = match path.exists() {
        true => {
            SealKeys::read(path)?;
            Zeroizing::new(read_plain(path).with_context(|| format!("cannot read `{}`", path.display()))?)
        }
        false => Zeroizing::default(),
    };
    let key = new_key().ok_or_else(no_random)?;
    let text = Zeroizing::new(format!("{}\n{}", *key, *older));
    let written = Aside::write(path, text.as_bytes(), 0o600).and_then(Aside::put);
    written.with_context(|| format!("cannot write `{}`", path.display()))?;
    anstream::eprintln!("written: {}", path.display());
    match older.is_empty() {
        true => anstream::eprintln!("keep a copy of it in a safe place, and keep it out of the fleet's git"),
        false => {
            anstream::eprintln!("`offhook secret encrypt --in-place` exchanges the old key; then take its line away")
        }
    }
    Ok(0)
}

fn encrypt_one(args: &Encrypt) -> Result<u8> {
    let keys = keys(&args.key)?;
    let sealed = keys.seal(&phone::Secret::new(typed("secret: ")?)).ok_or_else(no_random)?;
    output::line(&format!("{{ encrypted = \"{sealed}\" }}"))?;
    Ok(0)
}

fn decrypt_one(key: &KeyFile) -> Result<u8> {
    let keys = keys(key)?;
    let text = typed("encrypted: ")?;
    // What `encrypt` prints may be given back as it is.
    let sealed = text.split('"').nth(1).unwrap_or(text.trim());
    let secret = keys.open(sealed).map_err(|error| anyhow!("it {error}"))?;
    output::line(secret.expose())?;
    Ok(0)
}

/// A line from the terminal, which does not show it, or the first one of what stdin holds.
fn typed(prompt: &str) -> Result<String> {
    let stdin = std::io::stdin();
    let text = match stdin.is_terminal() {
        true => rpassword::prompt_password(prompt)?,
        false => {
            let mut text = String::new();
            stdin.lock().read_to_string(&mut text)?;
            text.trim_end_matches(['\n', '\r']).to_owned()
        }
    };
    if text.is_empty() { Err(anyhow!("nothing was given")) } else { Ok(text) }
}

/// Either all files are written or none, as far as the disk lets us.
fn encrypt_fleet(args: &Encrypt) -> Result<u8> {
    let root = &args.key.fleet.fleet;
    finish(root)?;
    if !root.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", root.display());
    }
    let keys = keys(&args.key)?;
    let catalogue = Loader::new(root).catalogue();
    let mut edits = Vec::new();
    let mut count = 0;
    let mut troubles = Vec::new();
    for entity in list(root).0 {
        let path = root.join(entity.path());
        let before = match read_plain(&path) {
            Ok(before) => before,
            Err(error) => {
                troubles.push(format!("{}: cannot be read: {}", entity.path().display(), plain(&error)));
                continue;
            }
        };
        match seal_file(&before, &keys, &catalogue.vocabulary) {
            Ok(sealing) if sealing.count > 0 => {
                count += sealing.count;
                edits.push(Edit { entity, before: Some(before), after: Some(sealing.text) });
            }
            Ok(_) => {}
            Err(error) => troubles.push(format!("{}: {error}", entity.path().display())),
        }
    }
    if !troubles.is_empty() {
        bail!("nothing is written\n  {}", troubles.join("\n  "));
    }
    write(root, &edits)?;
    let keeping = Loader::new(root).root_alone().map_or_else(Keeping::default, |root| root.journal);
    let change = |edit: &Edit| changes::made("secret encrypt", &edit.entity.path().display().to_string(), None);
    changes::record(None, root, keeping, &edits.iter().map(change).collect::<Vec<_>>());
    told(count, edits.iter().map(|edit| &edit.entity));
    Ok(0)
}

fn told<'e>(count: usize, entities: impl Iterator<Item = &'e Entity>) {
    entities.for_each(|entity| anstream::eprintln!("written: {}", entity.path().display()));
    anstream::eprintln!("{} encrypted", output::counted(count, "secret"));
}

fn no_random() -> anyhow::Error {
    anyhow!("the system gives no random numbers")
}
