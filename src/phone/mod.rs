//! Phones, lines and keys: plain types and their rules. Nothing here reads a file or opens a socket.

mod function;
mod hidden;
mod key;
pub mod label;
mod mac;
mod number;
mod secret;
mod setting;
pub mod timezone;

pub use function::{FUNCTIONS, Function, FunctionInfo, Group, Parameter};
pub use hidden::{HIDDEN, has_password, without_passwords};
pub use key::{Accept, Area, KeySetting, Keys, Place, Use, key_at};
pub use mac::{Mac, MacError};
pub use number::{Number, NumberError};
pub use secret::Secret;
pub use setting::SettingValue;
