//! `url`, `rearm`, `revoke`: how a phone comes to its files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::args::{Format, PhoneTokens, Rearm, Url};
use super::inspect::Looking;
use super::state::state_folder;
use super::{changes, output};
use crate::fleet::Rung;
use crate::journal::now_secs;
use crate::render::with_token;
use crate::server::orders::{Heard, Order, heard, look, tell};
use crate::server::tokens::Tokens;

/// Prints what to type into a phone.
pub fn url(args: &Url) -> Result<u8> {
    let looking = Looking::at(&args.of.phone.fleet.fleet, &args.of.phone.mac)?;
    if args.token {
        takes_tokens(&looking)?;
    }
    let token = args.token || looking.subject.site.trust.gives_tokens();
    print_url(&looking, &args.of, token)?;
    if token {
        let folder = folder(&args.of)?;
        say(heard(&folder)?, &folder, "the token is for one that will");
    }
    Ok(0)
}

/// Lets a phone begin anew.
pub fn rearm(args: &Rearm) -> Result<u8> {
    let looking = Looking::at(&args.of.phone.fleet.fleet, &args.of.phone.mac)?;
    takes_tokens(&looking)?;
    let (mac, from, now) = (looking.subject.phone.mac, args.from, now_secs());
    let order = Order::Rearm { mac, from, until: now.saturating_add(args.secs) };
    let heard = told(&args.of, order, now)?;
    note(&looking, &args.of, "rearm");
    let time = spelled(args.secs);
    match from {
        Some(from) => anstream::eprintln!("for {time} `{mac}` gets its files from {from} with any token or none"),
        None => anstream::eprintln!("for {time} the first-boot token of `{mac}` is good again"),
    }
    anstream::eprintln!("that ends as soon as the phone has begun anew and asks with its own token");
    say(heard, &folder(&args.of)?, "this holds from its next start on");
    print_url(&looking, &args.of, true)?;
    Ok(0)
}

/// Kills a phone's tokens.
pub fn revoke(args: &PhoneTokens) -> Result<u8> {
    let looking = Looking::at(&args.phone.fleet.fleet, &args.phone.mac)?;
    takes_tokens(&looking)?;
    let mac = looking.subject.phone.mac;
    let heard = told(args, Order::RevokeTokens { mac }, now_secs())?;
    note(&looking, args, "revoke");
    anstream::eprintln!("every token that `{mac}` had is dead, its own one too");
    anstream::eprintln!("  hint: type the new address in, or let it begin anew: `offhook rearm {mac} --from NETWORK`");
    say(heard, &folder(args)?, "this holds from its next start on");
    print_url(&looking, args, true)?;
    Ok(0)
}

fn takes_tokens(looking: &Looking) -> Result<()> {
    let site = &looking.subject.site;
    if !site.trust.knows(Rung::Token) {
        let id = &site.id;
        bail!(
            "the site `{id}` takes no tokens\n  hint: add \"token\" to `accept` in [trust] of `sites/{id}/site.toml`"
        );
    }
    Ok(())
}

fn folder(of: &PhoneTokens) -> Result<PathBuf> {
    state_folder(of.state.as_deref(), &of.phone.fleet.fleet)
}

fn told(of: &PhoneTokens, order: Order, now: u64) -> Result<Heard> {
    let folder = folder(of)?;
    tell(&folder, order, now).with_context(|| format!("cannot write to the state folder `{}`", folder.display()))
}

/// Tells the journal who did it.
fn note(looking: &Looking, of: &PhoneTokens, what: &str) {
    let phone = &looking.subject.phone;
    let change = changes::made(what, &phone.path(), phone.mac);
    changes::record(of.state.as_deref(), &of.phone.fleet.fleet, looking.subject.root.journal, &[change]);
}

/// Says so where no server hears it.
pub(super) fn say(heard: Heard, folder: &Path, so: &str) {
    if heard == Heard::AtTheNextStart {
        anstream::eprintln!("no server keeps its state in `{}` now: {so}", folder.display());
        anstream::eprintln!("  hint: name the folder of one that runs with --state DIR");
    }
}

fn print_url(looking: &Looking, of: &PhoneTokens, token: bool) -> Result<()> {
    let (family, mac) = (&looking.subject.maker.family, looking.subject.phone.mac);
    let now = now_secs();
    let tokens = token.then(|| tokens(of, now)).transpose()?;
    let standing = tokens.as_ref().map(|tokens| tokens.standing(mac)).unwrap_or_default();
    let first = tokens.map(|tokens| tokens.first_boot(mac));
    let base = with_token(&looking.url, first.as_ref().map(|token| token.as_str()));
    let url = family.provisioning_url.replace("{base}", &base).replace("{mac}", &mac.to_string());
    let files: Vec<String> = looking.files().into_iter().map(|(name, _)| format!("{base}/{name}")).collect();
    if of.phone.format == Format::Json {
        return output::json(&json!({ "url": url, "where": family.provisioning_where, "files": files }));
    }
    output::line(&url)?;
    if let Some(place) = &family.provisioning_where {
        anstream::eprintln!("type it at: {place}");
    }
    for file in files {
        anstream::eprintln!("the phone then asks for {file}");
    }
    if standing.is_settled() && standing.open_window(now).is_none() {
        anstream::eprintln!("`{mac}` uses a token of its own by now, so this one is dead");
        anstream::eprintln!("  hint: `offhook rearm {mac}` makes it good again for a time");
    }
    Ok(())
}

/// The tokens as the server of the state folder knows them.
fn tokens(of: &PhoneTokens, now: u64) -> Result<Tokens> {
    let folder = folder(of)?;
    let read = look(&folder, now).and_then(|told| Tokens::look(&folder, &told));
    read.with_context(|| format!("cannot use the state folder `{}`", folder.display()))
}

fn spelled(secs: u64) -> String {
    match secs {
        _ if secs.is_multiple_of(3600) => output::counted((secs / 3600) as usize, "hour"),
        _ if secs.is_multiple_of(60) => output::counted((secs / 60) as usize, "minute"),
        _ => output::counted(secs as usize, "second"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resync::seconds;

    #[test]
    fn spans_of_time() {
        for (text, secs, told) in
            [("15m", 900, "15 minutes"), ("1h", 3600, "1 hour"), ("24h", 86_400, "24 hours"), ("90s", 90, "90 seconds")]
        {
            assert_eq!(seconds(text), Ok(secs));
            assert_eq!(spelled(secs), told);
        }
        for text in ["", "m", "15", "0s", "25h", "-1m", "1.5h", "15 m", "99999999999999999999h", "15é"] {
            let what = format!("`{text}` is no span of time: 90s, 15m or 2h were expected, 24h at most");
            assert_eq!(seconds(text), Err(what));
        }
    }
}
