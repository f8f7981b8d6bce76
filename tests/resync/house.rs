//! A server with its journal and its jobs, and the phones that fetch from it over TLS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use offhook::catalogue::Verb;
use offhook::fleet::Keeping;
use offhook::journal::{Journal, Reader};
use offhook::live::Live;
use offhook::phone::Mac;
use offhook::render::{Cache, MAX_CACHE_BYTES, RevisionKey};
use offhook::resync::{Around, Asking, Event, Jobs, Pace, Step, Wanted, Way};
use offhook::server::ledger::Ledger;
use offhook::server::phones::Phones;
use offhook::server::{Limits, Listener, Proxies, TlsMaterial, bind, run};
use offhook::simulate::address::Address;
use offhook::simulate::boot::{Start, manners};
use offhook::simulate::client::{Client, Network};
use offhook::simulate::device::Device;
use offhook::simulate::memory::Memory;
use offhook::simulate::power_on;
use tempfile::TempDir;
use tokio_stream::StreamExt;

use super::many::network;

pub struct House {
    _folder: TempDir,
    pub state: PathBuf,
    pub live: Arc<Live>,
    pub jobs: Jobs,
    pub journal: Arc<Journal>,
    network: Arc<Network>,
    given: Address,
}

impl House {
    /// Opens a server for the fleet in a folder.
    pub async fn open(folder: TempDir, asking: Asking, asked: Arc<dyn Fn(Mac) + Send + Sync>) -> House {
        let state = folder.path().join("state");
        let live = Arc::new(Live::load(&folder.path().join("fleet")));
        let tls = Arc::new(TlsMaterial::self_signed(&state, &["phones.example.org"]).unwrap());
        let address = ([127, 0, 0, 1], 0).into();
        let bound = bind([Listener { address, tls: Some(tls), proxies: Proxies::default() }]).await.unwrap();
        let address = bound.addresses().next().unwrap();
        let journal = Arc::new(Journal::open(&state, Keeping::default).unwrap());
        let ledger = Ledger::open(&state).unwrap();
        let cache = Cache::new(MAX_CACHE_BYTES);
        let phones = Phones::new(live.clone(), cache, RevisionKey::fixed(), ledger, Vec::new());
        let phones = Arc::new(phones.with_journal(journal.clone()));
        tokio::spawn(run(bound, phones, Limits::default(), std::future::pending()));
        let tell = Arc::new(move |mac, step: Step<'_>| {
            if step == Step::Asked {
                asked(mac);
            }
        });
        let around = Around { live: live.clone(), journal: journal.clone(), state: state.clone(), asking, tell };
        let (network, given) = network(&address.to_string());
        House { _folder: folder, state, live, jobs: Jobs::new(around), journal, network, given }
    }

    /// A phone restarts, and fetches what it fetches then.
    pub fn boots(&self, mac: Mac) -> impl Future<Output = ()> + Send + 'static {
        let serving = self.live.now();
        let (network, given) = (self.network.clone(), self.given.clone());
        async move {
            let subject = serving.world.subject(mac).unwrap();
            let device = Device::new(&subject.catalogue, &subject.model, mac, None);
            let mut client = Client::new(network, manners(&device));
            power_on(&mut client, &device, &Start::Restart(given), &mut Memory::default()).await.unwrap();
            assert!(client.exchanges.iter().any(|exchange| exchange.status == Some(200)), "{mac} got nothing");
        }
    }

    /// Starts a job over phones, with nothing special in it.
    pub fn start(&self, macs: &[Mac]) -> u64 {
        self.jobs.start(wanted(macs)).unwrap()
    }

    /// What is told of a job from now to its end.
    pub async fn heard(&self, job: u64) -> Vec<Event> {
        self.jobs.events(job).unwrap().collect().await
    }

    /// What the journal says of changes: who, by what, of what.
    pub async fn changes(&self, mac: Mac) -> Vec<String> {
        self.journal.close();
        let history = Reader::open(&self.state).await.unwrap().unwrap().history(mac, 0, 10).await.unwrap();
        history.changes.iter().map(|change| format!("{} {}: {}", change.who, change.what, change.entity)).collect()
    }
}

/// Phones are asked by their registrar, quickly, and waited for as long as any test is.
pub fn wanted(macs: &[Mac]) -> Wanted {
    Wanted {
        macs: macs.to_vec(),
        verb: Verb::Resync,
        way: Way::Registrar,
        pace: Pace { overall: 1000.0, canary: 0, bearable: 1.0, ..Pace::default() },
        wait: Duration::from_secs(60),
        who: "anna".into(),
    }
}

/// The name of an event, with its phone if it is of one.
pub fn told(event: &Event) -> String {
    match event {
        Event::Phone(phone) => format!("{} {}", phone.mac, event.name()),
        _ => event.name().to_owned(),
    }
}
