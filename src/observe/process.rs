//! The process as the system sees it, under the names that Prometheus has for it. Without `/proc` there is nothing to tell.

use std::fs::{read_dir, read_to_string};

use nix::sys::resource::{Resource, getrlimit};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// What `/proc` counts times in, on every Linux that we are built for.
const TICKS: f64 = 100.0;

pub(super) fn register(registry: &mut Registry) {
    let stat = read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program comes before, in parentheses, and may have spaces in it.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).map(|ticks| ticks / TICKS);
    if let Some((user, system)) = ticks(11).zip(ticks(12)) {
        let what = "Time of processors that was used";
        registry.register_with_unit("process_cpu", what, Unit::Seconds, ConstCounter::new(user + system));
    }
    if let Some((boot, start)) = number("/proc/stat", "btime ").zip(ticks(19)) {
        let start = ConstGauge::new(boot as f64 + start);
        registry.register_with_unit("process_start_time", "When the process was started", Unit::Seconds, start);
    }
    if let Some(kib) = number("/proc/self/status", "VmRSS:") {
        let resident = ConstGauge::new(kib * 1024);
        registry.register_with_unit("process_resident_memory", "Memory in use", Unit::Bytes, resident);
    }
    if let Ok(open) = read_dir("/proc/self/fd") {
        // One of them is the folder itself.
        let open = ConstGauge::new(open.count().saturating_sub(1) as u64);
        registry.register("process_open_fds", "Open files, connections among them", open);
    }
    if let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
        registry.register("process_max_fds", "The most open files", ConstGauge::new(most));
    }
}

/// The number behind a word that begins a line.
fn number(file: &str, word: &str) -> Option<u64> {
    let text = read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(word)?.split_whitespace().next()?.parse().ok())
}
