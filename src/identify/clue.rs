//! What was concluded from which rule: noted as plain values on the way of a request, and put into words on demand.

use super::claim::{Claim, Contradiction, FamilyIndex, FileMatch, Place};
use super::index::Index;
use crate::catalogue::Evidence;
use crate::phone::Mac;

/// One conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clue {
    /// The user agent matches a recogniser of this family, counted from 0.
    UserAgent(FamilyIndex, usize),
    /// The user agent matches no family.
    UnknownUserAgent,
    /// The path cannot name a file.
    Unsound,
    /// The path and query match a file.
    File(FileMatch),
    /// The path is a file of other families than the user agent's, so it counts for nothing.
    Foreign(FileMatch),
    /// The path decides the family.
    Family(FamilyIndex, Why),
    /// Several families have such a file: what the fleet says of the MAC decides.
    Open,
    /// Where the product stands.
    Product(Place),
    /// Where a MAC stands, and how good it is there.
    Mac(Place, Mac, Evidence),
    /// Two strong MACs.
    Contradiction(Contradiction),
}

/// Why a path means one family of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No other has such a file.
    Alone,
    /// Its pattern covers more of the path than any other's.
    Closest,
    /// The MAC begins as those of its phones do.
    Address,
    /// The maker's own servers keep such files in this folder.
    Folder,
}

impl Clue {
    /// The conclusion in words.
    pub fn sentence(self, claim: &Claim, index: &Index) -> String {
        let id = |family| index.family(family).id.as_str();
        let file = |file: FileMatch| {
            let family = index.family(file.family);
            format!("{} files[{}] `{}`", family.id, file.file + 1, family.files[file.file].name)
        };
        match self {
            Clue::UserAgent(family, rule) => {
                let firmware = claim.firmware.as_deref().map_or("no firmware".into(), |it| format!("firmware `{it}`"));
                format!("user agent matches {} recognise[{}]: {firmware}", id(family), rule + 1)
            }
            Clue::UnknownUserAgent => "user agent matches no family".into(),
            Clue::Unsound => "path cannot name a file: too long, not UTF-8, control characters or two tokens".into(),
            Clue::File(found) => format!("path matches {}", file(found)),
            Clue::Foreign(found) => {
                format!("path matches {}, which is not a file of the user agent's family", file(found))
            }
            Clue::Family(family, why) => format!("family is {}: {}", id(family), why.words()),
            Clue::Open => "several families have such a file: the fleet's phone with this MAC decides".into(),
            Clue::Product(place) => {
                let product = claim.product.as_deref().unwrap_or_default();
                match &claim.model {
                    Some(model) => format!("product `{product}` from the {} is model `{model}`", place.words()),
                    None => format!("product `{product}` from the {} is no model of the catalogue", place.words()),
                }
            }
            Clue::Mac(place, mac, Evidence::Strong) => format!("MAC {mac} from the {}", place.words()),
            Clue::Mac(place, mac, Evidence::Weak) => {
                format!("MAC {mac} from the {}, where it may be something else", place.words())
            }
            Clue::Contradiction(Contradiction { one, other }) => format!(
                "MAC {} from the {} contradicts MAC {} from the {}: nothing may be served",
                one.1,
                one.0.words(),
                other.1,
                other.0.words()
            ),
        }
    }
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Why::Alone => "no other has such a file",
            Why::Closest => "its pattern covers more of the path than any other's",
            Why::Address => "the MAC begins as those of its phones do, which is a hint",
            Why::Folder => "its maker's own servers use this folder, which is a hint",
        }
    }
}

impl Place {
    pub(super) fn words(self) -> &'static str {
        match self {
            Place::Path => "path",
            Place::Query => "query",
            Place::UserAgent => "user agent",
            Place::Certificate => "certificate",
        }
    }
}
