//! What a request claims to be. Nothing in it is proven: `admit` decides what the claim is good for.

use compact_str::CompactString;
use serde::Serialize;
use smallvec::SmallVec;

use super::clue::Clue;
use super::index::Index;
use super::token::Token;
use crate::catalogue::{Band, Evidence, Family};
use crate::phone::Mac;

/// The place of a family in its [`Index`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyIndex(pub(super) u16);

/// A file of a family that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMatch {
    /// The family.
    pub family: FamilyIndex,
    /// The place of the pattern in [`Family::files`].
    pub file: usize,
}

/// Where in a request something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// Behind the question mark.
    Query,
    /// In the user agent.
    UserAgent,
    /// In the certificate of the connection.
    Certificate,
}

/// Two MACs that are both strong evidence and differ: nothing may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction {
    /// The one, and where it stands.
    pub one: (Place, Mac),
    /// The other.
    pub other: (Place, Mac),
}

impl Contradiction {
    /// Whether one of the two stands there.
    pub fn is_in(&self, place: Place) -> bool {
        self.one.0 == place || self.other.0 == place
    }
}

/// What a request tells of who asks, and for what.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// The family, if the user agent names it or the path leaves no other choice.
    pub family: Option<FamilyIndex>,
    /// The model's id, if the catalogue has the product.
    pub model: Option<CompactString>,
    /// The product as the phone calls itself.
    pub product: Option<CompactString>,
    /// The phone's MAC.
    pub mac: Option<Mac>,
    /// How good the MAC is; none where there is none.
    pub mac_evidence: Option<Evidence>,
    /// The firmware as the phone tells it.
    pub firmware: Option<CompactString>,
    /// The family's band for that firmware.
    pub band: Option<Band>,
    /// The file of `family` that is asked for.
    pub file: Option<FileMatch>,
    /// The file that each family would take this request for: that of `family` first, then those whose patterns cover
    /// most of the path. One at most if the user agent decided.
    pub candidates: SmallVec<[FileMatch; 4]>,
    /// The file's name as it was asked for, if a family knows it.
    pub asked: Option<CompactString>,
    /// The first folder, which may name a site.
    pub site: Option<CompactString>,
    /// The secret token of the path.
    pub token: Option<Token>,
    /// Two strong MACs; then there is no `mac` and no file.
    pub contradiction: Option<Contradiction>,
    /// What was concluded from which rule.
    pub clues: SmallVec<[Clue; 8]>,
}

impl Claim {
    /// The file in [`Family::files`] that is asked for if the phone is of this family, as the fleet may know better.
    pub fn file_for(&self, family: FamilyIndex) -> Option<usize> {
        self.candidates.iter().find(|candidate| candidate.family == family).map(|candidate| candidate.file)
    }

    /// The band of the phone's firmware if it is of this family.
    pub fn band_for(&self, family: &Family) -> Band {
        family.bands.of(self.firmware.as_deref())
    }

    /// What `offhook identify --format json` prints.
    pub fn view<'c>(&'c self, index: &'c Index) -> ClaimView<'c> {
        ClaimView {
            family: self.family.map(|family| index.family(family).id.as_str()),
            model: self.model.as_deref(),
            product: self.product.as_deref(),
            mac: self.mac.map(|mac| mac.to_string()),
            firmware: self.firmware.as_deref(),
            file: self.asked.as_deref(),
        }
    }

    /// Sentences on what was concluded from which rule, for people.
    pub fn explain(&self, index: &Index) -> Vec<String> {
        self.clues.iter().map(|clue| clue.sentence(self, index)).collect()
    }
}

/// A claim as the command line prints it; null where something is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimView<'c> {
    /// The family's id.
    pub family: Option<&'c str>,
    /// The model's id.
    pub model: Option<&'c str>,
    /// The product as sent.
    pub product: Option<&'c str>,
    /// 12 lower-case hexadecimal digits.
    pub mac: Option<String>,
    /// The firmware as sent.
    pub firmware: Option<&'c str>,
    /// The name of the file as asked for.
    pub file: Option<&'c str>,
}
