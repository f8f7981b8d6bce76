//! `check`: everything that can be known about a fleet before a phone asks, with the file and line of each finding.
//!
//! Single files and the names between them are the world's findings. Here each phone is resolved and rendered too:
//! keys against the model, parameters against the site, values against the format.

mod golden;
mod handsets;
mod parameters;
mod phone;
mod trust;

use rayon::prelude::*;

pub use golden::{Difference, Golden, golden};
pub use parameters::{KnownNumbers, unknown_layouts};
pub use phone::{Depth, KEPT, check_phone};

use crate::findings::Finding;
use crate::live::Serving;

/// Checks a whole fleet: all findings, sorted by file and line.
pub fn check(serving: &Serving) -> Vec<Finding> {
    let macs: Vec<_> = serving.world.macs().collect();
    let known = parameters::KnownNumbers::of(&serving.world);
    let mut findings = serving.findings();
    findings.extend(parameters::listeners(serving));
    findings.extend(unknown_layouts(&serving.world, serving.world.lines()));
    let of_phones: Vec<Vec<Finding>> =
        macs.par_iter().map(|mac| check_phone(serving, &known, *mac, Depth::Files)).collect();
    findings.extend(of_phones.into_iter().flatten());
    findings.sort();
    // A line whose phones are alike has the same finding for each of them.
    findings.dedup();
    findings
}
