//! `status`: which phones have got what the fleet says.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::args::{Format, Served, Status};
use super::output;
use super::state::default_state;
use crate::board::Counts;
use crate::journal::now_secs;
use crate::live::{Loader, Serving};
use crate::phone::Mac;
use crate::resync::{Books, ChoiceError, Standing, macs_of};

/// A fleet with what its server has recorded.
pub(super) struct Watched {
    pub(super) serving: Arc<Serving>,
    pub(super) state: PathBuf,
    /// None where no server has kept its state.
    books: Option<Books>,
}

impl Watched {
    pub(super) fn at(served: &Served) -> Result<Watched> {
        let fleet = &served.fleet.fleet;
        if !fleet.join("fleet.toml").is_file() {
            bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", fleet.display());
        }
        let state = served.state.clone().map_or_else(|| default_state(fleet), Ok)?;
        let books = Books::read(&state, now_secs())
            .with_context(|| format!("cannot read the state folder `{}`", state.display()))?;
        let mut loader = Loader::new(fleet);
        let serving = Arc::new(loader.load());
        Ok(Watched { serving, state, books })
    }

    /// How phones stand, in the same order.
    pub(super) fn standings(&self, macs: &[Mac]) -> Result<Vec<Standing>> {
        let books = self.books.as_ref().ok_or_else(|| {
            let hint =
                "name the server's state folder with --state DIR; as another user than the server's it may not be seen";
            anyhow!("no server has kept its state in `{}`\n  hint: {hint}", self.state.display())
        })?;
        Ok(macs.par_iter().map(|mac| books.standing(&self.serving, *mac)).collect())
    }

    /// The site of a phone.
    pub(super) fn site_of(&self, mac: Mac) -> &str {
        self.serving.world.site_of(mac).map_or("", |site| site.as_str())
    }
}

/// Which phones are meant is not clear: why, and what to do.
pub(super) fn told(error: ChoiceError) -> anyhow::Error {
    let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    anyhow!("{error}{hint}")
}

/// Tells how phones stand; 1 if one has not got what the fleet says.
pub fn run(args: &Status) -> Result<u8> {
    let watched = Watched::at(&args.served)?;
    let macs = macs_of(&watched.serving.world, args.site.as_deref()).map_err(told)?;
    let standings = watched.standings(&macs)?;
    let counts: Counts = standings.iter().map(Standing::state).collect();
    let Counts { in_sync, behind, never_seen, unserved, .. } = counts;
    match args.format {
        Format::Json => {
            let phone = |(mac, standing): (&Mac, &Standing)| -> Result<Value> {
                let mut phone = serde_json::to_value(standing)?;
                phone["mac"] = json!(mac);
                phone["site"] = watched.site_of(*mac).into();
                Ok(phone)
            };
            let phones = macs.iter().zip(&standings).map(phone).collect::<Result<Vec<_>>>()?;
            output::json(&json!({
                "in_sync": in_sync, "behind": behind, "never_seen": never_seen, "unserved": unserved, "phones": phones,
            }))?;
        }
        Format::Human => {
            let rows = macs.iter().zip(&standings).filter_map(|(mac, standing)| {
                Some([mac.to_string(), watched.site_of(*mac).to_owned(), what(standing)?])
            });
            output::table(&rows.collect::<Vec<_>>())?;
            let others = if unserved > 0 { format!(", {unserved} cannot be served") } else { String::new() };
            let phones = output::counted(macs.len(), "phone");
            output::line(&format!("{phones}: {in_sync} in sync, {behind} behind, {never_seen} never seen{others}"))?;
        }
    }
    Ok(u8::from(in_sync < macs.len()))
}

/// What is not well with a phone.
fn what(standing: &Standing) -> Option<String> {
    match standing {
        Standing::InSync => None,
        Standing::Behind { files } => Some(format!("behind: {}", files.join(", "))),
        Standing::NeverSeen => Some("never seen".to_owned()),
        Standing::Unserved { why } => Some(why.clone()),
    }
}
