//! Boots every phone of a fleet, many at a time, and compares.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compact_str::CompactString;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::address::{Address, Credentials};
use super::client::{Exchange, Network, Route};
use super::device::Device;
use super::{Booted, differ, expect, play};
use crate::fleet::Phone;
use crate::live::{Live, Serving};
use crate::phone::Mac;
use crate::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use crate::server::ledger::Ledger;
use crate::server::phones::Phones;
use crate::server::tokens::Tokens;
use crate::server::{Limits, Listener, Proxies, TlsMaterial, bind, run};

/// What came of one phone.
#[derive(Debug)]
pub struct Outcome {
    /// The phone.
    pub mac: Mac,
    /// Its model.
    pub model: CompactString,
    /// Its family.
    pub family: CompactString,
    /// What was asked and answered.
    pub exchanges: Vec<Exchange>,
    /// Each difference in a sentence.
    pub differences: Vec<String>,
    /// It was played; else its family's boot is not described, or it cannot be served.
    pub played: bool,
}

/// Boots phones of a fleet, at most so many at a time, and tells each as it is done; they come sorted by MAC. `given` is
/// the address that each was given.
pub async fn boot_all(
    serving: &Arc<Serving>,
    macs: Vec<Mac>,
    firmware: Option<&str>,
    network: Arc<Network>,
    given: impl Fn(Mac) -> Address,
    jobs: usize,
    done: impl Fn(&Outcome),
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(macs.len());
    let mut running = JoinSet::new();
    let mut waiting = macs.into_iter();
    loop {
        while running.len() < jobs.max(1) {
            let Some(mac) = waiting.next() else { break };
            let (serving, network, given) = (serving.clone(), network.clone(), given(mac));
            let firmware = firmware.map(str::to_owned);
            running.spawn(async move { boot_one(&serving, mac, firmware.as_deref(), &network, &given).await });
        }
        match running.join_next().await {
            None => break,
            Some(Ok(outcome)) => {
                done(&outcome);
                outcomes.push(outcome);
            }
            // A panic is a mistake of ours, and no phone may be lost by it.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    outcomes.sort_by_key(|outcome| outcome.mac);
    outcomes
}

/// Boots one phone of a fleet and compares; it tells this firmware, else the one that is stored, else a usual one.
pub async fn boot_one(
    serving: &Serving,
    mac: Mac,
    firmware: Option<&str>,
    network: &Arc<Network>,
    given: &Address,
) -> Outcome {
    let nothing = |model: CompactString, family: CompactString, what: String| Outcome {
        mac,
        model,
        family,
        exchanges: Vec::new(),
        differences: vec![what],
        played: false,
    };
    let subject = match serving.world.subject(mac) {
        Ok(subject) => subject,
        Err(error) => return nothing(CompactString::default(), CompactString::default(), error.to_string()),
    };
    let (model, family) = (subject.model.id.clone(), subject.model.family.clone());
    let firmware = firmware.or(subject.phone.firmware.as_deref());
    let mut device = Device::new(&subject.catalogue, &subject.model, mac, firmware);
    device.module_keys = subject.attached_modules().iter().map(|module| module.key_count()).collect();
    let band = subject.band(Some(&device.firmware), None);
    let credentials = network.credentials.clone().or_else(|| typed_in(&subject.phone));
    let network = Arc::new(Network { credentials, ..Network::clone(network) });
    let Some(Booted { exchanges, understood, files, .. }) = play(&network, &device, given).await else {
        let what = format!("nobody has described how phones of the family `{family}` boot");
        return nothing(model, family, what);
    };
    let differences = match expect::expected(&subject, band) {
        // Every key would differ.
        Some(_) if files.is_empty() => understood.troubles,
        Some(expected) => differ::differences(&expected, understood),
        // Its firmware reads another format, so it is right that there is none.
        None if files.is_empty() => Vec::new(),
        None => vec![format!("the phone got a file, and none can be written for the firmware {}", device.firmware)],
    };
    Outcome { mac, model, family, exchanges, differences, played: true }
}

/// What was typed into a phone when it got its place; during a rotation its file tells it the new password.
fn typed_in(phone: &Phone) -> Option<Credentials> {
    let access = phone.access.as_deref()?;
    let password = access.former_password.as_ref().or(access.password.as_ref())?;
    Some(Credentials { user: access.user_of(phone.mac).into_owned(), password: password.expose().to_owned() })
}

/// A server of one's own, on any free port of the loopback, with a certificate of its own.
pub struct Own {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its certificate.
    pub certificate: PathBuf,
    live: Arc<Live>,
    tokens: Arc<Tokens>,
    folder: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl Own {
    /// Starts it for a fleet; it answers as `serve` does, and records nothing.
    ///
    /// # Errors
    /// What kept it from listening.
    pub async fn start(live: Arc<Live>) -> Result<Own, String> {
        let url = live.now().world.root().map(|root| root.url()).unwrap_or_default();
        let host = Address::parse(&url).map(|address| address.host)?;
        let folder = temporary_folder().map_err(|error| format!("cannot make a folder for a certificate: {error}"))?;
        let tls = TlsMaterial::self_signed(&folder, &[&host]).map_err(|error| error.to_string())?;
        let certificate = tls.files()[0].to_owned();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener { address, tls: Some(Arc::new(tls)), proxies: Proxies::default() };
        let bound = bind([listener]).await.map_err(|error| error.to_string())?;
        let address = bound.addresses().next().ok_or("nothing is bound")?;
        let cache = Cache::new(MAX_CACHE_BYTES);
        let tokens = Arc::new(Tokens::in_memory());
        let phones = Phones::new(live.clone(), cache, RevisionKey::fixed(), Ledger::in_memory(), Vec::new());
        let phones = Arc::new(phones.with_tokens(tokens.clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(run(bound, phones, Limits::default(), async {
            let _ = stopped.await;
        }));
        Ok(Own { address, certificate, live, tokens, folder, stop: Some(stop), running: Some(running) })
    }

    /// What leads the name that files call the server to this one.
    pub fn route(&self, name: Address) -> Route {
        Route { name, to: self.address, tls: true }
    }

    /// What a phone of the fleet is given: the name that files call the server, and a first-boot token behind it where the
    /// phone's site gives tokens.
    pub fn given(&self, name: &Address, mac: Mac) -> Address {
        match self.live.now().world.subject(mac) {
            Ok(subject) if subject.site.trust.gives_tokens() => {
                name.file(&format!("~{}/", *self.tokens.first_boot(mac)))
            }
            _ => name.clone(),
        }
    }

    /// Stops it.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(running) = self.running.take() {
            let _ = running.await;
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A new folder that nobody else can read.
fn temporary_folder() -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let parent: &Path = &std::env::temp_dir();
    for n in 0..100 {
        let folder = parent.join(format!("offhook-simulate-{}-{n}", std::process::id()));
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder),
        }
    }
    Err(std::io::ErrorKind::AlreadyExists.into())
}
