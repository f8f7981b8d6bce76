//! Who looks on while phones are served.

use compact_str::CompactString;

use crate::admit::Refusal;
use crate::live::Serving;
use crate::phone::Mac;

/// A document that a phone got.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    /// The phone.
    pub mac: Mac,
    /// The document, by its place in the family and its handle, whatever the name by which the phone has asked for it;
    /// none for what phones are given no name for.
    pub document: Option<(usize, &'a CompactString)>,
    /// What it was made of.
    pub serving: &'a Serving,
    /// Whether the phone has told another firmware than before, of which its other documents may be others.
    pub has_new_firmware: bool,
}

/// Is told of what phones get, after it is recorded and before it is on its way: nobody may be kept waiting here.
pub trait Onlooker: Send + Sync {
    /// A phone of the fleet got a document of its own.
    fn served(&self, served: &Served<'_>);

    /// A request in the name of a phone was refused; `is_challenge`: it is asked for its password, as most phones wait to be.
    fn refused(&self, mac: Mac, refusal: Refusal, is_challenge: bool);
}
