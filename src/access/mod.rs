//! Who may use the administrator's API, and for what.
//!
//! A [`Principal`] is who shows a good token, with its [`Role`]. [`Principal::allow`] is asked for everything that the API
//! does: an [`Action`] on a [`Target`]. Both are closed lists, and each role has an answer for each of them, so that a
//! new resource cannot be forgotten. What somebody does not see is [`Denied::Hidden`], as if it were not there.
//!
//! A role says which files somebody may write; [`own::not_allowed`] says what in them.
//!
//! [`AccessTokens`] keeps the tokens in a file of the state folder. Nothing here looks at a clock.

pub mod own;
mod role;
mod rules;
#[cfg(test)]
mod rules_tests;
mod store;
mod token;
mod tokens;
#[cfg(test)]
mod tokens_tests;

pub use role::{LineId, Principal, Role, RoleError};
pub use rules::{Action, Denied, Target};
pub use store::TokensError;
pub use token::{Minted, TokenInfo, TokenState};
pub use tokens::{AccessTokens, BadToken, NewToken};
