//! The layers of settings, lowest first: product, family, model, fleet, fleet's family and model, site, site's family and model, line,
//! phone, and the seed of a first provisioning.

use super::Phase;
use crate::fleet::{Layer, Line, Stored};
use crate::phone::SettingValue;
use crate::world::Subject;

/// Which layer a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingLayer {
    /// The default of the vocabulary.
    Product,
    /// The family's file in the catalogue.
    Family,
    /// The model's file in the catalogue.
    Model,
    /// `fleet.toml`
    Fleet,
    /// `fleet.toml`, for the phone's family.
    FleetFamily,
    /// `fleet.toml`, for the phone's model.
    FleetModel,
    /// `site.toml`
    Site,
    /// `site.toml`, for the phone's family.
    SiteFamily,
    /// `site.toml`, for the phone's model.
    SiteModel,
    /// The line's file.
    Line,
    /// The layout that the line uses, in `site.toml`.
    Layout,
    /// The phone's file.
    Phone,
    /// The phone's seed.
    Seed,
}

impl SettingLayer {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            SettingLayer::Product => "product",
            SettingLayer::Family => "family",
            SettingLayer::Model => "model",
            SettingLayer::Fleet => "fleet",
            SettingLayer::FleetFamily => "fleet's family",
            SettingLayer::FleetModel => "fleet's model",
            SettingLayer::Site => "site",
            SettingLayer::SiteFamily => "site's family",
            SettingLayer::SiteModel => "site's model",
            SettingLayer::Line => "line",
            SettingLayer::Layout => "layout",
            SettingLayer::Phone => "phone",
            SettingLayer::Seed => "seed",
        }
    }
}

/// Where a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: SettingLayer,
    /// The line in its file, from 1; 0 for the product's default.
    pub at: u32,
}

impl Origin {
    pub(super) const PRODUCT: Origin = Origin { layer: SettingLayer::Product, at: 0 };

    /// The file of the origin, below the fleet's folder; for settings and keys of a line, that line's.
    pub fn file(&self, subject: &Subject, line: Option<&Line>) -> String {
        match self.layer {
            SettingLayer::Product => "models/settings.toml".into(),
            SettingLayer::Family => format!("models/{}/family.toml", subject.model.family),
            SettingLayer::Model => subject.model.path(),
            SettingLayer::Fleet | SettingLayer::FleetFamily | SettingLayer::FleetModel => "fleet.toml".into(),
            SettingLayer::Site | SettingLayer::SiteFamily | SettingLayer::SiteModel | SettingLayer::Layout => {
                subject.site.path()
            }
            SettingLayer::Line => line.map(Line::path).unwrap_or_default(),
            SettingLayer::Phone | SettingLayer::Seed => subject.phone.path(),
        }
    }
}

/// A setting with its value, if it has one, and where that is written.
#[derive(Debug, Clone, Copy)]
pub struct ResolvedSetting<'s> {
    /// The value.
    pub value: Option<&'s SettingValue>,
    /// Where it is written.
    pub origin: Origin,
}

type Settings<'s> = Vec<ResolvedSetting<'s>>;

/// The layers that all lines of the phone share.
pub(super) fn base(subject: &Subject) -> Settings<'_> {
    let vocabulary = &subject.catalogue.vocabulary;
    let mut settings: Settings<'_> = vocabulary
        .iter()
        .map(|(_, setting)| ResolvedSetting { value: setting.default.as_ref(), origin: Origin::PRODUCT })
        .collect();
    let known =
        [(SettingLayer::Family, &subject.maker.family.settings), (SettingLayer::Model, &subject.model.settings)];
    for (layer, given) in known {
        for (id, value) in given {
            settings[usize::from(id.0)] = ResolvedSetting { value: Some(value), origin: Origin { layer, at: 0 } };
        }
    }
    let fleet = [SettingLayer::Fleet, SettingLayer::FleetFamily, SettingLayer::FleetModel];
    let site = [SettingLayer::Site, SettingLayer::SiteFamily, SettingLayer::SiteModel];
    for (layer, names) in [(&subject.root.layer, fleet), (&subject.site.layer, site)] {
        lay_scoped(&mut settings, subject, layer, names);
    }
    settings
}

/// The settings of the phone, which come through its primary line only.
pub(super) fn phone<'s>(subject: &'s Subject, base: &Settings<'s>, phase: Phase) -> Settings<'s> {
    let mut settings = base.clone();
    if let Some(primary) = subject.primary() {
        lay(&mut settings, subject, &primary.layer.settings, SettingLayer::Line);
    }
    finish(settings, subject, phase)
}

/// The settings of one account.
pub(super) fn account<'s>(subject: &'s Subject, base: &Settings<'s>, line: &'s Line, phase: Phase) -> Settings<'s> {
    let mut settings = base.clone();
    lay(&mut settings, subject, &line.layer.settings, SettingLayer::Line);
    finish(settings, subject, phase)
}

fn finish<'s>(mut settings: Settings<'s>, subject: &'s Subject, phase: Phase) -> Settings<'s> {
    lay(&mut settings, subject, &subject.phone.layer.settings, SettingLayer::Phone);
    if phase == Phase::First {
        lay(&mut settings, subject, &subject.phone.seed, SettingLayer::Seed);
    }
    settings
}

fn lay_scoped<'s>(settings: &mut Settings<'s>, subject: &'s Subject, layer: &'s Layer, names: [SettingLayer; 3]) {
    lay(settings, subject, &layer.settings, names[0]);
    let own = |scopes: &'s [(_, Box<[Stored]>)], name: &str| -> Vec<&'s [Stored]> {
        scopes
            .iter()
            .filter(|(known, _): &&(compact_str::CompactString, _)| known == name)
            .map(|(_, own)| &**own)
            .collect()
    };
    for stored in own(&layer.families, &subject.model.family) {
        lay(settings, subject, stored, names[1]);
    }
    for stored in own(&layer.models, &subject.model.id) {
        lay(settings, subject, stored, names[2]);
    }
}

fn lay<'s>(settings: &mut Settings<'s>, subject: &'s Subject, stored: &'s [Stored], layer: SettingLayer) {
    for Stored { id, value, at } in stored {
        // An unset setting falls back to the product's default, which is sent.
        let default = || subject.catalogue.vocabulary.get(*id).default.as_ref();
        if let Some(setting) = settings.get_mut(id.0 as usize) {
            *setting = ResolvedSetting { value: value.as_ref().or_else(default), origin: Origin { layer, at: *at } };
        }
    }
}
