//! `seen`: phones that asked and that nobody has claimed.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};
use tz::UtcDateTime;

use super::args::{Format, Seen};
use super::claim::seen;
use super::output;
use crate::catalogue::Catalogue;
use crate::fleet::{Entity, list};
use crate::journal::now_secs;
use crate::live::Loader;
use crate::phone::Mac;
use crate::server::strangers::Stranger;

/// Lists them, the last one first.
pub fn run(args: &Seen) -> Result<u8> {
    let (_, strangers, _) = seen(&args.served)?;
    let fleet = &args.served.fleet.fleet;
    let listing = Listing {
        catalogue: &Loader::new(fleet).catalogue(),
        files: list(fleet).0.into_iter().filter_map(file_of_a_phone).collect(),
        strangers: &strangers,
        now: now_secs(),
    };
    match args.format {
        Format::Json => output::json(&strangers.iter().map(|known| listing.as_json(known)).collect::<Vec<_>>())?,
        Format::Human if strangers.is_empty() => anstream::eprintln!("every phone that asked is claimed"),
        Format::Human => strangers.iter().try_for_each(|known| listing.print(known))?,
    }
    Ok(0)
}

fn file_of_a_phone(entity: Entity) -> Option<(Mac, String)> {
    match &entity {
        Entity::Phone(_, stem) => Some((stem.parse().ok()?, entity.path().display().to_string())),
        _ => None,
    }
}

struct Listing<'a> {
    catalogue: &'a Catalogue,
    /// The files of the fleet's phones.
    files: BTreeMap<Mac, String>,
    strangers: &'a [Stranger],
    now: u64,
}

impl Listing<'_> {
    fn print(&self, known: &Stranger) -> Result<()> {
        let told = &known.told;
        let is = told.model.as_deref().or(told.product.as_deref()).unwrap_or(&told.family);
        let firmware = told.firmware.as_ref().map(|firmware| format!(", firmware {firmware}")).unwrap_or_default();
        output::line(&format!("{}  {is}{firmware}, from {}", known.mac, known.source))?;
        let (first, last) = (moment(known.first), moment(known.last));
        output::line(&format!(
            "  asked {}, first {first}, last {last}",
            output::counted(known.count as usize, "time")
        ))?;
        if let Some(file) = self.files.get(&known.mac) {
            output::line(&format!("  is in the fleet ({file}), and shows nothing that its site trusts"))?;
        }
        if let Some(shown) = self.shown(known) {
            output::line(&format!("  its code stands {shown}"))?;
        }
        if self.has_rival(known) {
            output::line("  ! another phone waits under this MAC: one of the two is not what it says")?;
        }
        match self.command(known) {
            Some(command) => output::line(&format!("  {command}")),
            None => output::line("  its code has expired: it gets another when it asks again"),
        }
    }

    /// Where its code stands, if one waits.
    fn shown(&self, known: &Stranger) -> Option<&str> {
        let family = &self.catalogue.families.get(&known.told.family)?.family;
        known.waits(self.now).then(|| family.pairing.as_ref()?.shown.as_deref())?
    }

    fn has_rival(&self, known: &Stranger) -> bool {
        let waits = |other: &&Stranger| other.mac == known.mac && other.waits(self.now);
        known.waits(self.now) && self.strangers.iter().filter(waits).count() > 1
    }

    /// What to type.
    fn command(&self, known: &Stranger) -> Option<String> {
        let what = if known.waits(self.now) { "CODE".to_owned() } else { format!("--mac {}", known.mac) };
        let model = if known.told.model.is_some() { "" } else { " --model MODEL" };
        match self.files.contains_key(&known.mac) {
            true => known.waits(self.now).then(|| "offhook claim CODE".to_owned()),
            false => Some(format!("offhook claim {what} --site SITE --line LINE{model}")),
        }
    }

    fn as_json(&self, known: &Stranger) -> Value {
        let told = &known.told;
        json!({
            "mac": known.mac,
            "source": known.source,
            "family": told.family,
            "model": told.model,
            "product": told.product,
            "firmware": told.firmware,
            "first": known.first,
            "last": known.last,
            "count": known.count,
            "code_waits": known.waits(self.now),
            "has_rival": self.has_rival(known),
            "file": self.files.get(&known.mac),
            "command": self.command(known),
        })
    }
}

/// Seconds since 1970 as people write a moment, in UTC.
fn moment(secs: u64) -> String {
    let date = i64::try_from(secs).ok().and_then(|secs| UtcDateTime::from_timespec(secs, 0).ok());
    date.map_or_else(String::new, |date| {
        let (month, day, hour, minute) = (date.month(), date.month_day(), date.hour(), date.minute());
        format!("{}-{month:02}-{day:02} {hour:02}:{minute:02} UTC", date.year())
    })
}
