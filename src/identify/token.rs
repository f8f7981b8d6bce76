//! The secret path token, taken out of a request before anything else looks at it.

use std::fmt;

use zeroize::Zeroizing;

/// What stood behind `/~` in a request's path. Its `Debug` prints only `token`, and it has no `Display`.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    pub(super) fn new(text: &str) -> Token {
        Token(Zeroizing::new(text.to_owned()))
    }

    /// The token itself, for the comparison in constant time that decides whether it is good.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("token")
    }
}
