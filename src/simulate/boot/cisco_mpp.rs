//! The boot of Cisco's multiplatform phones and of the adapters ATA191 and ATA192.

use super::super::device::Device;
use super::Start;
use super::profile_rules::ProfileRules;

/// A firmware of a product. How the 9800 series numbers its own was not found.
pub fn firmware(product: &str, band: &str) -> &'static str {
    match (product, band) {
        ("ATA191", _) => "11-1-0-MSR4",
        ("ATA192", _) => "12.0.1(SR3)",
        (_, "v11") => "11.0.1",
        _ => "12.0.1",
    }
}

/// The user agent: `$VERSION ($MA)`; the ATA191 tells its serial number, the ATA192 its MAC.
pub fn user_agent(device: &Device) -> String {
    let (product, firmware) = (&device.product, &device.firmware);
    match product.as_str() {
        "ATA191" => format!("Cisco/{product}-MPP-{firmware} (FCH2443D9R4)"),
        "ATA192" => format!("Cisco/{product}-{firmware} ({})", device.mac.upper()),
        _ => format!("Cisco-{product}/{firmware} ({})", device.mac),
    }
}

/// Begins a boot; out of the box the rule is `/$PSN.xml`, such as `/8841-3PCC.xml`, and an adapter's `/ata$PSN.cfg`.
pub fn boot(device: &Device, start: &Start) -> ProfileRules {
    match device.product.strip_prefix("ATA") {
        Some(series) => ProfileRules::new(device, start, series, "ata$PSN.cfg"),
        None => {
            let series = device.product.trim_start_matches("CP-").trim_start_matches("DP-");
            ProfileRules::new(device, start, series, "$PSN.xml")
        }
    }
}
