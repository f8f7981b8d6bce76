//! What keys name: siblings, voicemails, faxes, hunting groups and queues of the site.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use compact_str::CompactString;

use crate::findings::{Finding, Level, nearest, nearest_few};
use crate::fleet::{ClientCertificates, Line, NumberKind, Root, Rung, Site, Stored, Trust};
use crate::live::Serving;
use crate::phone::label::names_in;
use crate::phone::{Parameter, Use};
use crate::resolve::Problem;
use crate::world::{World, spellings};

/// What numbers keys may name.
pub struct KnownNumbers<'w> {
    world: &'w World,
    /// The lines of every site by their names: only a mistake asks for all of them.
    lines: OnceLock<HashMap<&'w str, Vec<&'w str>>>,
}

impl<'w> KnownNumbers<'w> {
    /// The lines of a world. One whose file has a mistake is a line all the same: the mistake is told there, and once.
    pub fn of(world: &'w World) -> KnownNumbers<'w> {
        KnownNumbers { world, lines: OnceLock::new() }
    }

    fn lines_of<'a>(&'a self, site: &'a Site) -> impl Iterator<Item = &'a str> {
        let lines = self.lines.get_or_init(|| {
            let mut lines: HashMap<&str, Vec<&str>> = HashMap::new();
            self.world.line_names().for_each(|(site, name)| lines.entry(site).or_default().push(name));
            lines
        });
        lines.get(site.id.as_str()).into_iter().flatten().copied()
    }

    /// What is wrong with a key's parameter in its site, if anything is.
    pub fn check(&self, site: &Site, what: &Use) -> Option<Problem> {
        let number = what.number.as_ref()?.as_str();
        let is_line = self.world.has_line(&site.id, number);
        let kind = site.numbers.get(number).map(|known| known.kind);
        let (wanted, fits): (&str, bool) = match what.function.info().parameter {
            Parameter::Sibling => ("a line of the site", is_line || kind == Some(NumberKind::External)),
            Parameter::VoicemailOrFax => (
                "a line, voicemail or fax of the site",
                is_line || matches!(kind, Some(NumberKind::Voicemail | NumberKind::Fax)),
            ),
            Parameter::HuntingGroup => ("a hunting group of the site", kind == Some(NumberKind::Hunt)),
            Parameter::Queue => ("a call queue of the site", kind == Some(NumberKind::Queue)),
            _ => return None,
        };
        if fits {
            return None;
        }
        let lines = self.lines_of(site);
        let named = site.numbers.keys().map(CompactString::as_str);
        let near = nearest(number, lines.chain(named)).filter(|near| *near != number);
        let hint = match (near, what.function.info().parameter) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Parameter::Sibling) => {
                format!("if it is somebody else's, say [numbers.\"{number}\"] kind = \"external\" in site.toml")
            }
            (None, Parameter::HuntingGroup) => format!("say [numbers.\"{number}\"] kind = \"hunt\" in site.toml"),
            (None, Parameter::Queue) => format!("say [numbers.\"{number}\"] kind = \"queue\" in site.toml"),
            (None, _) => format!("say [numbers.\"{number}\"] kind = \"voicemail\" or \"fax\" in site.toml"),
        };
        Some(Problem {
            level: Level::Error,
            code: "unknown-number",
            what: format!("`{}` needs {wanted}, and `{number}` is none", what.function),
            hint: Some(hint),
        })
    }

    /// What is wrong with the numbers that a label names.
    pub fn check_label(&self, site: &Site, label: &str) -> Vec<Problem> {
        let is_known = |name: CompactString| self.world.has_line(&site.id, &name) || site.numbers.contains_key(&name);
        let numbers = names_in(label).unwrap_or_default().into_iter().map(CompactString::from);
        let unknown = numbers.filter(|number| !spellings(number).any(is_known));
        unknown
            .map(|number| {
                let named = site.numbers.keys().map(CompactString::as_str);
                let near = nearest_few(&number, self.lines_of(site).chain(named));
                let near: Vec<String> = near.into_iter().map(|near| format!("`{near}`")).collect();
                let hint = (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")));
                Problem {
                    level: Level::Warning,
                    code: "unknown-name",
                    what: format!(
                        "the label shows the name of `{number}`, which the site has not: the number is shown"
                    ),
                    hint: hint
                        .or_else(|| Some(format!("add its line, or [numbers.\"{number}\"] with a label to site.toml"))),
                }
            })
            .collect()
    }
}

/// What the listeners name.
pub(super) fn listeners(serving: &Serving) -> Vec<Finding> {
    let Some(root) = serving.world.root() else { return Vec::new() };
    let families = &serving.world.catalogue.families;
    let mut findings = Vec::new();
    if root.url_is_missing() {
        let what = format!("`public_url` is missing: phones would be told `{}`, which is no address", root.url());
        findings
            .push(Finding::error("no-public-url", "fleet.toml", None, what).hint("write what phones call this server"));
    }
    let unknown = |family: &CompactString, at: u32| {
        let near = nearest(family, families.keys().map(CompactString::as_str));
        let hint = near.map_or("`offhook models` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        let what = format!("the family `{family}` does not exist");
        Finding::error("unknown-family", "fleet.toml", at, what).hint(hint)
    };
    for listen in &root.listen {
        let strange = listen.families.iter().filter(|family| !families.contains_key(*family));
        findings.extend(strange.map(|family| unknown(family, listen.at)));
        if !listen.address.ip().is_loopback() && serving.world.sites().all(|site| site.trust == Trust::default()) {
            let what =
                format!("`{}` is open to other machines, but no site says in [trust] who may fetch", listen.address);
            findings.push(
                Finding::warning("no-trust", "fleet.toml", listen.at, what)
                    .hint("until one does, it refuses every phone"),
            );
        }
    }
    for authority in &*root.client_authorities {
        for family in &authority.families {
            match families.get(family) {
                None => findings.push(unknown(family, authority.at)),
                Some(maker) if maker.family.certificate_names.is_empty() => {
                    let what = format!("nobody knows where certificates of the family `{family}` have the MAC");
                    let hint = "none of its phones is admitted by one; see [[certificate]] in docs/add-a-family.md";
                    findings.push(Finding::warning("no-certificate-name", "fleet.toml", authority.at, what).hint(hint));
                }
                Some(_) => {}
            }
        }
        if authority.has_weak_key() && !authority.weak {
            let what = format!("a key in `{}` is of fewer than 2048 bits", authority.file.display());
            let hint = "certificates that it signed are refused unless `weak = true` says that they count";
            findings.push(Finding::warning("weak-authority", "fleet.toml", authority.at, what).hint(hint));
        }
    }
    findings.extend(unasked(serving, root));
    for (scopes, file) in scopes(serving) {
        for (family, at) in scopes.0.iter().filter(|(family, _)| !families.contains_key(*family)) {
            let what = format!("[family.{family}] names a family that does not exist");
            let known = || families.keys().map(CompactString::as_str);
            let hint = nearest(family, known()).map_or_else(
                || format!("known are {}", known().collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            findings.push(Finding::error("unknown-family", &file, *at, what).hint(hint));
        }
        for (model, at) in scopes.1.iter().filter(|(model, _)| !serving.world.catalogue.models.contains_key(*model)) {
            let near = serving.world.catalogue.nearest_model(model);
            let hint = near.map_or("`offhook models` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
            let what = format!("[model.\"{model}\"] names a model that does not exist");
            findings.push(Finding::error("unknown-model", &file, *at, what).hint(hint));
        }
    }
    findings
}

/// Sites that demand a certificate although nobody asks for it, or nobody judges it.
fn unasked(serving: &Serving, root: &Root) -> Vec<Finding> {
    let asks = root.listen.iter().any(|listen| listen.client_certificates == ClientCertificates::Ask);
    let hint = match (asks, root.client_authorities.is_empty()) {
        (true, false) => return Vec::new(),
        (false, _) => "a listener in fleet.toml has to ask: client_certificates = \"ask\"",
        (true, true) => "fleet.toml has to say whose are good: [[client_authorities]]",
    };
    let demanding = serving.world.sites().filter(|site| site.trust.demand.contains(&Rung::Certificate));
    let what = "the site demands a certificate, and no phone can show a good one";
    demanding.map(|site| Finding::warning("no-trust", site.path(), None, what).hint(hint)).collect()
}

type Scope<'a> = (&'a CompactString, Option<u32>);
type Named<'a> = (Vec<Scope<'a>>, Vec<Scope<'a>>);

/// The families and models that layers name, each with the line of its first setting; with the file of each layer.
fn scopes(serving: &Serving) -> Vec<(Named<'_>, String)> {
    let root = serving.world.root().map(|root| (&root.layer, "fleet.toml".to_owned()));
    let sites = serving.world.sites().map(|site| (&site.layer, site.path()));
    root.into_iter()
        .chain(sites)
        .map(|(layer, file)| ((scopes_of(&layer.families), scopes_of(&layer.models)), file))
        .collect()
}

fn scopes_of(scopes: &[(CompactString, Box<[Stored]>)]) -> Vec<Scope<'_>> {
    scopes.iter().map(|(name, settings)| (name, settings.first().map(|first| first.at))).collect()
}

/// Lines that name a layout their site has not.
pub fn unknown_layouts<'w>(world: &World, lines: impl Iterator<Item = &'w Arc<Line>>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in lines {
        let (Some((layout, at)), Some(site)) = (&line.layout, world.site(&line.site)) else { continue };
        if !site.layouts.contains_key(layout) {
            let near = nearest(layout, site.layouts.keys().map(CompactString::as_str));
            let hint = near.map_or_else(
                || format!("add [layouts.{layout}] to site.toml"),
                |near| format!("did you mean `{near}`?"),
            );
            let what = format!("the layout `{layout}` does not exist in the site `{}`", site.id);
            findings.push(Finding::error("unknown-layout", line.path(), *at, what).hint(hint));
        }
    }
    findings
}
