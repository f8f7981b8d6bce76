//! What is known of phones: families, models, modules, settings, feature codes. Text in, checked values out.

mod band;
mod family;
mod figure;

pub use band::{Band, Bands};
pub use family::{Answer, Evidence, Family, FilePattern, Number, Recogniser, Resync};
pub use figure::{Source, State};
