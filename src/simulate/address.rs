//! An address as a phone writes it: nothing is normalised, so `/42/2/../../sifs/sifsroot.bin` goes out as it stands.

use std::fmt;

/// User name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, ‹secret›)", self.user)
    }
}

/// Where something is fetched, cut into what a client needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Over TLS.
    pub tls: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query as they are sent; begins with a slash.
    pub path: String,
    /// What stands before `@`, which some phones accept.
    pub credentials: Option<Credentials>,
}

impl Address {
    /// Cuts an `http` or `https` address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Address, String> {
        let expected = || format!("`{text}` is no address that phones fetch from: http:// or https:// was expected");
        let (scheme, rest) = text.split_once("://").ok_or_else(expected)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(expected()),
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
        let credentials = user.map(|user| {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            Credentials { user: user.to_owned(), password: password.to_owned() }
        });
        let (host, port) =
            match place.rsplit_once(':').filter(|(host, _)| !host.starts_with('[') || host.ends_with(']')) {
                Some((host, port)) => (host, port.parse().map_err(|_| format!("`{text}` has no port behind its `:`"))?),
                None => (place, if tls { 443 } else { 80 }),
            };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(format!("`{text}` names no host"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Address { tls, host: host.to_owned(), port, path, credentials })
    }

    /// The same server with another path.
    #[must_use]
    pub fn at(&self, path: &str) -> Address {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Address { path, ..self.clone() }
    }

    /// A file in the folder that this address names.
    #[must_use]
    pub fn file(&self, name: &str) -> Address {
        self.at(&format!("{}/{name}", self.path.trim_end_matches('/')))
    }

    /// What a file at this address names: an address of its own, a path of the server, or a file beside it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn follow(&self, name: &str) -> Result<Address, String> {
        if name.contains("://") {
            return Address::parse(name);
        }
        if name.starts_with('/') {
            return Ok(self.at(name));
        }
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Ok(self.at(&format!("{folder}/{name}")))
    }

    /// Whether the path names no file, as far as a phone can tell.
    pub fn is_folder(&self) -> bool {
        !self.path.rsplit('/').next().is_some_and(|last| last.contains('.'))
    }

    /// Whether both lead to the same listener.
    pub fn same_server(&self, other: &Address) -> bool {
        (self.tls, self.port) == (other.tls, other.port) && self.host.eq_ignore_ascii_case(&other.host)
    }

    /// What the `Host` header says.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            _ => format!("{host}:{}", self.port),
        }
    }
}

impl fmt::Display for Address {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_normalised() {
        for text in ["https://h:8443/42/2/../../sifs/sifsroot.bin", "http://h//a%20b/?mac=1", "https://[::1]:8443/"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Address::parse("http://h").unwrap().path, "/");
    }

    #[test]
    fn a_password_is_not_shown() {
        let address = Address::parse("https://me:secret@h/x").unwrap();
        assert_eq!(address.to_string(), "https://h/x");
        assert_eq!(format!("{:?}", address.credentials), "Some(Credentials(me, ‹secret›))");
    }

    #[test]
    fn names_are_followed_as_they_stand() {
        let base = Address::parse("https://h/a/b.boot").unwrap();
        assert_eq!(base.follow("c.cfg").unwrap().to_string(), "https://h/a/c.cfg");
        assert_eq!(base.follow("/c.cfg").unwrap().to_string(), "https://h/c.cfg");
        assert_eq!(base.follow("http://o/c.cfg").unwrap().to_string(), "http://o/c.cfg");
        assert_eq!(Address::parse("https://h/a/").unwrap().file("x.cfg").to_string(), "https://h/a/x.cfg");
    }

    #[test]
    fn what_is_no_address_is_told() {
        assert_eq!(
            Address::parse("tftp://h/x").unwrap_err(),
            "`tftp://h/x` is no address that phones fetch from: http:// or https:// was expected"
        );
        assert_eq!(Address::parse("http://h:x/").unwrap_err(), "`http://h:x/` has no port behind its `:`");
    }
}
