//! Who asks, and for what: a request's path, user agent and certificate become a [`Claim`].
//!
//! This stage knows the catalogue, not the fleet. It never says more than the request: two strong MACs that differ are
//! told as a contradiction, a file that several families own stays open until the fleet says which phone has the MAC,
//! and a serial number is never a MAC. Whether the claim is believed is `admit`'s business.

mod claim;
mod clue;
mod index;
mod target;
mod token;

use smallvec::SmallVec;

pub use claim::{Claim, ClaimView, Contradiction, FamilyIndex, FileMatch, Place};
pub use clue::{Clue, Why};
pub use index::Index;
pub use token::Token;

use crate::catalogue::Evidence;
use crate::phone::Mac;
use index::{Agent, Found};
use target::Target;

/// What a request says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The raw path and query, as they stand in the request.
    pub target: &'r str,
    /// The `User-Agent`, if there is one.
    pub user_agent: Option<&'r str>,
    /// The MAC for which the certificate of the connection was made, if that has been found good.
    pub certificate: Option<Mac>,
}

/// Reads a request. Never fails: what cannot be read is left out of the claim.
pub fn identify(request: &Request<'_>, index: &Index) -> Claim {
    let target = Target::parse(request.target);
    let mut claim = Claim::default();
    let agent = request.user_agent.and_then(|user_agent| index.agent(user_agent));
    match &agent {
        Some(agent) => claim.clues.push(Clue::UserAgent(agent.family, agent.rule)),
        None if request.user_agent.is_some() => claim.clues.push(Clue::UnknownUserAgent),
        None => {}
    }
    let found = if target.sound {
        files(&mut claim, &target, request.user_agent, agent.as_ref(), index)
    } else {
        claim.clues.push(Clue::Unsound);
        SmallVec::new()
    };
    choose_product(&mut claim, agent.as_ref(), &found, index);
    choose_mac(&mut claim, request.certificate, agent.as_ref(), &found, &target);
    if let Some(agent) = agent {
        claim.firmware = agent.firmware;
    }
    claim.band = claim.family.map(|family| claim.band_for(index.family(family)));
    claim.site = target.site;
    claim.token = target.token;
    claim
}

/// The files that the target can be; decides the claim's family, file and candidates.
///
/// What is given back begins with the file that tells most of the phone.
fn files(
    claim: &mut Claim,
    target: &Target,
    user_agent: Option<&str>,
    agent: Option<&Agent>,
    index: &Index,
) -> SmallVec<[Found; 6]> {
    let mut found = index.found(target);
    if let Some(agent) = agent {
        claim.family = Some(agent.family);
        if found.iter().all(|found| found.file.family != agent.family) {
            claim.clues.extend(found.first().map(|found| Clue::Foreign(found.file)));
        }
        found.retain(|found| found.file.family == agent.family);
    } else if let Some((family, why)) = family_of(&found, target, user_agent, index) {
        claim.family = Some(family);
        claim.clues.push(Clue::Family(family, why));
    } else if !found.is_empty() {
        claim.clues.push(Clue::Open);
    }
    if let Some(at) = found.iter().position(|found| Some(found.file.family) == claim.family) {
        found[..=at].rotate_right(1);
        claim.file = Some(found[0].file);
    }
    if !found.is_empty() {
        claim.asked = Some(target.name().into());
    }
    claim.candidates.extend(found.iter().map(|found| found.file));
    claim.clues.extend(found.iter().map(|found| Clue::File(found.file)));
    found
}

/// The family that a path means: the only one that has such a file, or the one for which the hints speak.
fn family_of(found: &[Found], target: &Target, user_agent: Option<&str>, index: &Index) -> Option<(FamilyIndex, Why)> {
    // A maker who shares addresses and names of files with another is out where the other one says who it is.
    let is_another = |family| {
        let texts = [Some(target.path.as_str()), user_agent].into_iter().flatten();
        index.family(family).not_if.as_ref().is_some_and(|other| texts.into_iter().any(|text| other.is_match(text)))
    };
    let found: SmallVec<[&Found; 6]> = found.iter().filter(|found| !is_another(found.file.family)).collect();
    let longest = found.first()?.length;
    let closest = found.iter().filter(|found| found.length == longest).map(|found| found.file.family);
    let mut families: SmallVec<[FamilyIndex; 6]> = closest.collect();
    if let [family] = families[..] {
        return Some((family, if found.len() == 1 { Why::Alone } else { Why::Closest }));
    }
    let mac = found.iter().find_map(|found| found.mac).map(|(_, mac, _)| mac);
    let mac = mac.or_else(|| query_macs(&target.query).next());
    narrow(&mut families, |family| {
        mac.is_some_and(|mac| index.family(family).addresses.iter().any(|prefix| begins(mac, prefix)))
    });
    if let [family] = families[..] {
        return Some((family, Why::Address));
    }
    narrow(&mut families, |family| {
        let folders = &index.family(family).folders;
        let mut path = target.path.split('/').rev().skip(1);
        path.any(|segment| folders.iter().any(|folder| folder.eq_ignore_ascii_case(segment)))
    });
    if let [family] = families[..] { Some((family, Why::Folder)) } else { None }
}

/// Keeps those for which a hint speaks, or all if it speaks for none.
fn narrow(families: &mut SmallVec<[FamilyIndex; 6]>, hint: impl Fn(FamilyIndex) -> bool) {
    if families.iter().any(|family| hint(*family)) {
        families.retain(|family| hint(*family));
    }
}

fn begins(mac: Mac, prefix: &str) -> bool {
    let bytes = mac.bytes();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    prefix.chars().map(|c| c.to_digit(16)).zip(digits).all(|(c, digit)| c == Some(u32::from(digit)))
}

/// The product that the user agent names, or else the path, and its model.
fn choose_product(claim: &mut Claim, agent: Option<&Agent>, found: &[Found], index: &Index) {
    let Some(family) = claim.family else { return };
    let told = agent.and_then(|agent| agent.product.clone()).map(|product| (Place::UserAgent, product));
    let told = told.or_else(|| {
        let found = found.first().filter(|found| found.file.family == family)?;
        Some((Place::Path, found.product.clone()?))
    });
    let Some((place, product)) = told else { return };
    claim.model = index.model(family, &product).cloned();
    claim.product = Some(product);
    claim.clues.push(Clue::Product(place));
}

/// The phone's MAC: strong evidence before weak; strong ones that differ leave neither MAC nor file.
fn choose_mac(claim: &mut Claim, certificate: Option<Mac>, agent: Option<&Agent>, found: &[Found], target: &Target) {
    let in_target = found.iter().filter_map(|found| found.mac);
    let in_query = query_macs(&target.query).map(|mac| (Place::Query, mac, Evidence::Strong));
    let in_agent = agent.and_then(|agent| agent.mac).map(|(mac, evidence)| (Place::UserAgent, mac, evidence));
    let in_certificate = certificate.map(|mac| (Place::Certificate, mac, Evidence::Strong));
    let mut told: SmallVec<[(Place, Mac, Evidence); 4]> = SmallVec::new();
    for (place, mac, evidence) in
        in_target.chain(in_query.filter(|_| target.sound)).chain(in_agent).chain(in_certificate)
    {
        if !told.iter().any(|(known, other, _)| (*known, *other) == (place, mac)) {
            told.push((place, mac, evidence));
        }
    }
    claim.clues.extend(told.iter().map(|&(place, mac, evidence)| Clue::Mac(place, mac, evidence)));
    let mut strong = told.iter().filter(|(_, _, evidence)| *evidence == Evidence::Strong);
    let Some(&(place, mac, evidence)) = strong.next().or(told.first()) else { return };
    if let Some(&(other_place, other, _)) = strong.find(|(_, other, _)| *other != mac) {
        let contradiction = Contradiction { one: (place, mac), other: (other_place, other) };
        claim.contradiction = Some(contradiction);
        claim.clues.push(Clue::Contradiction(contradiction));
        claim.file = None;
        claim.candidates.clear();
        claim.asked = None;
        return;
    }
    claim.mac = Some(mac);
    claim.mac_evidence = Some(evidence);
}

/// The MACs that a query gives as `mac=`, which is what rules and redirects append to any path.
fn query_macs(query: &str) -> impl Iterator<Item = Mac> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| name.eq_ignore_ascii_case("mac")).filter_map(|(_, value)| index::usable(value))
}
