//! What a folder of the fleet holds, told by its name.

use std::path::Path;

use compact_str::CompactString;

/// A folder by its place, even when it is gone.
pub(super) enum Place {
    /// `sites/SITE`, `sites/SITE/lines` or `sites/SITE/phones`.
    Site(CompactString),
    /// `sites`; or what begins with two dots: container platforms replace the content of a folder by such a link.
    All,
}

impl Place {
    pub fn of(relative: &Path) -> Option<Place> {
        let parts: Vec<&str> = relative.iter().filter_map(|part| part.to_str()).collect();
        match parts.as_slice() {
            ["sites"] => Some(Place::All),
            ["sites", site] | ["sites", site, "lines" | "phones"] if !site.starts_with('.') => {
                Some(Place::Site((*site).into()))
            }
            [link] if link.starts_with("..") => Some(Place::All),
            _ => None,
        }
    }
}
