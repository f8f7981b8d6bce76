//! `resync`: asks phones to fetch their files again, and tells who came back.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::args::{Format, Resync};
use super::history::wait_for;
use super::output;
use super::status::{Watched, told};
use crate::journal;
use crate::phone::Mac;
use crate::resync::{
    Asking, Ended, Job, Options, Outcome, Plan, PlanView, Progress, Standing, StartError, Step, Stop, Summary, Target,
    TargetView, UnaskedView, firmware_told, keeps_journal, plan,
};
use crate::simulate::trust::{self, Trust};

/// Asks phones; 1 if one did not come back.
pub fn run(args: &Resync) -> Result<u8> {
    let watched = Watched::at(&args.served)?;
    let options = options(args)?;
    let macs = chosen(&options, &watched)?;
    wait_for(async {
        let firmware = firmware_told(&watched.state).await;
        let plan = plan(&watched.serving, macs, options.verb(), options.way(), &firmware, &watched.state).await?;
        if args.dry_run {
            return dry_run(args, &plan);
        }
        if !keeps_journal(&watched.serving.world) {
            bail!("{}", StartError::NoJournal);
        }
        if !journal::path(&watched.state).exists() {
            let state = watched.state.display();
            bail!(
                "there is no journal in `{state}`, so nobody would know who came back\n  hint: name the server's state folder with --state DIR"
            );
        }
        let trust = Trust::chosen(args.ca.as_deref(), args.insecure);
        let asking = Asking::new(trust::config(trust).map_err(|why| anyhow!(why))?, options.wait);
        let PlanView { cannot_ask, .. } = PlanView::from(&plan);
        let job = Job {
            targets: plan.targets,
            pace: options.pace(),
            wait: options.wait,
            asking,
            state: watched.state.clone(),
        };
        let bar = progress(job.targets.len());
        let count = |_, step: Step<'_>| bar.inc(u64::from(step != Step::Asked));
        let ended = job.run(count, watch::channel(Stop::No).1).await?;
        bar.finish_and_clear();
        report(args, &job, &ended, &cannot_ask)
    })
}

fn options(args: &Resync) -> Result<Options> {
    Ok(Options {
        macs: args.macs.iter().map(|mac| Ok(mac.parse()?)).collect::<Result<Vec<Mac>>>()?,
        site: args.site.as_deref().map(Into::into),
        all: args.all,
        behind: args.behind,
        reboot: args.reboot,
        direct: args.direct,
        to: args.to.clone(),
        pace: args.pace,
        site_pace: args.site_pace,
        hop_pace: args.hop_pace,
        canary: args.canary,
        wave: args.wave,
        stop: args.stop,
        wait: Duration::from_secs(args.wait),
    })
}

fn chosen(options: &Options, watched: &Watched) -> Result<Vec<Mac>> {
    let macs = options.macs(&watched.serving.world).map_err(told)?;
    if !options.behind {
        return Ok(macs);
    }
    let standings = watched.standings(&macs)?;
    let is_behind = |standing: &Standing| matches!(standing, Standing::Behind { .. });
    Ok(macs.into_iter().zip(&standings).filter(|(_, standing)| is_behind(standing)).map(|(mac, _)| mac).collect())
}

fn dry_run(args: &Resync, plan: &Plan) -> Result<u8> {
    let PlanView { would_ask, cannot_ask } = &PlanView::from(plan);
    if args.format == Format::Json {
        output::json(&json!({ "would_ask": would_ask, "cannot_ask": cannot_ask }))?;
    } else {
        let row = |phone: &TargetView| {
            [phone.mac.to_string(), phone.site.to_string(), phone.event.to_string(), phone.to.clone()]
        };
        output::table(&would_ask.iter().map(row).collect::<Vec<_>>())?;
        tell_unasked(cannot_ask)?;
        output::line(&format!("{} would be asked", output::counted(would_ask.len(), "phone")))?;
    }
    Ok(u8::from(!cannot_ask.is_empty()))
}

fn tell_unasked(unasked: &[UnaskedView]) -> Result<()> {
    unasked.iter().try_for_each(|phone| output::line(&format!("{} cannot be asked: {}", phone.mac, phone.why)))
}

/// A bar on stderr, where that is a terminal.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} phones, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn report(args: &Resync, job: &Job, ended: &Ended, unasked: &[UnaskedView]) -> Result<u8> {
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
        output::json(&json!({ "phones": phones, "stopped": stopped, "cannot_ask": unasked }))?;
        return Ok(u8::from(!is_well));
    }
    for (target, outcome) in job.targets.iter().zip(outcomes) {
        let mac = target.mac;
        match outcome {
            Outcome::Refused { code, why } => output::line(&format!("{mac} {}: {code} {why}", "refused".red()))?,
            Outcome::NoAnswer { why } => output::line(&format!("{mac} {why}"))?,
            Outcome::NeverCame => {
                output::line(&format!(
                    "{mac} took the request and never came: `offhook why {mac}` tells if it was refused"
                ))?;
            }
            _ => {}
        }
    }
    tell_unasked(unasked)?;
    if *stopped {
        output::line("stopped: too many did not come back, so nobody else is asked")?;
    }
    output::line(&summary(job, outcomes, unasked).to_string())?;
    Ok(u8::from(!is_well))
}

fn summary(job: &Job, outcomes: &[Outcome], unasked: &[UnaskedView]) -> Summary {
    let asked = job.targets.iter().zip(outcomes).map(|(target, outcome)| (target.mac, outcome.clone()));
    let unasked = unasked.iter().map(|phone| (phone.mac, Outcome::CannotBeAsked { why: phone.why.clone() }));
    let all: Vec<(Mac, Progress)> =
        asked.chain(unasked).map(|(mac, outcome)| (mac, Progress::Ended(outcome))).collect();
    Summary::of(all.iter().map(|(mac, progress)| (*mac, progress)))
}
