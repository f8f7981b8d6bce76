//! Writes of the fleet: what somebody wants is drafted beside what is stored, judged as a whole, and put in place as a
//! whole, or refused with everything that is wrong with it.
//!
//! The folder of files stays what is true: a draft is made of their texts, with comments and order, and is written only
//! over the texts that it was made of. Whoever edits by hand meanwhile is not overwritten, and is not overwriting. What is
//! written is served when the call returns, without waiting for the watch.

pub mod copy;
mod draft;
mod drafted;
mod editor;
mod judge;
mod merge;
mod mistake;
pub mod places;
pub mod shown;
mod undo;
mod vault;

pub use draft::{Condition, Draft, place_name};
pub use editor::{Done, Editor, Look, May, Order};
pub use mistake::{Mistake, pointer, pointer_to};
pub use undo::Written;

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// What is named is not there, or is none of theirs who ask.
    #[error("{0}")]
    NotThere(String),
    /// It is there, and is not theirs to write.
    #[error("{0}")]
    Forbidden(String),
    /// It is not as the writer believed.
    #[error("{what}")]
    Stale {
        /// What is otherwise.
        what: String,
        /// The entity tag that it has now; none: it is not there.
        now: Option<String>,
    },
    /// The writer has to say what it was that he has seen.
    #[error("{0}")]
    Unconditional(String),
    /// What would come of it is wrong.
    #[error("{} mistake(s)", .0.len())]
    Mistakes(Vec<Mistake>),
    /// Somebody else has written meanwhile, or what was to be taken back was built upon.
    #[error("{0}")]
    Conflict(String, Vec<Mistake>),
    /// It cannot be read or written at the moment.
    #[error("{0}")]
    Trouble(String),
}
