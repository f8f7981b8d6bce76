//! The rung `password` at the wire: the time and the random numbers that [`admit`](crate::admit::passwords) takes as
//! arguments, and the headers that it makes.

use std::time::Instant;

use aws_lc_rs::{hmac, rand};

use super::{Asked, HeaderValue};
use crate::admit::passwords::{Passwords, Request};
use crate::admit::{Ladder, Refusal, Shown, admit};
use crate::world::Subject;

/// Asks phones for their passwords.
pub(super) struct Porter {
    /// None where the system gave no random numbers: then no password is good, and none is asked for.
    passwords: Option<Passwords>,
    /// No clock that is set back makes nonces younger or older.
    start: Instant,
}

impl Porter {
    /// With a key of its own, so that nonces do not outlive it.
    pub fn new() -> Porter {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new());
        if key.is_err() {
            tracing::error!("the system gives no random numbers, so no password is taken");
        }
        Porter { passwords: key.ok().map(Passwords::new), start: Instant::now() }
    }

    /// What a request shows of the phone's password. A request is judged once: what it shows is good once.
    pub fn judge(&self, subject: &Subject, asked: &Asked<'_>) -> Shown {
        let Some(passwords) = &self.passwords else { return Shown::Nothing };
        let Asked { authorization, target, tls, .. } = *asked;
        let request = Request { authorization, method: asked.method.as_str(), target, tls };
        passwords.judge(&subject.phone, &subject.maker.family, &request, self.start.elapsed())
    }

    /// The challenges for a phone that is refused; none where its password would not help.
    pub fn challenges(
        &self,
        subject: &Subject,
        ladder: &Ladder,
        refusal: Refusal,
        asked: &Asked<'_>,
    ) -> Vec<HeaderValue> {
        let with_password = Ladder { password: Shown::Good, ..*ladder };
        let Some(passwords) = &self.passwords else { return Vec::new() };
        let mut random = [0; 8];
        if admit(&subject.site.trust, &with_password).is_err() || rand::fill(&mut random).is_err() {
            return Vec::new();
        }
        let (phone, family) = (&subject.phone, &subject.maker.family);
        let challenges = passwords.challenges(phone, family, asked.tls, refusal, self.start.elapsed(), random);
        challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()).collect()
    }
}
