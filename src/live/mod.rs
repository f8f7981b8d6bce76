//! What is served at this moment, and how it follows its files.
//!
//! A [`Serving`] is one immutable value of catalogue, templates, fleet and recognition. [`Live`] holds the current one;
//! a reload builds the next aside and swaps it whole, and a request keeps the one that it began with.

mod loader;
mod prove;
mod shipped;

pub use loader::{Loader, Serving};
pub use prove::prove;
pub use shipped::{Overrides, shipped};
