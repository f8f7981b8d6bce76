//! `resync`: asks phones to fetch their files again, and tells who came back.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;
use serde_json::{Value, json};

use super::args::{Format, Resync};
use super::history::wait_for;
use super::output;
use super::status::Watched;
use crate::catalogue::Verb;
use crate::journal::{self, Reader};
use crate::phone::Mac;
use crate::resync::{Asking, Ended, Hop, Job, NoWay, Outcome, Pace, Standing, Target, Transport, Way};
use crate::simulate::trust::{self, Trust};

/// Phones that cannot be asked, and why.
type Unasked = Vec<(Mac, NoWay)>;

/// Asks phones; 1 if one did not come back.
pub fn run(args: &Resync) -> Result<u8> {
    let watched = Watched::at(&args.served)?;
    let macs = chosen(args, &watched)?;
    wait_for(async {
        let (targets, unasked) = targets(args, &watched, &macs).await?;
        if args.dry_run {
            return dry_run(args, &targets, &unasked);
        }
        if !journal::path(&watched.state).exists() {
            let state = watched.state.display();
            bail!(
                "there is no journal in `{state}`, so nobody would know who came back\n  hint: name the server's state folder with --state DIR"
            );
        }
        let trust = match (&args.ca, args.insecure) {
            (Some(ca), _) => Trust::File(ca),
            (None, true) => Trust::Anybody,
            (None, false) => Trust::System,
        };
        let wait = Duration::from_secs(args.wait);
        let asking = Asking::new(trust::config(trust).map_err(|why| anyhow!(why))?, wait);
        let job = Job { targets, pace: pace(args), wait, asking, state: watched.state.clone() };
        let bar = progress(job.targets.len());
        let ended = job.run(|_, _| bar.inc(1)).await?;
        bar.finish_and_clear();
        report(args, &job, &ended, &unasked)
    })
}

fn pace(args: &Resync) -> Pace {
    Pace {
        overall: args.pace,
        of_site: args.site_pace,
        of_hop: args.hop_pace,
        canary: args.canary,
        wave: args.wave,
        bearable: f64::from(args.stop) / 100.0,
    }
}

fn chosen(args: &Resync, watched: &Watched) -> Result<Vec<Mac>> {
    let mut macs = match args.macs.as_slice() {
        [] => watched.macs(args.site.as_deref())?,
        macs => macs.iter().map(|mac| Ok(mac.parse()?)).collect::<Result<Vec<Mac>>>()?,
    };
    macs.sort_unstable();
    macs.dedup();
    if let Some(unknown) = macs.iter().find(|mac| watched.serving.world.phone(**mac).is_none() && !args.macs.is_empty())
    {
        watched.serving.world.subject(*unknown)?;
    }
    if args.to.is_some() && macs.len() > 1 {
        bail!("--to is the address of one phone, and {} are named", macs.len());
    }
    if args.behind {
        let standings = watched.standings(&macs)?;
        let is_behind = |standing: &Standing| matches!(standing, Standing::Behind { .. });
        macs =
            macs.into_iter().zip(&standings).filter(|(_, standing)| is_behind(standing)).map(|(mac, _)| mac).collect();
    }
    Ok(macs)
}

async fn targets(args: &Resync, watched: &Watched, macs: &[Mac]) -> Result<(Vec<Target>, Unasked)> {
    let verb = if args.reboot { Verb::Reboot } else { Verb::Resync };
    let way = match &args.to {
        Some(hop) => Way::At(hop.clone()),
        None if args.direct => Way::Direct,
        None => Way::Registrar,
    };
    let mut reader = if args.direct { Reader::open(&watched.state).await? } else { None };
    let (mut targets, mut unasked) = (Vec::new(), Vec::new());
    for mac in macs {
        let source: Option<IpAddr> = match &mut reader {
            Some(reader) => reader.served(*mac, 0).await?.and_then(|last| last.source?.parse().ok()),
            None => None,
        };
        let subject = watched.serving.world.subject(*mac).map_err(NoWay::from);
        match subject.and_then(|subject| Target::new(&subject, verb, &way, source)) {
            Ok(target) => targets.push(target),
            Err(why) => unasked.push((*mac, why)),
        }
    }
    Ok((targets, unasked))
}

fn dry_run(args: &Resync, targets: &[Target], unasked: &Unasked) -> Result<u8> {
    if args.format == Format::Json {
        let target = |target: &Target| json!({ "mac": target.mac, "site": target.site, "event": target.notice.event, "to": target.hop.to_string() });
        let targets: Vec<Value> = targets.iter().map(target).collect();
        output::json(&json!({ "would_ask": targets, "cannot_ask": as_json(unasked) }))?;
        return Ok(u8::from(!unasked.is_empty()));
    }
    let row = |target: &Target| {
        let Target { mac, site, notice, hop, .. } = target;
        [mac.to_string(), site.to_string(), notice.event.to_string(), hop.to_string()]
    };
    output::table(&targets.iter().map(row).collect::<Vec<_>>())?;
    tell_unasked(unasked)?;
    output::line(&format!("{} would be asked", output::counted(targets.len(), "phone")))?;
    Ok(u8::from(!unasked.is_empty()))
}

fn as_json(unasked: &Unasked) -> Vec<Value> {
    unasked.iter().map(|(mac, why)| json!({ "mac": mac, "why": why.to_string() })).collect()
}

fn tell_unasked(unasked: &Unasked) -> Result<()> {
    unasked.iter().try_for_each(|(mac, why)| output::line(&format!("{mac} cannot be asked: {why}")))
}

/// A bar on stderr, where that is a terminal.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} phones, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn report(args: &Resync, job: &Job, ended: &Ended, unasked: &Unasked) -> Result<u8> {
    let Ended { outcomes, stopped } = ended;
    let is_well = unasked.is_empty() && outcomes.iter().all(|outcome| matches!(outcome, Outcome::CameBack { .. }));
    if args.format == Format::Json {
        let phone = |(target, outcome): (&Target, &Outcome)| -> Result<Value> {
            let mut phone = serde_json::to_value(outcome)?;
            phone["mac"] = json!(target.mac);
            phone["site"] = target.site.as_str().into();
            Ok(phone)
        };
        let phones = job.targets.iter().zip(outcomes).map(phone).collect::<Result<Vec<_>>>()?;
        output::json(&json!({ "phones": phones, "stopped": stopped, "cannot_ask": as_json(unasked) }))?;
        return Ok(u8::from(!is_well));
    }
    for (target, outcome) in job.targets.iter().zip(outcomes) {
        let mac = target.mac;
        match outcome {
            Outcome::CameBack { .. } | Outcome::NotAsked => {}
            Outcome::Refused { code, why } => output::line(&format!("{mac} {}: {code} {why}", "refused".red()))?,
            Outcome::NoAnswer { why } => output::line(&format!("{mac} {why}"))?,
            Outcome::NeverCame => {
                output::line(&format!(
                    "{mac} took the request and never came: `offhook why {mac}` tells if it was refused"
                ))?;
            }
        }
    }
    tell_unasked(unasked)?;
    if *stopped {
        output::line("stopped: too many did not come back, so nobody else is asked")?;
    }
    output::line(&summary(outcomes, unasked.len()))?;
    Ok(u8::from(!is_well))
}

/// Such as `214 phones: 203 came back (median 12 s), 8 did not answer, 3 refused`.
fn summary(outcomes: &[Outcome], unasked: usize) -> String {
    let mut times: Vec<u64> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::CameBack { after_ms, .. } => Some(*after_ms),
            _ => None,
        })
        .collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).map(|ms| format!(" (median {})", duration(*ms))).unwrap_or_default();
    let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
    let others = [
        (count(|outcome| *outcome == Outcome::NeverCame), "never came"),
        (count(|outcome| matches!(outcome, Outcome::NoAnswer { .. })), "did not answer"),
        (count(|outcome| matches!(outcome, Outcome::Refused { .. })), "refused"),
        (count(|outcome| *outcome == Outcome::NotAsked), "not asked any more"),
        (unasked, "cannot be asked"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    let phones = output::counted(outcomes.len() + unasked, "phone");
    format!("{phones}: {} came back{median}{}", times.len(), others.collect::<String>())
}

fn duration(ms: u64) -> String {
    if ms < 10_000 { format!("{}.{} s", ms / 1000, ms % 1000 / 100) } else { format!("{} s", ms / 1000) }
}

/// A pace such as `20/s`.
pub(super) fn per_second(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse().ok();
    let is_pace = |pace: &f64| (0.001..=10_000.0).contains(pace);
    number.filter(is_pace).ok_or_else(|| "write how many phones a second, such as 20/s or 0.5/s".to_owned())
}

/// How many phones may be out: each holds a socket.
pub(super) fn wave(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|wave| (1..=10_000).contains(wave));
    number.ok_or_else(|| "write a number from 1 to 10000".to_owned())
}

/// An address such as `tcp:192.0.2.7:5060`.
pub(super) fn hop(text: &str) -> Result<Hop, String> {
    let (transport, rest) = match text.split_once(':').map(|(word, rest)| (Transport::named(word), rest)) {
        Some((Some(transport), rest)) => (transport, rest),
        _ => (Transport::Udp, text),
    };
    let wrong =
        || format!("`{text}` is no address: write one such as 192.0.2.7, 192.0.2.7:5062 or tcp:[2001:db8::7]:5060");
    let alone = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !alone(rest) => (host, port.parse().map_err(|_| wrong())?),
        _ => (rest, transport.port()),
    };
    let is_host = alone(host) || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    if host.is_empty() || port == 0 || !is_host {
        return Err(wrong());
    }
    Ok(Hop { host: host.trim_matches(['[', ']']).into(), port, transport })
}
