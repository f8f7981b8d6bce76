//! What a phone says of itself: the header `Authorization`.
//!
//! A challenge and the answer to it have the same grammar (RFC 9110, 11.6), so the parameters are read by the parser of
//! challenges of `http-auth`. It takes a value in quotes and without, as phones write some of them either way, and ASCII
//! only. What is left out: `userhash`, `username*` and `auth-int`, which are never offered.

use data_encoding::BASE64_NOPAD;
use http_auth::ParamValue;
use http_auth::parser::ChallengeParser;
use zeroize::Zeroizing;

use super::digest::{Algorithm, Counted, Digest};
use crate::phone::Secret;

/// The most bytes of a header that are looked at.
const MAX_BYTES: usize = 4096;

/// An answer to a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// User name and password in clear (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// The proof that somebody knows the password (RFC 7616).
    Digest(Digest),
}

/// Why a header is no answer to a challenge of ours, to be read behind its name. It never holds a part of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the Authorization header {0}")]
pub struct Malformed(&'static str);

/// Reads the value of an `Authorization` header.
///
/// # Errors
/// What is wrong with it.
pub fn parse(header: &str) -> Result<Authorization, Malformed> {
    if header.len() > MAX_BYTES {
        return Err(Malformed("is longer than 4096 bytes"));
    }
    let (scheme, rest) = header.trim().split_once(' ').ok_or(Malformed("holds no more than one word"))?;
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(rest.trim_start()),
        "digest" => digest(rest.trim_start()),
        _ => Err(Malformed("is neither Basic nor Digest")),
    }
}

fn basic(encoded: &str) -> Result<Authorization, Malformed> {
    // Some leave the padding out.
    let bytes = BASE64_NOPAD.decode(encoded.trim_end_matches('=').as_bytes());
    let bytes = Zeroizing::new(bytes.map_err(|_| Malformed("is Basic, and no base64"))?);
    let text = std::str::from_utf8(&bytes).map_err(|_| Malformed("is Basic, and not UTF-8"))?;
    let (user, password) = text.split_once(':').ok_or(Malformed("is Basic, without a colon behind the user name"))?;
    Ok(Authorization::Basic { user: user.to_owned(), password: Secret::new(password.to_owned()) })
}

fn digest(parameters: &str) -> Result<Authorization, Malformed> {
    const GRAMMAR: Malformed = Malformed("is Digest, and not a list of `name=value` with commas between");
    let text = format!("Digest {parameters}");
    let mut challenges = ChallengeParser::new(&text);
    let (Some(Ok(said)), None) = (challenges.next(), challenges.next()) else { return Err(GRAMMAR) };
    let said = Parameters(said.params);
    if said.is_twofold() {
        return Err(Malformed("is Digest, and says something twice"));
    }
    if said.get("userhash").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(Malformed("is Digest, and hides its user name, which nobody has asked for"));
    }
    let need = |name: &str| said.get(name).ok_or(Malformed("is Digest, without user name, nonce, uri or response"));
    Ok(Authorization::Digest(Digest {
        user: need("username")?,
        nonce: need("nonce")?,
        uri: need("uri")?,
        response: need("response")?.to_ascii_lowercase(),
        algorithm: algorithm(said.get("algorithm"))?,
        counted: counted(&said)?,
    }))
}

fn algorithm(named: Option<String>) -> Result<Algorithm, Malformed> {
    let Some(named) = named else { return Ok(Algorithm::Md5) };
    let known = [Algorithm::Md5, Algorithm::Sha256].into_iter().find(|known| known.name().eq_ignore_ascii_case(&named));
    known.ok_or(Malformed("is Digest, with an algorithm that was not offered"))
}

/// How often the nonce was used; the form of RFC 2069 does not tell.
fn counted(said: &Parameters<'_>) -> Result<Option<Counted>, Malformed> {
    let Some(qop) = said.get("qop") else { return Ok(None) };
    if !qop.eq_ignore_ascii_case("auth") {
        return Err(Malformed("is Digest, with a `qop` that was not offered"));
    }
    let wrong = Malformed("is Digest with `qop`, without `cnonce`, or a `nc` of up to 8 hexadecimal digits");
    let (nc, cnonce) = said.get("nc").zip(said.get("cnonce")).ok_or(wrong)?;
    // A number may have a sign in Rust.
    let count = u32::from_str_radix(&nc, 16).ok().filter(|_| nc.len() <= 8 && !nc.starts_with('+')).ok_or(wrong)?;
    Ok(Some(Counted { count, nc, qop, cnonce }))
}

struct Parameters<'h>(Vec<(&'h str, ParamValue<'h>)>);

impl Parameters<'_> {
    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_unescaped())
    }

    fn is_twofold(&self) -> bool {
        let names = self.0.iter().map(|(name, _)| name);
        names.enumerate().any(|(at, name)| self.0[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(header: &str) -> String {
        match parse(header) {
            Ok(Authorization::Basic { user, password }) => format!("{user} / {}", password.expose()),
            Ok(Authorization::Digest(digest)) => {
                let Digest { user, nonce, uri, response, algorithm, counted } = digest;
                let counted = counted.map(|counted| format!(" {:x} {}", counted.count, counted.cnonce));
                format!("{user} {nonce} {uri} {response} {}{}", algorithm.name(), counted.unwrap_or_default())
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn headers_as_phones_write_them() {
        let digest = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/x\", response=\"AB\"";
        let with = |more: &str| format!("{digest}{more}");
        for (header, read_as) in [
            // RFC 7617, section 2.
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin / open sesame"),
            ("basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Aladdin / open sesame"),
            ("Basic dTpwOnE=", "u / p:q"),
            ("Basic Og==", " / "),
            (digest, "u n /x ab MD5"),
            ("DIGEST  username=u,realm=r,nonce=n,uri=\"/x\",response=ab", "u n /x ab MD5"),
            (&with(", algorithm=\"md5\""), "u n /x ab MD5"),
            (&with(", algorithm=SHA-256, opaque=\"\""), "u n /x ab SHA-256"),
            (&with(", qop=auth, nc=0000000a, cnonce=\"c\""), "u n /x ab MD5 a c"),
            (&with(",qop=\"auth\",nc=\"1\",cnonce=\"c\","), "u n /x ab MD5 1 c"),
            (&with(", unknown=\"a \\\"b\\\"\""), "u n /x ab MD5"),
        ] {
            assert_eq!(read(header), read_as, "{header}");
        }
    }

    #[test]
    fn what_is_wrong_with_others() {
        let digest = "Digest username=\"u\", nonce=\"n\", uri=\"/x\", response=\"ab\"";
        let with = |more: &str| format!("{digest}{more}");
        for (header, wrong) in [
            ("", "holds no more than one word"),
            ("Digest", "holds no more than one word"),
            ("Bearer abc", "is neither Basic nor Digest"),
            ("Basic ?", "is Basic, and no base64"),
            ("Basic //8=", "is Basic, and not UTF-8"),
            ("Basic dXNlcg==", "is Basic, without a colon behind the user name"),
            ("Digest username=\"u\"", "is Digest, without user name, nonce, uri or response"),
            ("Digest abc", "is Digest, and not a list of `name=value` with commas between"),
            ("Digest username=\"ü\"", "is Digest, and not a list of `name=value` with commas between"),
            (&with(", Basic realm=x"), "is Digest, and not a list of `name=value` with commas between"),
            (&with(", Nonce=n"), "is Digest, and says something twice"),
            (&with(", userhash=true"), "is Digest, and hides its user name, which nobody has asked for"),
            (&with(", algorithm=MD5-sess"), "is Digest, with an algorithm that was not offered"),
            (&with(", qop=auth-int"), "is Digest, with a `qop` that was not offered"),
            (&with(", qop=auth"), "is Digest with `qop`, without `cnonce`, or a `nc` of up to 8 hexadecimal digits"),
            (
                &with(", qop=auth, cnonce=c, nc=+1"),
                "is Digest with `qop`, without `cnonce`, or a `nc` of up to 8 hexadecimal digits",
            ),
            (&with(&" ".repeat(5000)), "is longer than 4096 bytes"),
        ] {
            assert_eq!(read(header), format!("the Authorization header {wrong}"), "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(Basic |Digest )?\\PC{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_list_makes_it_panic(parts in prop::collection::vec(
            ("(username|nonce|uri|response|qop|nc|cnonce|algorithm|x)", "[ =]{0,2}", "\"?[a-z0-9/\\\\\" ]{0,9}\"?", "[, ]{0,3}"), 0..9)
        ) {
            let list: String = parts.iter().map(|(name, is, value, end)| format!("{name}{is}{value}{end}")).collect();
            let _ = parse(&format!("Digest {list}"));
        }

        #[test]
        fn whatever_is_quoted_is_read(user in "[ -~]{0,40}", uri in "/[!-~]{0,40}", nonce in "[ -~]{1,60}") {
            let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let header = format!(
                "Digest username={}, nonce={}, uri={}, response=\"0\"", quoted(&user), quoted(&nonce), quoted(&uri));
            let Ok(Authorization::Digest(read)) = parse(&header) else { panic!("{header}") };
            prop_assert_eq!((read.user, read.nonce, read.uri), (user, nonce, uri));
        }

        #[test]
        fn whatever_is_basic_is_read(user in "[^:\\pC]{0,40}", password in "\\PC{0,40}") {
            let header = format!("Basic {}", data_encoding::BASE64.encode(format!("{user}:{password}").as_bytes()));
            prop_assert_eq!(parse(&header), Ok(Authorization::Basic { user, password: Secret::new(password) }));
        }
    }
}
