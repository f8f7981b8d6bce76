//! The stored fleet: sites, lines and phones as people write them in a folder of TOML files.
//!
//! Each file is one entity and is read alone: what it says is checked against the vocabulary of settings, and nothing
//! else. Whether a model exists and a key fits on it is a question of several entities, and so the world's.

mod authority;
mod auto_resync;
mod handset;
mod keeping;
mod keys;
mod layer;
mod line;
mod phone;
mod place;
mod registration;
mod root;
mod rotate;
pub mod schema;
mod seal;
pub mod sealed;
mod secrets;
mod site;
mod stamp;
mod trust;
mod write;

pub use authority::{ClientAuthority, is_weak};
pub use auto_resync::{AutoResync, PER_SECOND, per_second};
pub use handset::Handset;
pub use keeping::Keeping;
pub use keys::MAX_LABEL;
pub use layer::{Layer, Stored};
pub use line::Line;
pub use phone::{Modules, Phone, Raw};
pub use place::{Entity, list, list_sites};
pub use registration::{Registration, unix_seconds};
pub use root::{ApiListen, ClientCertificates, Listen, Root, TlsFiles};
pub use rotate::{RotateError, end_rotation, rotate};
pub use seal::{Sealing, SealingError, is_secret, seal_file};
pub use secrets::Secrets;
pub use site::{KnownNumber, NumberKind, Services, Site};
pub use stamp::Stamp;
pub use trust::{Access, Rung, Trust, network};
pub use write::{Edit, WriteError, finish, write};

use crate::catalogue::Vocabulary;

/// What reading an entity needs besides its text.
pub struct Reading<'a> {
    /// The settings' names and types.
    pub vocabulary: &'a Vocabulary,
    /// Where secrets come from.
    pub secrets: &'a Secrets,
    /// What is read, so that it can be read again when a secret's file changes; none: it is only looked at.
    pub entity: Option<&'a Entity>,
}
