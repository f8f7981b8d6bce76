//! Figures for Prometheus. Each has a row in docs/metrics.md, which a test asks for.

use std::time::UNIX_EPOCH;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::{Page, Parts, Whom, process};
use crate::board::{Filter, State};
use crate::journal::JournalFigures;
use crate::render::CacheFigures;
use crate::resync::JobFigures;

type Labels = Vec<(&'static str, String)>;

impl Page {
    /// Everything in the text format of OpenMetrics.
    pub(super) fn figures(&self) -> Result<String, std::fmt::Error> {
        let mut all = Registry::default();
        let own = all.sub_registry_with_prefix("offhook");
        own.register("build", "The running version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        self.parts.phones.metrics().register(own);
        self.parts.calls.register(own);
        self.fleet(own);
        self.serving(own);
        self.journal_and_jobs(own);
        process::register(&mut all);
        let mut text = String::new();
        encode(&mut text, &all)?;
        Ok(text)
    }

    /// The fleet, and how it is followed.
    fn fleet(&self, own: &mut Registry) {
        let Parts { live, board, watch, .. } = &self.parts;
        let serving = live.now();
        let (sites, lines, phones) = serving.world.counts();
        let stored = [("site", sites), ("line", lines), ("phone", phones)];
        gauges(own, "stored", "What the fleet has", "kind", stored);
        let (errors, warnings) = self.open_findings(&serving);
        gauges(own, "findings", "Open findings of the fleet", "level", [("error", errors), ("warning", warnings)]);
        let counts = board.counts(&Filter::default());
        gauges(own, "phones", "Phones by state", "state", State::ALL.map(|state| (state.code(), counts.of(state))));
        let reloads = live.reloads().clone();
        let took = "Time from a look at changed files until they are served";
        own.register_with_unit("reload_duration", took, Unit::Seconds, reloads.took);
        own.register("reload_errors", "Reloads that read something with an error", reloads.with_errors);
        let good = "When files were last read without an error";
        own.register_with_unit("reload_last_success_timestamp", good, Unit::Seconds, reloads.last_good);
        let is_followed = !watch.has_ended() && watch.lacking().is_none();
        gauge(own, "watch_up", "Whether the fleet's folder is there and followed", usize::from(is_followed));
    }

    /// The wire, and the files that are kept for it.
    fn serving(&self, own: &mut Registry) {
        let Parts { phones, connections, max_connections, certificates, .. } = &self.parts;
        let CacheFigures { hits, misses, evictions, files, bytes, max_bytes } = phones.cache().figures();
        counter(own, "cache_hits", "Files that were kept", hits);
        counter(own, "cache_misses", "Files that had to be made", misses);
        counter(own, "cache_evictions", "Kept files that gave way to others", evictions);
        gauge(own, "cache_files", "Files that are kept", files as usize);
        own.register_with_unit("cache", "Size of the files that are kept", Unit::Bytes, ConstGauge::new(bytes));
        own.register_with_unit("cache_max", "The most that is kept", Unit::Bytes, ConstGauge::new(max_bytes));
        let there = connections();
        let states = [("answering", there.answering), ("waiting", there.waiting)];
        gauges(own, "connections", "Connections of phones by what they do", "state", states);
        counter(own, "connections_accepted", "Connections of phones", there.accepted);
        gauge(own, "connections_max", "The most connections of phones at once", *max_connections as usize);
        let ends = Family::<Labels, Gauge>::default();
        for certificate in certificates {
            let Some(end) = certificate.tls.expires() else { continue };
            let of = if certificate.of == Whom::Phones { "phones" } else { "api" };
            let labels = vec![("of", of.to_owned()), ("listener", certificate.listener.to_string())];
            let end = end.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            ends.get_or_create(&labels).set(end as i64);
        }
        let what = "When the certificate of a listener ends";
        own.register_with_unit("certificate_end_timestamp", what, Unit::Seconds, ends);
    }

    /// What is written down, and who is asked to come.
    fn journal_and_jobs(&self, own: &mut Registry) {
        let Parts { journal, jobs, tokens, .. } = &self.parts;
        let JournalFigures { waiting, lost, trouble } = journal.figures();
        gauge(own, "journal_queue_entries", "Entries of the journal that wait to be written", waiting);
        counter(own, "journal_lost_entries", "Entries of the journal that were lost", lost);
        gauge(own, "journal_up", "Whether the journal can be written", usize::from(trouble.is_none()));
        let JobFigures { running, ended, phones } = jobs.figures();
        gauge(own, "resync_jobs_running", "Jobs that ask phones to come", running);
        counters(own, "resync_jobs", "Jobs that have ended, by how", "outcome", ended.map(wide));
        counters(own, "resync_phones", "Phones of jobs by what came of them", "outcome", phones.map(wide));
        counters(own, "api_refused_tokens", "Calls of the API with a bad token", "reason", tokens.refused());
    }
}

fn wide((name, count): (&'static str, usize)) -> (&'static str, u64) {
    (name, count as u64)
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: usize) {
    registry.register(name, help, ConstGauge::new(value as u64));
}

fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

fn gauges<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: [(&'static str, usize); N],
) {
    let family = Family::<Labels, Gauge>::default();
    for (value, count) in values {
        family.get_or_create(&vec![(label, value.to_owned())]).set(count as i64);
    }
    registry.register(name, help, family);
}

fn counters<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: [(&'static str, u64); N],
) {
    let family = Family::<Labels, Counter>::default();
    for (value, count) in values {
        family.get_or_create(&vec![(label, value.to_owned())]).inc_by(count);
    }
    registry.register(name, help, family);
}
