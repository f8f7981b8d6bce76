//! The phones that restart once they have taken their files, as far as anybody says so.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::Reboot;
use super::files::Differing;
use crate::catalogue::{Family, Reboots};
use crate::format::Format;

/// Why a phone of this family restarts; nothing where nobody says so. Only parameters that may differ are looked for. A parameter that comes or goes tells nothing: the
/// phone may have that value already, and keeps what no file names.
pub(super) fn of(differing: &[Differing<'_>], may_differ: impl Fn(&str) -> bool, family: &Family) -> Vec<Reboot> {
    let listed: BTreeSet<&str> = family.reboots.iter().flat_map(names).filter(|name| may_differ(name)).collect();
    // Files are read only where that can be.
    let Some(format) = family.format().filter(|_| !listed.is_empty()) else { return Vec::new() };
    let texts = differing.iter().filter_map(Differing::texts);
    let changed: BTreeSet<&str> = texts.flat_map(|(was, will_be)| changed(format, &was, &will_be, &listed)).collect();
    let reboots = family.reboots.iter().map(|of| Reboot {
        phones: 1,
        parameters: names(of).filter(|name| changed.contains(name)).map(str::to_owned).collect(),
        source: of.source.clone(),
    });
    reboots.filter(|reboot| !reboot.parameters.is_empty()).collect()
}

fn names(of: &Reboots) -> impl Iterator<Item = &str> {
    of.parameters.iter().map(CompactString::as_str)
}

/// The listed parameters that have one value in a file, and then another one.
fn changed<'l>(format: Format, was: &str, will_be: &str, listed: &BTreeSet<&'l str>) -> Vec<&'l str> {
    let values = |text: &str| -> BTreeMap<&'l str, String> {
        let entries = format.parse(text).map(|document| document.entries).unwrap_or_default();
        entries.into_iter().filter_map(|entry| Some((*listed.get(&*entry.name)?, entry.value.into_owned()))).collect()
    };
    let (was, will_be) = (values(was), values(will_be));
    let differs = |name: &str, value: &String| will_be.get(name).is_some_and(|now| now != value);
    was.into_iter().filter(|(name, value)| differs(name, value)).map(|(name, _)| name).collect()
}
