//! The boot of Cisco's SPA phones and adapters: the rule out of the box, then the rules that the files set.

use super::super::device::Device;
use super::Start;
use super::profile_rules::ProfileRules;

/// A firmware of a product.
pub fn firmware(product: &str, band: &str) -> &'static str {
    match (product, band) {
        ("SPA112", _) => "1.4.1(SR5)",
        ("SPA122", _) => "1.3.5(004p_XU001)",
        ("SPA901", _) => "4.1.11(c)",
        ("SPA921" | "SPA941", _) => "5.1.8",
        ("SPA922" | "SPA942" | "SPA962", _) => "6.1.5(a)",
        ("PAP2T", _) => "5.1.5(LS)",
        ("SPA2102", _) => "5.2.12",
        ("SPA3102", _) => "5.1.10",
        ("SPA8000", _) => "6.1.11",
        ("SPA8800", _) => "6.1.7",
        (_, "v74") => "7.4.4",
        ("SPA525G", _) => "7.4.9a",
        ("SPA525G2", _) => "7.6.1(ES_RC01)",
        _ => "7.6.2c",
    }
}

/// The user agent: the SPA525G tells its serial number only, newer adapters their MAC only, and Linksys phones a serial
/// number that may look like a MAC.
pub fn user_agent(device: &Device) -> String {
    let (product, firmware, mac) = (&device.product, &device.firmware, device.mac.upper());
    match product.as_str() {
        "SPA525G" => format!("Cisco/{product}-{firmware} (CBT141900G7)"),
        "SPA112" | "SPA122" => format!("Cisco/{product}-{firmware} ({mac})"),
        "PAP2T" => format!("Linksys/{product}-{firmware} (88019FA42805)"),
        _ if is_linksys(product) => format!("Linksys/{}-{firmware} (88019FA42805)", product.replace("SPA", "SPA-")),
        _ => format!("Cisco/{product}-{firmware} ({mac})(CCQ162306EA)"),
    }
}

/// The SPA9xx and the adapters of their time.
fn is_linksys(product: &str) -> bool {
    product.starts_with("SPA9") || matches!(product, "SPA2102" | "SPA3102" | "SPA8000" | "SPA8800")
}

/// Begins a boot; out of the box the rule is `/spa$PSN.cfg`, such as `/spa504G.cfg`, and `/init.cfg` on the PAP2T.
pub fn boot(device: &Device, start: &Start) -> ProfileRules {
    let series = device.product.trim_start_matches("SPA");
    let rule = if device.product == "PAP2T" { "init.cfg" } else { "spa$PSN.cfg" };
    ProfileRules::new(device, start, series, rule)
}
