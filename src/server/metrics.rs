//! Figures for Prometheus, and whether the server lives and is ready, on a listener of their own.
//!
//! Labels have few values each: a family, a status, a reason. Nothing that a stranger can make up becomes one.

use std::sync::Arc;

use bytes::Bytes;
use compact_str::CompactString;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Answer, Asked, Fault, HeaderValue, Reply, StatusCode};
use crate::admit::Refusal;
use crate::live::Live;

/// What is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    handshakes: Family<Handshake, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    family: Text,
    status: u16,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Handshake {
    fault: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

/// A family's name costs no allocation: it is short.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Text(CompactString);

impl EncodeLabelValue for Text {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        self.0.as_str().encode(encoder)
    }
}

impl Metrics {
    /// Counts a request with its answer; no family where nobody knows it, no reason where nothing is refused.
    pub(super) fn answered(&self, family: Option<&CompactString>, status: StatusCode, refusal: Option<Refusal>) {
        let family = Text(family.cloned().unwrap_or_default());
        let reason = refusal.map(Refusal::code).unwrap_or_default();
        self.requests.get_or_create(&Request { family, status: status.as_u16(), reason }).inc();
    }

    /// Counts a TLS handshake that failed.
    pub(super) fn handshake_failed(&self, fault: Fault) {
        self.handshakes.get_or_create(&Handshake { fault: fault.code() }).inc();
    }
}

/// The answers of the listener: `/metrics`, `/healthz`, `/readyz`.
pub struct MetricsPage {
    metrics: Arc<Metrics>,
    live: Arc<Live>,
    states: Option<States>,
}

/// How many phones are in which state, by its short name.
type States = Box<dyn Fn() -> Vec<(&'static str, usize)> + Send + Sync>;

impl MetricsPage {
    /// The page of a service's figures.
    pub fn new(metrics: Arc<Metrics>, live: Arc<Live>) -> MetricsPage {
        MetricsPage { metrics, live, states: None }
    }

    /// The same with the states of phones, by their short names.
    #[must_use]
    pub fn with_states(self, states: impl Fn() -> Vec<(&'static str, usize)> + Send + Sync + 'static) -> MetricsPage {
        MetricsPage { states: Some(Box::new(states)), ..self }
    }

    fn metrics(&self) -> Reply {
        let mut registry = Registry::with_prefix("offhook");
        let Metrics { requests, handshakes } = &*self.metrics;
        registry.register("requests", "Requests by family, HTTP status and reason of a refusal", requests.clone());
        registry.register("tls_failures", "TLS handshakes that failed", handshakes.clone());
        let serving = self.live.now();
        let (sites, lines, phones) = serving.world.counts();
        let stored = gauges([("site", sites), ("line", lines), ("phone", phones)]);
        registry.register("stored", "What the fleet has", stored);
        let (errors, warnings) = serving.open_findings();
        registry.register("findings", "Open findings of the fleet", gauges([("error", errors), ("warning", warnings)]));
        if let Some(states) = &self.states {
            registry.register("phones", "Phones by state", by_state(states()));
        }
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => page(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text),
            Err(_) => Reply::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// Ready as soon as there is a fleet of which phones can be served.
    fn ready(&self) -> Reply {
        match self.live.now().world.root() {
            Some(_) => page(StatusCode::OK, TEXT, "ready\n".into()),
            None => page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "fleet.toml has no good version\n".into()),
        }
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

impl Answer for MetricsPage {
    fn answer(&self, asked: &Asked<'_>) -> Reply {
        match asked.target.split('?').next().unwrap_or_default() {
            "/metrics" => self.metrics(),
            "/healthz" => page(StatusCode::OK, TEXT, "alive\n".into()),
            "/readyz" => self.ready(),
            _ => Reply::empty(StatusCode::NOT_FOUND),
        }
    }
}

fn gauges<const N: usize>(values: [(&'static str, usize); N]) -> Family<Kind, Gauge> {
    let family = Family::<Kind, Gauge>::default();
    for (kind, value) in values {
        family.get_or_create(&Kind { kind }).set(value as i64);
    }
    family
}

fn by_state(states: Vec<(&'static str, usize)>) -> Family<State, Gauge> {
    let family = Family::<State, Gauge>::default();
    for (state, phones) in states {
        family.get_or_create(&State { state }).set(phones as i64);
    }
    family
}

fn page(status: StatusCode, content_type: &'static str, text: String) -> Reply {
    Reply {
        content_type: Some(HeaderValue::from_static(content_type)),
        body: Bytes::from(text),
        ..Reply::empty(status)
    }
}
