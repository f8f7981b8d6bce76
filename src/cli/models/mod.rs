//! `models`: what the catalogue knows.

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};

use super::args::{ModelFormat, Models};
use super::output;
use crate::api::ModelShown;
use crate::catalogue::{Catalogue, Model, Width};
use crate::live::{Loader, Overrides, shipped};

mod page;

pub use page::page;

/// Lists models, or shows one.
pub fn run(args: &Models) -> Result<u8> {
    if args.format == ModelFormat::Markdown {
        return print_page(args).map(|()| 0);
    }
    let catalogue = match &args.fleet {
        Some(fleet) if !fleet.is_dir() => bail!("`{}` is not a folder", fleet.display()),
        Some(fleet) => Loader::new(fleet).catalogue(),
        None => Arc::new(Catalogue::load(&shipped(), None).0),
    };
    let models: Vec<&Model> = match &args.model {
        Some(id) => vec![catalogue.models.get(id.as_str()).ok_or_else(|| {
            let near =
                catalogue.nearest_model(id).map(|near| format!("\n  hint: did you mean `{near}`?")).unwrap_or_default();
            anyhow!("the model `{id}` does not exist{near}")
        })?],
        None => catalogue.models.values().map(AsRef::as_ref).collect(),
    };
    if args.format == ModelFormat::Json {
        let list: Vec<ModelShown> = models.iter().map(|model| ModelShown::of(model)).collect();
        output::json(&list)?;
        return Ok(0);
    }
    if let (Some(_), [model]) = (&args.model, models.as_slice()) {
        return show(model, &catalogue).map(|()| 0);
    }
    output::line(&format!(
        "{:<24} {:<16} {:>5} {:>5} {:>10}  {}",
        "model", "family", "lines", "keys", "soft keys", "modules"
    ))?;
    for model in models {
        let modules = model
            .modules
            .as_ref()
            .map(|slots| format!("{} x {}", slots.max, slots.models.join(", ")))
            .unwrap_or_default();
        let (keys, soft) = (model.key_count(), model.soft_slots().count());
        let row =
            format!("{:<24} {:<16} {:>5} {keys:>5} {soft:>10}  {modules}", model.id, model.family, model.lines.count);
        output::line(row.trim_end())?;
    }
    Ok(0)
}

fn print_page(args: &Models) -> Result<()> {
    if let Some(model) = &args.model {
        bail!("the page is of all phones: leave `{model}` or `--format markdown` out");
    }
    let texts = match &args.fleet {
        Some(fleet) if !fleet.is_dir() => bail!("`{}` is not a folder", fleet.display()),
        Some(fleet) => Overrides { folder: fleet.join("overrides") }.over_shipped().0,
        None => shipped(),
    };
    output::raw(&page(&texts))
}

fn show(model: &Model, catalogue: &Catalogue) -> Result<()> {
    let line = |name: &str, value: String, source: &crate::catalogue::Source| -> Result<()> {
        let state = format!("{:?}", source.state).to_lowercase();
        output::line(&format!("{name:<11} {value:<34} {state}: {}", source.source))?;
        source
            .disagreement
            .as_ref()
            .map_or(Ok(()), |other| output::line(&format!("{:<11} {:<34} but: {other}", "", "")))
    };
    output::line(&format!("{} ({}), family {}", model.name, model.id, model.family))?;
    output::line(&format!("{:<11} {}", "calls itself", model.products.join(", ")))?;
    line("lines", lines(model), &model.lines.source)?;
    for group in &model.keys {
        let pages = group.per_page.map(|per_page| format!(", {per_page} a page")).unwrap_or_default();
        let least = if group.at_least { "at least " } else { "" };
        let left = group.with_modules.map(|left| format!(", {left} beside a module")).unwrap_or_default();
        line("keys", format!("{least}{} {} keys{pages}{left}", group.count, group.class.name()), &group.source)?;
    }
    for group in &model.soft_keys {
        let slots: Vec<String> = group.slots.iter().map(u16::to_string).collect();
        line("soft keys", slots.join(", "), &group.source)?;
    }
    let widths = model.labels.iter().map(|(class, width)| format!("{} keys {}", class.name(), shown(*width)));
    let widths: Vec<String> = widths.collect();
    if model.key_count() > 0 || !model.soft_keys.is_empty() {
        let labels = if widths.is_empty() { "none".to_owned() } else { widths.join(", ") };
        output::line(&format!("{:<11} {labels}", "labels"))?;
    }
    if let Some(slots) = &model.modules {
        line("modules", format!("{} x {}", slots.max, slots.models.join(" or ")), &slots.source)?;
        for module in slots.models.iter().filter_map(|id| catalogue.modules.get(id)) {
            line(&module.id, format!("{} keys on {} page(s)", module.key_count(), module.pages), &module.source)?;
        }
    }
    match &model.handsets {
        Some(slots) => line("handsets", slots.max.to_string(), &slots.source),
        None => Ok(()),
    }
}

/// How many lines it has, and in which case.
fn lines(model: &Model) -> String {
    let count = &model.lines;
    let least = if count.at_least { "at least " } else { "" };
    let fewer = count.without_modules.map(|fewer| format!(", {fewer} without a module")).unwrap_or_default();
    format!("{least}{}{fewer}", count.count)
}

fn shown(width: Width) -> String {
    match width {
        Width::Characters(width) => format!("{width} characters"),
        Width::Unknown => "of unknown width".to_owned(),
    }
}
