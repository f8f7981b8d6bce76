//! What is counted where phones are answered. It costs each request a look into a table and a few atomic additions; what
//! else a server can tell of itself is gathered when somebody asks, by [`observe`](crate::observe).
//!
//! Labels have few values each: a family, a status, a reason. Nothing that a stranger can make up becomes one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use compact_str::CompactString;
use prometheus_client::encoding::{
    EncodeLabelSet, EncodeLabelValue, EncodeMetric, LabelValueEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::{Registry, Unit};

use super::{Fault, StatusCode};
use crate::admit::Refusal;

/// What is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    answers: Timing,
    renders: Family<Maker, Timing>,
    render_errors: Family<Maker, Counter>,
    handshakes: Family<Handshake, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    family: Text,
    status: u16,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Maker {
    family: Text,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Handshake {
    fault: &'static str,
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
    pub(super) fn answered(
        &self,
        family: Option<&CompactString>,
        status: StatusCode,
        refusal: Option<Refusal>,
        took: Duration,
    ) {
        let family = Text(family.cloned().unwrap_or_default());
        let reason = refusal.map(Refusal::code).unwrap_or_default();
        self.requests.get_or_create(&Request { family, status: status.as_u16(), reason }).inc();
        self.answers.add(took);
    }

    /// Counts a file that was made, or could not be.
    pub(super) fn rendered(&self, family: &CompactString, took: Duration, is_good: bool) {
        let maker = Maker { family: Text(family.clone()) };
        self.renders.get_or_create(&maker).add(took);
        // Shown from the first file on, since nobody sees a figure rise that was not there.
        self.render_errors.get_or_create(&maker).inc_by(u64::from(!is_good));
    }

    /// Counts a TLS handshake that failed.
    pub(super) fn handshake_failed(&self, fault: Fault) {
        self.handshakes.get_or_create(&Handshake { fault: fault.code() }).inc();
    }

    /// Shows what was counted.
    pub fn register(&self, registry: &mut Registry) {
        let Metrics { requests, answers, renders, render_errors, handshakes } = self;
        let answering = "Time from a phone's request to its answer, without the network and without intended delays";
        registry.register("requests", "Requests by family, HTTP status and reason of a refusal", requests.clone());
        registry.register_with_unit("answer_duration", answering, Unit::Seconds, answers.clone());
        registry.register_with_unit(
            "render_duration",
            "Time for a file that was made for a phone, by family",
            Unit::Seconds,
            renders.clone(),
        );
        registry.register("render_errors", "Files that could not be made, by family", render_errors.clone());
        registry.register("tls_failures", "TLS handshakes that failed, by fault", handshakes.clone());
    }
}

/// The ends of a [`Timing`]'s buckets, in microseconds: a kept file is answered in the first ones.
const ENDS: [u64; 16] =
    [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000];

/// How long something took, as a histogram without a lock: each request adds to it.
#[derive(Debug, Clone, Default)]
struct Timing(Arc<Times>);

#[derive(Debug, Default)]
struct Times {
    counts: [AtomicU64; ENDS.len() + 1],
    nanos: AtomicU64,
}

impl Timing {
    fn add(&self, took: Duration) {
        let nanos = took.as_nanos() as u64;
        let at = ENDS.partition_point(|end| end * 1_000 < nanos);
        self.0.counts[at].fetch_add(1, Ordering::Relaxed);
        self.0.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl TypedMetric for Timing {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Timing {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        let ends = ENDS.iter().map(|micros| *micros as f64 / 1e6).chain([f64::INFINITY]);
        let counts = self.0.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = ends.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let seconds = self.0.nanos.load(Ordering::Relaxed) as f64 / 1e9;
        encoder.encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn a_time_is_in_the_bucket_whose_end_it_reaches() {
        let timing = Timing::default();
        for nanos in [0, 5_000, 5_001, 1_000_000_000, 1_000_000_001] {
            timing.add(Duration::from_nanos(nanos));
        }
        let mut registry = Registry::default();
        registry.register("time", "x", timing);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let wanted = ["sum 2.000010002", "count 5", "bucket{le=\"0.000005\"} 2", "bucket{le=\"0.00001\"} 3"];
        let more = ["bucket{le=\"1.0\"} 4", "bucket{le=\"+Inf\"} 5"];
        for line in wanted.into_iter().chain(more) {
            assert!(text.contains(&format!("time_{line}\n")), "no `{line}`: {text}");
        }
    }
}
