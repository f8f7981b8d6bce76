//! The certificates of listeners while a server runs: renewed as their files are, and told of before they end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::live::Followed;
use crate::server::TlsMaterial;

/// A certificate that ends within this time is worth a warning.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// Warns of the end of a certificate; and what to do when its files change, if it has any: what could not be written is in
/// memory only.
pub(super) fn look_after(tls: &Arc<TlsMaterial>) -> Option<Followed> {
    tokio::spawn(warn_daily(tls.clone()));
    tls.files().iter().all(|file| file.exists()).then(|| follow(tls.clone()))
}

fn follow(tls: Arc<TlsMaterial>) -> Followed {
    let files = tls.files().map(Path::to_owned).to_vec();
    let then = move || match tls.reload() {
        Ok(true) => {
            tracing::info!("the certificate `{}` was renewed", tls.files()[0].display());
            warn_of_expiry(&tls);
        }
        Ok(false) => {}
        Err(error) => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            tracing::error!("keeping the certificate: {:#}{hint}", anyhow::Error::new(error));
        }
    };
    Followed { files, then: Box::new(then) }
}

/// A server may run for longer than a certificate is good.
async fn warn_daily(tls: Arc<TlsMaterial>) {
    let mut days = tokio::time::interval(Duration::from_secs(86_400));
    loop {
        days.tick().await;
        warn_of_expiry(&tls);
    }
}

fn warn_of_expiry(tls: &TlsMaterial) {
    let file = tls.files()[0].display();
    match tls.expires().and_then(|end| remaining(end, SystemTime::now())) {
        Some(Remaining::Nothing) => tracing::error!("the certificate `{file}` has expired: clients will refuse it"),
        Some(Remaining::Days(days)) => tracing::warn!("the certificate `{file}` ends in {days} days"),
        None => {}
    }
}

/// How long a certificate is still good.
#[derive(Debug, PartialEq, Eq)]
enum Remaining {
    Nothing,
    Days(u64),
}

/// None: it is too long to be told.
fn remaining(end: SystemTime, now: SystemTime) -> Option<Remaining> {
    match end.duration_since(now) {
        Ok(left) if left >= SOON => None,
        Ok(left) => Some(Remaining::Days(left.as_secs() / 86_400)),
        Err(_) => Some(Remaining::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that jumps makes a wrong word, and nothing worse.
    #[test]
    fn how_long_a_certificate_is_good_by_any_clock() {
        let day = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
        let end = day(20_000);
        for (now, told) in [
            (day(0), None),
            (day(19_970), None),
            (day(19_971), Some(Remaining::Days(29))),
            (end, Some(Remaining::Days(0))),
            (day(20_001), Some(Remaining::Nothing)),
            (day(900_000), Some(Remaining::Nothing)),
        ] {
            assert_eq!(remaining(end, now), told, "{now:?}");
        }
    }
}
