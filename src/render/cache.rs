//! Rendered files, kept by the generations of all that went into them, so that a kept file can never be stale.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::{Cache as Quick, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
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
    files: Quick<CacheKey, Kept, ByBytes, DefaultHashBuilder, Leaving>,
    hits: AtomicU64,
    misses: AtomicU64,
    evicted: Arc<AtomicU64>,
    max_bytes: u64,
}

/// How a cache fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheFigures {
    /// Files that were there, or that somebody else was making.
    pub hits: u64,
    /// Files that were not.
    pub misses: u64,
    /// Files that gave way to others.
    pub evictions: u64,
    /// Files that are kept.
    pub files: u64,
    /// The bytes of them.
    pub bytes: u64,
    /// The most bytes that are kept.
    pub max_bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Kept> for ByBytes {
    fn weight(&self, _: &CacheKey, document: &Kept) -> u64 {
        document.bytes.len() as u64 + 256
    }
}

/// Counts what falls out.
#[derive(Clone)]
struct Leaving(Arc<AtomicU64>, DefaultLifecycle<CacheKey, Kept>);

impl Lifecycle<CacheKey, Kept> for Leaving {
    type RequestState = <DefaultLifecycle<CacheKey, Kept> as Lifecycle<CacheKey, Kept>>::RequestState;

    fn on_evict(&self, state: &mut Self::RequestState, key: CacheKey, document: Kept) {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.on_evict(state, key, document);
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
        let evicted = Arc::<AtomicU64>::default();
        let leaving = Leaving(evicted.clone(), DefaultLifecycle::default());
        let hash = DefaultHashBuilder::default();
        let files = match options {
            Ok(options) => Quick::with_options(options, ByBytes, hash, leaving),
            Err(_) => Quick::with(1024, max_bytes, ByBytes, hash, leaving),
        };
        Cache { files, hits: AtomicU64::default(), misses: AtomicU64::default(), evicted, max_bytes }
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
        let mut is_rendered = false;
        let file = self.files.get_or_insert_with(key, || {
            is_rendered = true;
            render().map(Arc::new)
        });
        let counted = if is_rendered { &self.misses } else { &self.hits };
        counted.fetch_add(1, Ordering::Relaxed);
        file
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> u64 {
        self.files.weight()
    }

    /// How it fares.
    pub fn figures(&self) -> CacheFigures {
        CacheFigures {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: self.evicted.load(Ordering::Relaxed),
            files: self.files.len() as u64,
            bytes: self.bytes(),
            max_bytes: self.max_bytes,
        }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cache({} files)", self.files.len())
    }
}
