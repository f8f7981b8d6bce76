//! The boot of Cisco's SPA phones and adapters: the rule out of the box, then the rules that the files set.

use super::super::device::Device;
use super::Start;
use super::profile_rules::ProfileRules;

/// A firmware of a product.
pub fn firmware(product: &str, band: &str) -> &'static str {
    match (product, band) {
        ("SPA112", _) => "1.4.1(SR5)",
        ("SPA122", _) => "1.3.5(004p_XU001)",
        (_, "v74") => "7.4.4",
        ("SPA525G", _) => "7.4.9a",
        ("SPA525G2", _) => "7.6.1(ES_RC01)",
        _ => "7.6.2c",
    }
}

/// The user agent: the SPA525G tells its serial number only, and the adapters their MAC only.
pub fn user_agent(device: &Device) -> String {
    let (product, firmware, mac) = (&device.product, &device.firmware, device.mac.upper());
    match product.as_str() {
        "SPA525G" => format!("Cisco/{product}-{firmware} (CBT141900G7)"),
        "SPA112" | "SPA122" => format!("Cisco/{product}-{firmware} ({mac})"),
        _ => format!("Cisco/{product}-{firmware} ({mac})(CCQ162306EA)"),
    }
}

/// Begins a boot; out of the box the rule is `/spa$PSN.cfg`, such as `/spa504G.cfg`.
pub fn boot(device: &Device, start: &Start) -> ProfileRules {
    let series = device.product.trim_start_matches("SPA");
    ProfileRules::new(device, start, series, "spa$PSN.cfg")
}
