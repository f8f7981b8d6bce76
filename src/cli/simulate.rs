//! `simulate`: plays one phone, or every phone of a fleet.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use super::args::{Format, Simulate};
use super::output;
use crate::catalogue::{Catalogue, Model};
use crate::live::{Live, Serving, shipped};
use crate::phone::Mac;
use crate::simulate::address::{Address, Credentials};
use crate::simulate::client::{Exchange, Network, Route};
use crate::simulate::device::Device;
use crate::simulate::fleet::{Outcome, Own, boot_all};
use crate::simulate::trust::{self, Trust};
use crate::simulate::understood::{Does, Understood};
use crate::simulate::{Booted, play};

/// Where a phone looks if nobody says where.
const HERE: &str = "https://127.0.0.1:8443/";

/// Plays phones.
pub fn run(args: &Simulate) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    match &args.fleet {
        Some(fleet) => runtime.block_on(whole_fleet(args, fleet)),
        None => runtime.block_on(one_phone(args)),
    }
}

fn told(what: String) -> anyhow::Error {
    anyhow!(what)
}

fn trust_of(args: &Simulate) -> Trust<'_> {
    Trust::chosen(args.ca.as_deref(), args.insecure)
}

fn credentials(args: &Simulate) -> Option<Credentials> {
    let (user, password) = (args.user.clone()?, args.password.clone()?);
    Some(Credentials { user, password })
}

async fn one_phone(args: &Simulate) -> Result<u8> {
    let catalogue = Catalogue::load(&shipped(), None).0;
    let model = model_named(&catalogue, args.model.as_deref().unwrap_or_default())?;
    let mac = args.mac.as_deref().map_or_else(|| usual_mac(&catalogue, &model), |mac| Ok(mac.parse()?))?;
    let given = Address::parse(args.server.as_deref().unwrap_or(HERE)).map_err(told)?;
    let network = Network {
        trust: trust::config(trust_of(args)).map_err(told)?,
        routes: Vec::new(),
        only_routes: false,
        credentials: credentials(args),
    };
    let device = Device::new(&catalogue, &model, mac, args.firmware.as_deref());
    let booted = play(&Arc::new(network), &device, &given).await;
    let family = &model.family;
    let booted = booted.ok_or_else(|| anyhow!("nobody has described how phones of the family `{family}` boot"))?;
    match args.format {
        Format::Json => output::json(&json!({ "model": model.id, "mac": mac.to_string(), "boot": booted }))?,
        Format::Human => print_boot(&booted)?,
    }
    Ok(u8::from(!booted.understood.troubles.is_empty()))
}

fn model_named(catalogue: &Catalogue, id: &str) -> Result<Arc<Model>> {
    catalogue.models.get(id).cloned().ok_or_else(|| {
        let near = catalogue.nearest_model(id).map(|near| format!("\n  hint: did you mean `{near}`?"));
        anyhow!("the model `{id}` does not exist{}", near.unwrap_or_default())
    })
}

/// The first address of the family's range, where nobody names one.
fn usual_mac(catalogue: &Catalogue, model: &Model) -> Result<Mac> {
    let maker = catalogue.family_of(model).with_context(|| format!("the family of `{}` is missing", model.id))?;
    let prefix = maker.family.addresses.first().with_context(|| "no address range is known: name one with --mac")?;
    Ok(format!("{prefix:0<11}1").parse()?)
}

fn print_boot(booted: &Booted) -> Result<()> {
    output::line(&format!("firmware {}", booted.firmware))?;
    for exchange in &booted.exchanges {
        output::line(&request_line(exchange))?;
    }
    print_understood(&booted.understood)
}

fn request_line(exchange: &Exchange) -> String {
    let status = exchange.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
    let note = exchange.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default();
    format!("{status} {:>8} bytes  {}  ({}){note}", exchange.bytes, exchange.url, exchange.user_agent)
}

fn print_understood(understood: &Understood) -> Result<()> {
    if let Some(code) = &understood.code {
        output::line(&format!("nobody has claimed it; the code on its screen is {code}"))?;
    }
    for (n, account) in &understood.accounts {
        let port = account.port.map(|port| format!(":{port}")).unwrap_or_default();
        let over = account.transport.map(|transport| format!(" over {transport:?}").to_uppercase()).unwrap_or_default();
        let label = account.label.as_ref().map(|label| format!(", called `{label}`")).unwrap_or_default();
        let password = if account.password { "" } else { ", without a password" };
        let (user, server) = (&account.user, &account.server);
        output::line(&format!("account {n}: `{user}` at {server}{port}{}{label}{password}", over.to_lowercase()))?;
    }
    for (n, handset) in &understood.handsets {
        let accounts: Vec<String> = handset.accounts.iter().map(ToString::to_string).collect();
        let name = handset.name.as_ref().map(|name| format!(", called `{name}`")).unwrap_or_default();
        output::line(&format!("handset {n}: account {}{name}", accounts.join(", ")))?;
    }
    let mut empty = 0;
    for (place, key) in &understood.keys {
        if key.does == Does::Nothing && key.label.is_none() {
            empty += 1;
            continue;
        }
        let label = key.label.as_ref().map(|label| format!("  `{label}`")).unwrap_or_default();
        output::line(&format!("{place}: {}{label}", key.does))?;
    }
    if empty > 0 {
        output::line(&format!("{} do nothing", output::counted(empty, "other key")))?;
    }
    for trouble in &understood.troubles {
        output::line(&format!("! {trouble}"))?;
    }
    Ok(())
}

async fn whole_fleet(args: &Simulate, fleet: &Path) -> Result<u8> {
    if !fleet.join("fleet.toml").is_file() {
        bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", fleet.display());
    }
    let live = Arc::new(Live::load(fleet));
    let serving = live.now();
    let root = serving.world.root().with_context(|| "`fleet.toml` has errors: `offhook check` tells them")?;
    let name = Address::parse(&root.url()).map_err(told)?;
    let macs = chosen(args, &serving)?;
    let own = match &args.server {
        Some(_) => None,
        None => Some(Own::start(live.clone()).await.map_err(told)?),
    };
    let (route, given, trust) = match (&own, &args.server) {
        (None, Some(server)) => {
            let given = Address::parse(server).map_err(told)?;
            (route_to(name, &given).await?, given, trust::config(trust_of(args)))
        }
        (Some(own), _) => (own.route(name.clone()), name, trust::config(Trust::File(&own.certificate))),
        (None, None) => bail!("there is no server"),
    };
    let mut routes = vec![route];
    // The server that is tried is no stranger by the name that was given either.
    routes.push(Route { name: given.clone(), ..routes[0].clone() });
    let network = Network { trust: trust.map_err(told)?, routes, only_routes: true, credentials: credentials(args) };
    let bar = output::progress(macs.len());
    let given = |mac| own.as_ref().map_or_else(|| given.clone(), |own| own.given(&given, mac));
    let (firmware, network) = (args.firmware.as_deref(), Arc::new(network));
    let outcomes = boot_all(&serving, macs, firmware, network, given, args.jobs, |_| bar.inc(1)).await;
    bar.finish_and_clear();
    if let Some(own) = own {
        own.stop().await;
    }
    report(args, &outcomes)
}

/// The phones that are played.
fn chosen(args: &Simulate, serving: &Serving) -> Result<Vec<Mac>> {
    let only: Option<Mac> = args.mac.as_deref().map(str::parse).transpose()?;
    let is_model = |mac: &Mac| match (&args.model, serving.world.phone(*mac)) {
        (None, _) => true,
        (Some(model), phone) => phone.is_some_and(|phone| phone.model.0 == model.as_str()),
    };
    let macs: Vec<Mac> =
        serving.world.macs().filter(|mac| only.is_none_or(|only| only == *mac)).filter(is_model).collect();
    if macs.is_empty() {
        bail!("the fleet has no such phone");
    }
    Ok(macs)
}

/// What leads the name that the files call the server to the one that is tried.
async fn route_to(name: Address, server: &Address) -> Result<Route> {
    let place = (server.host.as_str(), server.port);
    let mut found = tokio::net::lookup_host(place).await.with_context(|| format!("cannot find `{}`", server.host))?;
    let to = found.next().with_context(|| format!("`{}` has no address", server.host))?;
    Ok(Route { name, to, tls: server.tls })
}

fn report(args: &Simulate, outcomes: &[Outcome]) -> Result<u8> {
    let differences: usize = outcomes.iter().map(|outcome| outcome.differences.len()).sum();
    if args.format == Format::Json {
        let list: Vec<Value> = outcomes.iter().map(as_json).collect();
        output::json(&json!({ "phones": list, "differences": differences }))?;
        return Ok(u8::from(differences > 0));
    }
    output::line(&format!("{:<20} {:>7} {:>7} {:>9} {:>12}", "family", "phones", "booted", "requests", "differences"))?;
    let mut families: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        families.entry(&outcome.family).or_default().push(outcome);
    }
    for (family, of_family) in families {
        let family = if family.is_empty() { "(not served)" } else { family };
        let booted = of_family.iter().filter(|outcome| outcome.played).count();
        let requests: usize = of_family.iter().map(|outcome| outcome.exchanges.len()).sum();
        let differences: usize = of_family.iter().map(|outcome| outcome.differences.len()).sum();
        let phones = of_family.len();
        output::line(&format!("{family:<20} {phones:>7} {booted:>7} {requests:>9} {differences:>12}"))?;
    }
    for outcome in outcomes {
        for difference in &outcome.differences {
            output::line(&format!("{} {}: {difference}", outcome.mac, outcome.model))?;
        }
        // One phone that was asked for, or one that got nothing: what it asked tells why.
        if outcomes.len() == 1 || !outcome.exchanges.iter().any(|exchange| exchange.status == Some(200)) {
            for exchange in &outcome.exchanges {
                output::line(&format!("  {}", request_line(exchange)))?;
            }
        }
    }
    Ok(u8::from(differences > 0))
}

fn as_json(outcome: &Outcome) -> Value {
    json!({
        "mac": outcome.mac.to_string(),
        "model": outcome.model,
        "family": outcome.family,
        "booted": outcome.played,
        "requests": outcome.exchanges,
        "differences": outcome.differences,
    })
}
