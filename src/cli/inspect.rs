//! `render`, `explain`, `context`, `functions`: looking at one phone.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use compact_str::CompactString;
use serde::Serialize;
use serde_json::{Value, json};

use super::args::{Firmware, Format, Functions, PhoneFile, Render};
use super::output;
use super::state::seen_firmware;
use crate::catalogue::{Answer, Band, Class, FilePattern, Outcome};
use crate::findings::nearest;
use crate::live::{Loader, Serving};
use crate::phone::{Function, Mac, Place};
use crate::render::{Document, Renderer, Reveal, RevisionKey};
use crate::resolve::{Key, Phase, Possible, Resolved, possible, resolve};
use crate::world::Subject;

/// A fleet that is loaded to look at one phone of it.
pub(super) struct Looking {
    serving: Serving,
    pub(super) subject: Subject,
    key: RevisionKey,
    pub(super) url: CompactString,
    told: Option<String>,
    seen: Option<CompactString>,
}

impl Looking {
    /// The phone with the firmware that is told, else with what it was last seen with.
    fn with(fleet: &Path, mac: &str, firmware: &Firmware) -> Result<Looking> {
        let looking = Looking::at(fleet, mac)?;
        let seen = seen_firmware(firmware.state.as_deref(), fleet, looking.subject.phone.mac)?;
        let looking = Looking { told: firmware.firmware.clone(), seen, ..looking };
        if let (None, Some(seen)) = (&looking.told, &looking.seen) {
            let band = looking.subject.maker.family.bands.name(looking.band());
            anstream::eprintln!("last seen with firmware {seen}, so in the band {band}");
        }
        Ok(looking)
    }

    pub(super) fn at(fleet: &Path, mac: &str) -> Result<Looking> {
        if !fleet.join("fleet.toml").is_file() {
            bail!("`{}` has no fleet.toml\n  hint: name the fleet's folder with --fleet DIR", fleet.display());
        }
        let mac: Mac = mac.parse()?;
        let mut loader = Loader::new(fleet).without_key();
        let serving = loader.load();
        output::closed_secrets(&loader);
        let subject = serving.world.subject(mac).map_err(|unserved| {
            let known: Vec<String> = serving.world.macs().map(|mac| mac.to_string()).collect();
            let near = nearest(&mac.to_string(), known.iter().map(String::as_str)).map(str::to_owned);
            match near {
                Some(near) if near != mac.to_string() => anyhow!("{unserved}\n  hint: did you mean `{near}`?"),
                _ => anyhow!("{unserved}"),
            }
        })?;
        let url = serving.world.root().map(|root| root.url()).unwrap_or_default();
        Ok(Looking { serving, subject, key: RevisionKey::fixed(), url, told: None, seen: None })
    }

    fn band(&self) -> Band {
        self.subject.band(self.told.as_deref(), self.seen.as_deref())
    }

    fn resolved(&self, first: bool) -> Result<Resolved<'_>> {
        let band = self.band();
        resolve(&self.subject, band, phase(first))
            .ok_or_else(|| anyhow!("{}; its phones are recognised and no more", self.subject.no_files(band)))
    }

    fn renderer(&self, reveal: bool) -> Renderer<'_> {
        Renderer {
            templates: &self.serving.templates,
            url: &self.url,
            token: None,
            key: &self.key,
            reveal: if reveal { Reveal::Secrets } else { Reveal::Nothing },
            changed_at: &|_| 0,
        }
    }

    /// The phone's documents by the names under which it asks for them.
    pub(super) fn files(&self) -> Vec<(String, &FilePattern)> {
        crate::render::documents_of(&self.subject)
    }

    fn document(&self, resolved: &Resolved<'_>, file: &FilePattern, reveal: bool) -> Result<Document> {
        Ok(crate::render::render(resolved, file, &self.renderer(reveal))?)
    }
}

fn phase(first: bool) -> Phase {
    if first { Phase::First } else { Phase::Later }
}

/// Prints a phone's files.
pub fn render(args: &Render) -> Result<u8> {
    let looking = Looking::with(&args.fleet.fleet, &args.mac, &args.firmware)?;
    let resolved = looking.resolved(args.first)?;
    let mut files = looking.files();
    if let Some(wanted) = &args.file {
        let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        files.retain(|(name, file)| name.eq_ignore_ascii_case(wanted) || file.name == wanted.as_str());
        if files.is_empty() {
            bail!("the phone has no file `{wanted}`; it has {}", names.join(", "));
        }
    }
    let mut rendered = Vec::new();
    for (name, file) in files {
        rendered.push((name, looking.document(&resolved, file, args.reveal)?));
    }
    if args.format == Format::Json {
        let list: Vec<Value> = rendered
            .iter()
            .map(|(name, document)| {
                let mut file = json!({ "name": name, "content_type": document.content_type, "text": text(document) });
                if document.text.is_some() {
                    let bytes: String = document.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    file["bytes"] = bytes.into();
                }
                file
            })
            .collect();
        output::json(&list)?;
        return Ok(0);
    }
    for (name, document) in &rendered {
        if rendered.len() > 1 {
            anstream::eprintln!("==> {name}");
        }
        output::raw(&text(document))?;
    }
    Ok(0)
}

fn text(document: &Document) -> String {
    document.text().into_owned()
}

/// Tells where each line of a phone's main file comes from.
pub fn explain(args: &PhoneFile) -> Result<u8> {
    let looking = Looking::with(&args.phone.fleet.fleet, &args.phone.mac, &args.firmware)?;
    looking.resolved(args.first)?;
    let mut reports = Vec::new();
    for (name, file) in looking.files().into_iter().filter(|(_, file)| file.answer == Answer::Document) {
        let band = looking.band();
        let report = crate::render::explain(&looking.subject, band, phase(args.first), file, &looking.renderer(false))?;
        reports.push((name, report));
    }
    if args.phone.format == Format::Json {
        let list: Vec<Value> = reports.iter().map(|(name, report)| json!({ "name": name, "report": report })).collect();
        output::json(&list)?;
        return Ok(0);
    }
    for (name, report) in reports {
        output::line(&format!("{name}:"))?;
        for line in &report.lines {
            let from: Vec<String> = line.from.iter().map(ToString::to_string).collect();
            let from = if from.is_empty() { "template".to_owned() } else { from.join("; ") };
            output::line(&format!("{:>5}  {:<60}  # {from}", line.line, line.text))?;
        }
        if !report.empty_keys.is_empty() {
            output::line("\nempty keys:")?;
        }
        for empty in &report.empty_keys {
            output::line(&format!("  {:<20} {}", empty.key.to_string(), empty.why))?;
        }
        if !report.unread.is_empty() {
            output::line("\nvalues that change no line:")?;
        }
        for unread in &report.unread {
            output::line(&format!("  {unread}"))?;
        }
    }
    Ok(0)
}

/// Prints what templates see.
pub fn context(args: &PhoneFile) -> Result<u8> {
    let looking = Looking::with(&args.phone.fleet.fleet, &args.phone.mac, &args.firmware)?;
    let resolved = looking.resolved(args.first)?;
    let context = crate::render::context_json(&resolved, &looking.url);
    match args.phone.format {
        Format::Json => output::json(&context)?,
        Format::Human => print_tree(&context, "")?,
    }
    Ok(0)
}

/// Prints nested values one in a line, by their paths as templates write them.
fn print_tree(value: &Value, path: &str) -> Result<()> {
    let below = |name: &str| match (path.is_empty(), name.contains(['.', '-'])) {
        (true, _) => name.to_owned(),
        (false, false) => format!("{path}.{name}"),
        (false, true) => format!("{path}[{name:?}]"),
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().try_for_each(|(name, value)| print_tree(value, &below(name)))
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().try_for_each(|(at, value)| print_tree(value, &format!("{path}[{at}]")))
        }
        Value::Null => output::line(&format!("{path} = none")),
        other => output::line(&format!("{path} = {other}")),
    }
}

/// What one key does with one function.
#[derive(Debug, Serialize)]
struct Row {
    key: String,
    class: &'static str,
    /// The label that is sent for the key now, where one key is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<CompactString>,
    function: Function,
    ovh: &'static str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<CompactString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dials: Option<CompactString>,
}

/// Tells what keys can do.
pub fn functions(args: &Functions) -> Result<u8> {
    let looking = Looking::with(&args.fleet.fleet, &args.mac, &args.firmware)?;
    let resolved = looking.resolved(false)?;
    let keys = asked_keys(&resolved, args.key.as_deref())?;
    if keys.is_empty() && args.format != Format::Json {
        return without_keys(&resolved).map(|()| 0);
    }
    let mut rows = Vec::new();
    for key in keys {
        rows.extend(possible(&resolved, key.class).into_iter().map(|Possible { function, outcome, why, dials }| Row {
            key: key.place.to_string(),
            class: key.class.name(),
            label: Some(key.label.clone()).filter(|label| args.key.is_some() && !label.is_empty()),
            function,
            ovh: function.info().ovh,
            outcome,
            why,
            dials,
        }));
    }
    if args.format == Format::Json {
        output::json(&rows)?;
        return Ok(0);
    }
    let mut last = String::new();
    for row in &rows {
        if row.key != last {
            let label = row.label.as_ref().map(|label| format!(", labelled `{label}`")).unwrap_or_default();
            output::line(&format!("{} ({} key{label}):", row.key, row.class))?;
            last.clone_from(&row.key);
        }
        let outcome = format!("{:?}", row.outcome).to_lowercase();
        let text = format!("  {:<25} {outcome:<11} {}", row.function.name(), row.why.as_deref().unwrap_or_default());
        output::line(text.trim_end())?;
    }
    Ok(0)
}

/// For a phone without keys: what the family says of functions that no key of any class could have.
fn without_keys(resolved: &Resolved<'_>) -> Result<()> {
    output::line(&format!("`{}` has no keys", resolved.subject.model.id))?;
    let of_classes = Class::ALL.map(|(_, class)| possible(resolved, class));
    for (at, Possible { function, why, .. }) in of_classes[0].iter().enumerate() {
        if of_classes.iter().all(|of_class| of_class[at].outcome == Outcome::Impossible) {
            let why = why.as_deref().unwrap_or_default();
            output::line(format!("  {:<25} {why}", function.name()).trim_end())?;
        }
    }
    Ok(())
}

/// The keys that are asked about: one, or the first of each class.
fn asked_keys<'r, 's>(resolved: &'r Resolved<'s>, wanted: Option<&str>) -> Result<Vec<&'r Key<'s>>> {
    let Some(wanted) = wanted else {
        let mut first: Vec<&Key<'_>> = Vec::new();
        for key in resolved.all_keys().filter(|key| key.reserved.is_none()) {
            if !first.iter().any(|other| other.class == key.class) {
                first.push(key);
            }
        }
        return Ok(first);
    };
    let model = &resolved.subject.model.id;
    let place = Place::parse(wanted)
        .ok_or_else(|| anyhow!("`{wanted}` is not a key: 3, keys.3, soft_keys.1 or modules.1.keys.40 were expected"))?;
    let key = resolved.settable_key(place);
    Ok(vec![key.ok_or_else(|| anyhow!("the key {place} does not exist on `{model}`, or cannot be set"))?])
}
