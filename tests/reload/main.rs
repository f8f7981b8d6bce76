//! A fleet's folder under real edits, watched by the real watch: what phones get at each moment.

mod catalogue;
mod edits;
mod folders;
mod house;
mod references;
mod secrets;
