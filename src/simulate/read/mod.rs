//! Readers of the phones' files that share nothing with those that write and prove them.

pub mod cfg;
pub mod flat_profile;
pub mod profile;
pub mod provisioning;
pub mod sep;
pub mod settings;
pub mod tlv;
