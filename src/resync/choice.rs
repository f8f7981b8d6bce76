//! Which phones are meant, and what each of them can be asked.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;
use rayon::prelude::*;

use super::options::Options;
use super::target::{NoWay, Target, Way};
use crate::catalogue::Verb;
use crate::findings::nearest;
use crate::journal::{JournalError, Reader};
use crate::live::Serving;
use crate::phone::Mac;
use crate::server::seen;
use crate::world::{Unserved, World};

/// Why it is not clear which phones are meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// None of the fields that name phones is there.
    #[error("it is not said which phones: `macs`, `site`, `all` or `behind` was expected")]
    Nobody,
    /// Phones are named in two ways.
    #[error("`macs`, `site` and `all` exclude each other")]
    TwoChoices,
    /// Two ways lead to them.
    #[error("`direct` and `to` exclude each other")]
    TwoWays,
    /// The fleet has no such site.
    #[error("the site `{site}` does not exist")]
    NoSite {
        /// The site.
        site: CompactString,
        /// The nearest name of one.
        near: Option<CompactString>,
    },
    /// The fleet has no such phone.
    #[error("{0}")]
    NoPhone(Unserved),
    /// One address for many phones.
    #[error("`to` is the address of one phone, and {0} are named")]
    OneAddress(usize),
}

impl ChoiceError {
    /// What to do, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            ChoiceError::NoSite { near, .. } => near.as_ref().map(|near| format!("did you mean `{near}`?")),
            _ => None,
        }
    }
}

/// The phones of a site, or all of them, in order.
///
/// # Errors
/// There is no such site.
pub fn macs_of(world: &World, site: Option<&str>) -> Result<Vec<Mac>, ChoiceError> {
    if let Some(site) = site.filter(|site| world.site(site).is_none()) {
        let near = nearest(site, world.sites().map(|site| site.id.as_str())).map(CompactString::from);
        return Err(ChoiceError::NoSite { site: site.into(), near });
    }
    Ok(world.sites_of_phones().filter(|(_, own)| site.is_none_or(|site| *own == site)).map(|(mac, _)| mac).collect())
}

impl Options {
    /// The phones that are meant, in order and each once; where only those behind are, the caller takes them out of these.
    ///
    /// # Errors
    /// It is not clear which.
    pub fn macs(&self, world: &World) -> Result<Vec<Mac>, ChoiceError> {
        let choices = [!self.macs.is_empty(), self.site.is_some(), self.all];
        match choices.into_iter().filter(|is_there| *is_there).count() {
            0 if !self.behind => return Err(ChoiceError::Nobody),
            0 | 1 => {}
            _ => return Err(ChoiceError::TwoChoices),
        }
        if self.direct && self.to.is_some() {
            return Err(ChoiceError::TwoWays);
        }
        let mut macs = self.macs.clone();
        if macs.is_empty() {
            macs = macs_of(world, self.site.as_deref())?;
        }
        macs.sort_unstable();
        macs.dedup();
        if !self.macs.is_empty() {
            let unknown = macs.iter().filter(|mac| world.phone(**mac).is_none());
            unknown.map(|mac| world.subject(*mac)).collect::<Result<Vec<_>, _>>().map_err(ChoiceError::NoPhone)?;
        }
        match macs.len() {
            2.. if self.to.is_some() => Err(ChoiceError::OneAddress(macs.len())),
            _ => Ok(macs),
        }
    }
}

/// The firmware of phones.
pub type Firmware = HashMap<Mac, CompactString>;

/// What phones can be asked.
#[derive(Debug, Default)]
pub struct Plan {
    /// Those that can be asked.
    pub targets: Vec<Target>,
    /// Those that cannot, and why.
    pub unasked: Vec<(Mac, NoWay)>,
}

/// What each phone last told of its firmware to the server with this state folder; where that cannot be read, nothing.
pub async fn firmware_told(state: &Path) -> Arc<Firmware> {
    let folder = state.to_owned();
    let told = tokio::task::spawn_blocking(move || seen::all(&folder)).await;
    let told = told.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    Arc::new(told.unwrap_or_else(|error| {
        tracing::warn!("which firmware phones run cannot be read: {error}");
        Firmware::new()
    }))
}

/// Finds out what phones can be asked, and where; `firmware` is what phones last told, and `state` the folder of the server
/// from which they fetch.
///
/// # Errors
/// The journal cannot be read, so nobody knows from which addresses they fetched.
pub async fn plan(
    serving: &Arc<Serving>,
    macs: Vec<Mac>,
    verb: Verb,
    way: Way,
    firmware: &Arc<Firmware>,
    state: &Path,
) -> Result<Plan, JournalError> {
    let mut reader = if way == Way::Direct { Reader::open(state).await? } else { None };
    let mut sources: Vec<Option<IpAddr>> = vec![None; macs.len()];
    if let Some(reader) = &mut reader {
        for (mac, source) in macs.iter().zip(&mut sources) {
            *source = reader.served(*mac, 0).await?.and_then(|last| last.source?.parse().ok());
        }
    }
    let (serving, firmware) = (serving.clone(), firmware.clone());
    let plan = move || {
        let target = |(mac, source): (Mac, Option<IpAddr>)| {
            let subject = serving.world.subject(mac).map_err(|why| (mac, why.into()))?;
            let firmware = firmware.get(&mac).map(CompactString::as_str);
            Target::new(&subject, firmware, verb, &way, source).map_err(|why| (mac, why))
        };
        let (targets, unasked) = macs.into_par_iter().zip(sources).map(target).partition_map(|target| match target {
            Ok(target) => rayon::iter::Either::Left(target),
            Err(unasked) => rayon::iter::Either::Right(unasked),
        });
        Plan { targets, unasked }
    };
    // A panic is a mistake of ours, and no phone may be lost by it.
    Ok(tokio::task::spawn_blocking(plan).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
}
