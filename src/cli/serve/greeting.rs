//! What a person sees first.

use std::path::Path;

use compact_str::CompactString;

use crate::catalogue::Answer;
use crate::cli::log::say;
use crate::cli::output;
use crate::fleet::Listen;
use crate::live::Serving;
use crate::phone::Mac;
use crate::server::Bound;

/// What a person wants to see first: where it listens, what it loaded, what is wrong, and a line to try.
pub(super) fn greet(serving: &Serving, bound: &Bound, listens: &[Listen], state: &Path) {
    say(format_args!("offhook {}: {}", env!("CARGO_PKG_VERSION"), output::fleet(serving.world.counts())));
    let mut first = None;
    for (address, listen) in bound.addresses().zip(listens) {
        let scheme = if listen.plain { "http" } else { "https" };
        let families =
            if listen.families.is_empty() { String::new() } else { format!(" for {}", listen.families.join(", ")) };
        say(format_args!("listening on {scheme}://{address}{families}"));
        if listen.tls.is_none() && !listen.plain {
            say(format_args!("  with the self-signed certificate in {}", state.display()));
        }
        first = first.or_else(|| Some((scheme, address, try_line(serving, &listen.families)?)));
    }
    let (errors, warnings) = serving.open_findings();
    if errors + warnings > 0 {
        let (errors, warnings) = (output::counted(errors, "error"), output::counted(warnings, "warning"));
        say(format_args!("{errors} and {warnings}: `offhook check` tells them"));
    }
    if let Some((scheme, address, line)) = first {
        let insecure = if scheme == "https" { " -k" } else { "" };
        say(format_args!("try: curl{insecure} {scheme}://{address}/{line}"));
    }
}

/// The main file of the first phone that a listener serves.
fn try_line(serving: &Serving, families: &[CompactString]) -> Option<String> {
    let file_of = |mac: Mac| {
        let subject = serving.world.subject(mac).ok()?;
        if !families.is_empty() && !families.contains(&subject.model.family) {
            return None;
        }
        let files = crate::render::documents_of(&subject);
        files.into_iter().find(|(_, file)| file.answer == Answer::Document).map(|(name, _)| name)
    };
    serving.world.macs().find_map(file_of)
}
