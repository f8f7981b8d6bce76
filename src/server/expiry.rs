//! When a certificate ends: one date out of its DER, so that no X.509 library is needed for a warning.

use std::time::{Duration, SystemTime};

/// The tag of the optional version that begins a certificate.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The `notAfter` of a certificate, or nothing if the bytes are not what RFC 5280 says.
pub(super) fn not_after(certificate: &[u8]) -> Option<SystemTime> {
    let signed = Element::first(certificate)?.content;
    let mut next = Element::first(Element::first(signed)?.content)?;
    if next.tag == VERSION {
        next = next.next()?;
    }
    // Serial number, signature algorithm and issuer stand before the validity.
    for _ in 0..3 {
        next = next.next()?;
    }
    Element::first(next.content)?.next()?.time()
}

/// One element of DER, and what follows it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    fn first(der: &'a [u8]) -> Option<Element<'a>> {
        let (&tag, der) = der.split_first()?;
        let (&length, der) = der.split_first()?;
        // Up to 127 the byte is the length; above, it says how many bytes of length follow.
        let (length, der) = match length {
            0..=0x7f => (usize::from(length), der),
            0x81..=0x84 => {
                let (bytes, der) = der.split_at_checked(usize::from(length & 0x7f))?;
                (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), der)
            }
            _ => return None,
        };
        let (content, rest) = der.split_at_checked(length)?;
        Some(Element { tag, content, rest })
    }

    fn next(&self) -> Option<Element<'a>> {
        Element::first(self.rest)
    }

    /// `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ` after that.
    fn time(&self) -> Option<SystemTime> {
        let text = std::str::from_utf8(self.content).ok()?.strip_suffix('Z')?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = match (self.tag, text.len()) {
            (UTC_TIME, 12) => {
                let year: i32 = text[..2].parse().ok()?;
                (year + if year < 50 { 2000 } else { 1900 }, &text[2..])
            }
            (GENERALIZED_TIME, 14) => (text[..4].parse().ok()?, &text[4..]),
            _ => return None,
        };
        let part = |n: usize| rest[2 * n..2 * n + 2].parse::<u8>().ok();
        let date = tz::UtcDateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
        let seconds = u64::try_from(date.unix_time()).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn certificate_until(year: i32) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 3, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn both_ways_to_write_a_date_are_read() {
        // 1 March of 2031 and of 2100, which is no leap year.
        for (year, seconds) in [(2031, 1_930_089_600), (2100, 4_107_542_400)] {
            let end = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(not_after(&certificate_until(year)), Some(end), "{year}");
        }
    }

    #[test]
    fn a_certificate_cut_anywhere_before_its_dates_has_no_end() {
        let certificate = certificate_until(2031);
        for length in 0..certificate.len() {
            assert_eq!(not_after(&certificate[..length]), None);
        }
        assert_eq!(not_after(&[0xff; 64]), None);
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
