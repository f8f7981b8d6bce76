//! Rendered files, kept by the generations of all that went into them, so that a kept file can never be stale.

use std::sync::Arc;

use quick_cache::sync::Cache as Quick;
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use smallvec::SmallVec;

use super::document::{Document, RenderError};
use crate::catalogue::Band;
use crate::phone::Mac;
use crate::resolve::Phase;

/// The most bytes of files that are kept.
pub const MAX_CACHE_BYTES: u64 = 256 * 1024 * 1024;

/// What makes one file differ from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The phone.
    pub mac: Mac,
    /// The file, by its place in the family.
    pub file: u16,
    /// The firmware band.
    pub band: Band,
    /// First provisioning or later.
    pub phase: Phase,
    /// The epoch of the token that the file carries, if it does.
    pub token: Option<u64>,
    /// The generation of each input: the phone, its lines, its site, and what is common to all.
    pub generations: SmallVec<[u64; 6]>,
}

type Kept = Arc<Document>;

/// A bounded cache of rendered files.
pub struct Cache {
    files: Quick<CacheKey, Kept, ByBytes>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Kept> for ByBytes {
    fn weight(&self, _: &CacheKey, document: &Kept) -> u64 {
        document.bytes.len() as u64 + 256
    }
}

impl Cache {
    /// A cache that keeps at most so many bytes.
    pub fn new(max_bytes: u64) -> Cache {
        // A file is about 8 kB; the estimate only sizes the cache's own tables.
        let options = OptionsBuilder::new()
            .estimated_items_capacity((max_bytes / 8192) as usize)
            .weight_capacity(max_bytes)
            .build();
        let files = match options {
            Ok(options) => Quick::with_options(options, ByBytes, DefaultHashBuilder::default(), Default::default()),
            Err(_) => Quick::with_weighter(1024, max_bytes, ByBytes),
        };
        Cache { files }
    }

    /// The file for this key, rendered once however many ask for it at this moment.
    ///
    /// # Errors
    /// What `render` says; a failure is not kept.
    pub fn get_or_render(
        &self,
        key: &CacheKey,
        render: impl FnOnce() -> Result<Document, RenderError>,
    ) -> Result<Kept, RenderError> {
        self.files.get_or_insert_with(key, || render().map(Arc::new))
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> u64 {
        self.files.weight()
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cache({} files)", self.files.len())
    }
}
