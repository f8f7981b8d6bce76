//! What is known of phones: families, models, modules, settings, feature codes. Text in, checked values out.

mod band;
mod challenge;
mod client;
mod encryption;
mod family;
mod feature_codes;
mod figure;
mod fits;
mod functions;
mod limits;
mod load;
mod mapping;
mod model;
mod pairing;
mod reboots;
mod resync;
mod setting;

pub use band::{Band, Bands};
pub use challenge::Challenge;
pub use client::{CertificateName, OldTls, WithoutFiles};
pub use encryption::{Cipher, Encryption};
pub use family::{Answer, Evidence, Family, FilePattern, Number, Recogniser};
pub use feature_codes::{Codes, Dialled, FeatureCodes};
pub use figure::{Source, State};
pub use functions::{Alternative, Class, Field, FunctionTable, Outcome, Part, Pattern, Placeholder, Wide};
pub use limits::LabelLimits;
pub use load::{Catalogue, Maker, Tables, Texts};
pub use mapping::{How, Mapping, Mappings, Parameter};
pub use model::{Count, HandsetSlots, KeyGroup, Model, ModuleModel, ModuleSlots, SoftKeyGroup, Width};
pub use pairing::Pairing;
pub use reboots::Reboots;
pub use resync::{Notice, Resync, Verb};
pub use setting::{CODECS, Kind, Scope, Setting, SettingId, Vocabulary, check_url};
