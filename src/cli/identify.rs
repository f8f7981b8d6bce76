//! `identify`: who is asking, what for, and by which rule.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::args::{Format, Identify};
use super::output;
use crate::catalogue::Catalogue;
use crate::identify::{Index, Request, identify};
use crate::live::{Loader, shipped};

/// Tells what a request is taken for.
pub fn run(args: &Identify) -> Result<u8> {
    if args.user_agent.is_none() && args.path.is_none() {
        bail!("give --user-agent, --path or both");
    }
    // The catalogue alone: no fleet is needed to recognise a phone.
    let catalogue = match &args.fleet {
        Some(fleet) if !fleet.is_dir() => bail!("`{}` is not a folder", fleet.display()),
        Some(fleet) => Loader::new(fleet).catalogue(),
        None => Arc::new(Catalogue::load(&shipped(), None).0),
    };
    let index = Index::of(&catalogue).context("the patterns of all families together are too large")?;
    let request = Request {
        target: args.path.as_deref().unwrap_or("/"),
        user_agent: args.user_agent.as_deref(),
        certificate: None,
    };
    let claim = identify(&request, &index);
    let view = claim.view(&index);
    if args.format == Format::Json {
        output::json(&view)?;
        return Ok(0);
    }
    let shown = |text: Option<&str>| text.unwrap_or("unknown").to_owned();
    output::line(&format!("family    {}", shown(view.family)))?;
    output::line(&format!("model     {}", shown(view.model)))?;
    output::line(&format!("product   {}", shown(view.product)))?;
    output::line(&format!("mac       {}", shown(view.mac.as_deref())))?;
    output::line(&format!("firmware  {}", shown(view.firmware)))?;
    output::line(&format!("file      {}", shown(view.file)))?;
    for sentence in claim.explain(&index) {
        output::line(&format!("  because {sentence}"))?;
    }
    Ok(0)
}
