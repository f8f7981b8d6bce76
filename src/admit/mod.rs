//! May this request have this file?
//!
//! A provisioning file holds a SIP password, and a MAC is not a secret. So a phone has to show who it is, on one or
//! several rungs of a ladder: the network that it asks from, a password, a secret in the path, its maker's certificate.
//! Each rung is judged for itself, and [`admit`] puts the verdicts together as the phone's site wants it: every rung that
//! the site demands, and at least one that it accepts.

mod certificates;
pub mod legacy;
mod limits;
mod network;
pub mod pairing;
pub mod passwords;
mod refusal;
mod tokens;
mod walk;

pub use certificates::{Proof, judge};
pub use limits::{Limits, Pace, TooMany};
pub use network::{Way, network};
pub use refusal::Refusal;
pub use tokens::{Fact, Facts, Judged, LONGEST_WINDOW_SECS, Stage, Standing, TokenKey, Window, is_token};
pub use walk::Walk;

use crate::fleet::{Rung, Trust};

/// What a request shows on one rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// What the phone must have.
    Good,
    /// Nothing.
    Nothing,
    /// Something that is not the phone's.
    Wrong(Refusal),
}

/// What a request shows on each rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// The network that it comes from.
    pub network: Shown,
    /// Its password.
    pub password: Shown,
    /// The token in its path.
    pub token: Shown,
    /// The certificate of its connection.
    pub certificate: Shown,
}

impl Ladder {
    fn on(&self, rung: Rung) -> Shown {
        match rung {
            Rung::Network => self.network,
            Rung::Password => self.password,
            Rung::Token => self.token,
            Rung::Certificate => self.certificate,
        }
    }

    /// Whether it shows something that only the phone has.
    pub fn shows_credentials(&self) -> bool {
        [Rung::Password, Rung::Token, Rung::Certificate].into_iter().any(|rung| self.holds(rung))
    }

    fn holds(&self, rung: Rung) -> bool {
        self.on(rung) == Shown::Good
    }
}

/// Whether a request that shows this may have a file with secrets.
///
/// # Errors
/// Why it may not: what is wrong with what it shows, else what is missing, the first from weak to strong.
pub fn admit(trust: &Trust, ladder: &Ladder) -> Result<(), Refusal> {
    let demanded = trust.demand.iter().all(|rung| ladder.holds(*rung));
    if demanded && trust.accept.iter().any(|rung| ladder.holds(*rung)) {
        return Ok(());
    }
    let known = || Rung::ALL.into_iter().filter(|rung| trust.knows(*rung));
    // A network that is not the site's is wrong for every phone that shows nothing else, so it is told last.
    let wrong = known().rev().find_map(|rung| match ladder.on(rung) {
        Shown::Wrong(refusal) if rung != Rung::Network => Some(refusal),
        _ => None,
    });
    let missing = || trust.demand.iter().copied().find(|rung| !ladder.holds(*rung)).map(missing);
    Err(wrong.or_else(missing).unwrap_or(Refusal::Untrusted))
}

fn missing(rung: Rung) -> Refusal {
    match rung {
        Rung::Network => Refusal::Untrusted,
        Rung::Password => Refusal::NoPassword,
        Rung::Token => Refusal::NoToken,
        Rung::Certificate => Refusal::NoCertificate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: Shown = Shown::Wrong(Refusal::OtherSite);

    fn ladder(network: Shown, password: Shown, token: Shown, certificate: Shown) -> Ladder {
        Ladder { network, password, token, certificate }
    }

    fn trust(accept: &[Rung], demand: &[Rung]) -> Trust {
        Trust { accept: accept.into(), demand: demand.into(), ..Trust::default() }
    }

    #[test]
    fn all_that_is_demanded_and_one_that_is_accepted() {
        use Rung::{Certificate, Network, Password, Token};
        use Shown::{Good, Nothing};
        let away = Shown::Wrong(Refusal::Untrusted);
        for (accept, demand, shown, verdict) in [
            (&Rung::ALL[..], &[][..], ladder(Good, Nothing, Nothing, Nothing), Ok(())),
            (&Rung::ALL, &[], ladder(away, Nothing, Good, Nothing), Ok(())),
            (&Rung::ALL, &[], ladder(away, Nothing, Nothing, Nothing), Err(Refusal::Untrusted)),
            (&Rung::ALL, &[], ladder(away, WRONG, Nothing, Nothing), Err(Refusal::OtherSite)),
            (&Rung::ALL, &[Password], ladder(Good, Nothing, Nothing, Nothing), Err(Refusal::NoPassword)),
            (&Rung::ALL, &[Password], ladder(away, Good, Nothing, Nothing), Ok(())),
            (&[Token, Password], &[Network], ladder(Good, Nothing, Nothing, Nothing), Err(Refusal::Untrusted)),
            (&[Token, Password], &[Network], ladder(Good, Nothing, Good, Nothing), Ok(())),
            (&[Token, Password], &[Network], ladder(away, Nothing, Good, Nothing), Err(Refusal::Untrusted)),
            (&Rung::ALL, &[Token, Certificate], ladder(Good, Good, Good, Nothing), Err(Refusal::NoCertificate)),
            (&Rung::ALL, &[Token, Certificate], ladder(away, Nothing, Good, Good), Ok(())),
            // What the site does not know is not even looked at.
            (&[Network], &[], ladder(away, Good, Good, Good), Err(Refusal::Untrusted)),
            (&[Network], &[], ladder(Good, WRONG, WRONG, WRONG), Ok(())),
            (&[], &[], ladder(Good, Good, Good, Good), Err(Refusal::Untrusted)),
        ] {
            assert_eq!(admit(&trust(accept, demand), &shown), verdict, "{accept:?} {demand:?} {shown:?}");
        }
    }
}
