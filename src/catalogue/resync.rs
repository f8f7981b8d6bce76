//! The SIP request that makes a phone fetch its files again.

use compact_str::CompactString;

use super::figure::Source;
use crate::reader::{At, Table};

/// What a phone is asked for. One never stands in for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To fetch its files, without a restart where the family can.
    Resync,
    /// To restart.
    Reboot,
}

impl Verb {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Resync => "resync",
            Verb::Reboot => "reboot",
        }
    }
}

/// What a NOTIFY says for one verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its `Event`.
    pub event: CompactString,
    /// Its `Subscription-State`: there is no subscription, and phones differ in what they take for that.
    pub subscription_state: CompactString,
    /// The type of its body, and the body with lines that end as SIP's do; none: no body.
    pub body: Option<(CompactString, String)>,
}

/// How phones of a family are made to fetch.
#[derive(Debug, Clone)]
pub struct Resync {
    /// Fetches without a restart where the family can.
    pub resync: Notice,
    /// Restarts the phone; none where the family has no such event.
    pub reboot: Option<Notice>,
    /// Where this is known from.
    pub source: Source,
}

impl Resync {
    /// What a NOTIFY says for a verb, if the family knows it.
    pub fn notice(&self, verb: Verb) -> Option<&Notice> {
        match verb {
            Verb::Resync => Some(&self.resync),
            Verb::Reboot => self.reboot.as_ref(),
        }
    }

    /// Reads `[resync]` of a family.
    pub(super) fn read(mut table: Table<'_, '_>) -> Resync {
        let state = header(&mut table, "subscription_state").unwrap_or("terminated".into());
        let content_type = header(&mut table, "content_type").unwrap_or("text/plain".into());
        let mut body = |field| Some((content_type.clone(), lines(&table.text(field)?.value)));
        let (resync_body, reboot_body) = (body("body"), body("reboot_body"));
        if !table.has("event") {
            table.missing("event");
        }
        let notice = |event, body| Notice { event, subscription_state: state.clone(), body };
        let resync = notice(header(&mut table, "event").unwrap_or_default(), resync_body);
        let reboot = header(&mut table, "reboot_event").map(|event| notice(event, reboot_body));
        let source = Source::read(&mut table);
        table.finish();
        Resync { resync, reboot, source }
    }
}

/// A text that is written into a header as it is.
fn header(table: &mut Table<'_, '_>, field: &'static str) -> Option<CompactString> {
    let At { value, line } = table.text(field)?;
    if value.is_empty() || !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let what = format!("`{field}` is `{}`, but must be one line of printable ASCII", value.escape_debug());
        table.error("bad-header", line, what);
        return None;
    }
    Some(value.into())
}

fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{line}\r\n")).collect()
}
