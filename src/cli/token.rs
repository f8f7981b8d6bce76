//! `token`: who may use the administrator's API, and for what.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use super::args::{Format, RoleName, Served, Token, TokenCommand, TokenCreate, TokenList, TokenRevoke};
use super::output::no_such;
use super::state::{default_state, state_folder};
use super::tokens::say;
use super::{changes, output};
use crate::access::{AccessTokens, NewToken, Role, TokenInfo, TokenState};
use crate::findings::nearest;
use crate::fleet::Keeping;
use crate::journal::{Change, now_secs};
use crate::live::Loader;
use crate::server::orders::heard;
use crate::world::World;

const HOUR_SECS: u64 = 3600;

/// For how long a token is good, in seconds; none: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life(Option<u64>);

/// Makes, lists or revokes tokens.
pub fn run(args: &Token) -> Result<u8> {
    match &args.command {
        TokenCommand::Create(args) => create(args),
        TokenCommand::List(args) => list(args),
        TokenCommand::Revoke(args) => revoke(args),
    }
}

fn create(args: &TokenCreate) -> Result<u8> {
    let fleet = fleet(&args.served)?;
    let role = role(args, &fleet)?;
    let folder = state_folder(args.served.state.as_deref(), &args.served.fleet.fleet)?;
    let now = now_secs();
    let expires = args.expires.0.map(|secs| now.saturating_add(secs));
    let minted = AccessTokens::open(&folder)?.create(NewToken { name: args.name.clone(), role, expires }, now)?;
    note(&folder, &args.served, &fleet, "token create", &minted.info);
    let TokenInfo { id, role, expires, .. } = &minted.info;
    let until = expires.as_ref().map_or("for ever".to_owned(), |expires| format!("until {expires}"));
    anstream::eprintln!("the token `{id}`, {role}, is good {until}:");
    output::line(minted.token.expose())?;
    anstream::eprintln!("it is shown this once; `offhook token revoke {id}` takes it back");
    say(heard(&folder)?, &folder, "the token is for one that will");
    Ok(0)
}

fn list(args: &TokenList) -> Result<u8> {
    is_fleet(&args.served)?;
    let all = AccessTokens::open(&folder(&args.served)?)?.list(now_secs());
    if args.format == Format::Json {
        output::json(&all)?;
        return Ok(0);
    }
    let row = |info: &TokenInfo| {
        let TokenInfo { id, name, role, state, created, expires, last_used } = info;
        let day = |time: &str| time.chars().take(10).collect::<String>();
        let until = match (state, expires) {
            (TokenState::Revoked, _) => "revoked".to_owned(),
            (TokenState::Expired, expires) => format!("expired {}", expires.as_deref().map(day).unwrap_or_default()),
            (TokenState::Good, Some(expires)) => format!("until {}", day(expires)),
            (TokenState::Good, None) => "for ever".to_owned(),
        };
        let used = last_used.as_ref().map_or("never used".to_owned(), |used| format!("used {used}"));
        [id.to_string(), name.to_string(), format!("made {}", day(created)), until, used, role.to_string()]
    };
    output::table(&all.iter().map(row).collect::<Vec<_>>())?;
    if all.is_empty() {
        anstream::eprintln!("there is no token");
    }
    Ok(0)
}

fn revoke(args: &TokenRevoke) -> Result<u8> {
    let fleet = fleet(&args.served)?;
    let (folder, now) = (folder(&args.served)?, now_secs());
    let tokens = AccessTokens::open(&folder)?;
    let all = tokens.list(now);
    if !all.iter().any(|info| info.id == args.id) {
        let near = nearest(&args.id, all.iter().map(|info| info.id.as_str()));
        let hint = near.map_or("`offhook token list` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        // What is given may be the whole token, which must not be shown again.
        bail!("there is no token of this id\n  hint: {hint}");
    }
    let info = tokens.revoke(&args.id, now)?;
    note(&folder, &args.served, &fleet, "token revoke", &info);
    anstream::eprintln!("the token `{}` of `{}` is dead", info.id, info.name);
    say(heard(&folder)?, &folder, "this holds from its next start on");
    Ok(0)
}

fn is_fleet(served: &Served) -> Result<&Path> {
    let fleet = &served.fleet.fleet;
    if !fleet.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", fleet.display());
    }
    Ok(fleet)
}

fn fleet(served: &Served) -> Result<World> {
    Ok(Loader::new(is_fleet(served)?).without_key().load().world)
}

fn folder(served: &Served) -> Result<PathBuf> {
    served.state.clone().map_or_else(|| default_state(&served.fleet.fleet), Ok)
}

/// The role with what it is for, which has to be there.
fn role(args: &TokenCreate, fleet: &World) -> Result<Role> {
    let TokenCreate { role, site, line, .. } = args;
    if !line.is_empty() && *role != RoleName::User {
        bail!("--line is for the role `user`");
    }
    if !site.is_empty() && !matches!(role, RoleName::Operator | RoleName::Reader) {
        let hint = if *role == RoleName::User { "\n  hint: name its lines with --line SITE/LINE" } else { "" };
        bail!("--site is for the roles `operator` and `reader`{hint}");
    }
    let all: Vec<&str> = fleet.sites().map(|site| site.id.as_str()).collect();
    let is_site = |id: &str| fleet.site(id).map(|_| ()).ok_or_else(|| no_such("site", id, &all));
    site.iter().try_for_each(|id| is_site(id))?;
    for own in line {
        is_site(&own.site)?;
        let lines: Vec<&str> = fleet.lines_of(&own.site).map(|line| line.name.as_str()).collect();
        let missing = || no_such(&format!("line of the site `{}`", own.site), &own.line, &lines);
        fleet.line(&own.site, &own.line).ok_or_else(missing)?;
    }
    let sites = || site.iter().map(|id| id.as_str().into()).collect();
    match role {
        RoleName::Admin => Ok(Role::Admin {}),
        RoleName::Operator if site.is_empty() => Err(anyhow!("an operator needs a site: name it with --site SITE")),
        RoleName::Operator => Ok(Role::Operator { sites: sites() }),
        RoleName::Reader => Ok(Role::Reader { sites: (!site.is_empty()).then(sites) }),
        RoleName::User if line.is_empty() => Err(anyhow!("a user needs a line: name it with --line SITE/LINE")),
        RoleName::User => Ok(Role::User { lines: line.iter().cloned().collect() }),
    }
}

/// Tells the journal who did it.
fn note(state: &Path, served: &Served, fleet: &World, what: &str, info: &TokenInfo) {
    let after = Some(format!("{}, {}", info.name, info.role));
    let change = Change { after, ..changes::made(what, &format!("token {}", info.id), None) };
    let keeping = fleet.root().map_or_else(Keeping::default, |root| root.journal);
    changes::record(Some(state), &served.fleet.fleet, keeping, &[change]);
}

/// Reads for how long a token is good.
///
/// # Errors
/// What was expected.
pub fn life(text: &str) -> Result<Life, String> {
    if text == "never" {
        return Ok(Life(None));
    }
    let expected = || format!("`{text}` is no span of time: 12h, 90d or never were expected, 3650d at most");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(expected)?;
    let unit = match unit {
        "h" => HOUR_SECS,
        "d" => 24 * HOUR_SECS,
        _ => return Err(expected()),
    };
    let secs = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let secs = secs.filter(|secs| (HOUR_SECS..=NewToken::LONGEST_SECS).contains(secs)).ok_or_else(expected)?;
    Ok(Life(Some(secs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_token_is_good() {
        let days = |days: u64| Life(Some(days * 86_400));
        for (text, is) in [
            ("12h", Life(Some(43_200))),
            ("90d", days(90)),
            ("3650d", days(3650)),
            ("365d", Life(Some(NewToken::USUAL_SECS))),
            ("never", Life(None)),
        ] {
            assert_eq!(life(text), Ok(is));
        }
        for text in ["", "d", "90", "0d", "3651d", "-1d", "1.5d", "Never", "15m", "99999999999999999999d", "15é"] {
            let what = format!("`{text}` is no span of time: 12h, 90d or never were expected, 3650d at most");
            assert_eq!(life(text), Err(what));
        }
    }
}
