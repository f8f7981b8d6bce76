//! The hardware address by which a phone is known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// A phone's MAC address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9a-f]{12}$", example = "001565aabbcc")]
pub struct Mac([u8; 6]);

/// What was given is not a MAC address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a MAC address: 12 hexadecimal digits were expected, with or without `:` or `-` between them")]
pub struct MacError(String);

impl Mac {
    /// The six bytes.
    pub fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// A MAC from its six bytes.
    pub const fn from_bytes(bytes: [u8; 6]) -> Mac {
        Mac(bytes)
    }

    /// 12 upper-case hexadecimal digits.
    pub fn upper(self) -> String {
        self.to_string().to_uppercase()
    }

    /// Lower-case pairs with colons between them.
    pub fn colons(self) -> String {
        self.0.map(|byte| format!("{byte:02x}")).join(":")
    }
}

// Phones ask in upper and lower case, with and without separators, so fold here and nowhere else.
impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Mac, MacError> {
        let wrong = || MacError(text.chars().take(40).collect());
        let separated =
            text.len() == 17 && text.bytes().enumerate().all(|(at, byte)| (at % 3 == 2) == matches!(byte, b':' | b'-'));
        if !separated && text.len() != 12 {
            return Err(wrong());
        }
        let mut bytes = [0; 6];
        let mut digits = text.chars().filter(|c| !matches!(c, ':' | '-'));
        for byte in &mut bytes {
            let (high, low) = digits.next().zip(digits.next()).ok_or_else(wrong)?;
            let (high, low) = high.to_digit(16).zip(low.to_digit(16)).ok_or_else(wrong)?;
            *byte = (high << 4 | low) as u8;
        }
        if digits.next().is_some() { Err(wrong()) } else { Ok(Mac(bytes)) }
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Mac, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_address() {
        for text in ["001565aabbcc", "001565AABBCC", "00:15:65:aa:bb:cc", "00-15-65-AA-BB-CC"] {
            assert_eq!(text.parse::<Mac>().unwrap().to_string(), "001565aabbcc", "{text}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in
            ["", "001565aabbc", "001565aabbccd", "7C2F80XXXXXX", "00:15:65:aa:bb:c", "0:015:65:aa:bb:cc", "é01565aabbc"]
        {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
    }
}
