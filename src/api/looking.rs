//! One phone, as somebody may look at it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{Api, Caller, Problem};
use crate::access::{Action, Target};
use crate::catalogue::Band;
use crate::edit::shown::hidden;
use crate::live::Serving;
use crate::phone::{Mac, SettingValue, without_passwords};
use crate::resolve::{Phase, Resolved, resolve};
use crate::server::seen::last_seen;
use crate::world::Subject;

/// As what a phone is looked at.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct As {
    /// As at the first provisioning, with the phone's `seed`.
    #[serde(default)]
    #[param(default = false)]
    pub first: bool,
    /// With this firmware, rather than the one that the phone last told.
    pub firmware: Option<String>,
}

/// A phone with what is served.
pub(super) struct Looking {
    pub serving: Arc<Serving>,
    pub subject: Subject,
    pub band: Band,
    pub phase: Phase,
}

impl Looking {
    /// The phone, if the caller may look so. It reads what the phone last told of its firmware.
    pub(super) fn at(api: &Api, caller: &Caller, action: Action, mac: &str, how: &As) -> Result<Looking, Problem> {
        let serving = api.now();
        let mac = stored(&serving, caller, action, mac)?;
        Looking::of(api, serving, mac, how)
    }

    /// A phone that the caller may look at.
    pub(super) fn of(api: &Api, serving: Arc<Serving>, mac: Mac, how: &As) -> Result<Looking, Problem> {
        let subject = serving.world.subject(mac).map_err(|unserved| Problem::new("conflict", unserved.to_string()))?;
        let seen = last_seen(&api.state, mac).map_err(|error| {
            tracing::error!("what phones told of their firmware cannot be read: {error}");
            Problem::new("trouble", "what the phone told of its firmware cannot be read")
        })?;
        let band = subject.band(how.firmware.as_deref(), seen.as_deref());
        let phase = if how.first { Phase::First } else { Phase::Later };
        Ok(Looking { serving, subject, band, phase })
    }

    /// The same without what is behind its `raw` edits.
    pub(super) fn without_raw(self) -> Looking {
        Looking { subject: self.subject.without_raw(), ..self }
    }

    pub(super) fn resolved(&self) -> Result<Resolved<'_>, Problem> {
        let no_files = || Problem::new("conflict", self.subject.no_files(self.band));
        resolve(&self.subject, self.band, self.phase).ok_or_else(no_files)
    }
}

/// A phone that is stored, if the caller may do this to it; if it is stored twice, to either.
pub(super) fn stored(serving: &Serving, caller: &Caller, action: Action, mac: &str) -> Result<Mac, Problem> {
    let mac: Mac = mac.parse().map_err(|_| Problem::not_found())?;
    let may = |target: &Target<'_>| caller.may(action, target);
    if let Some(phone) = serving.world.phone(mac) {
        return may(&Target::phone(phone)).map(|()| mac);
    }
    let files = serving.world.files_of(mac);
    let answers: Vec<_> = files.iter().map(|file| may(&Target::file(file))).collect();
    let allowed = answers.into_iter().reduce(Result::or).unwrap_or_else(|| Err(Problem::not_found()));
    allowed.map(|()| mac)
}

/// A value of a setting as it is shown.
pub(super) fn shown(value: &SettingValue) -> Value {
    match value {
        SettingValue::Boolean(is) => (*is).into(),
        SettingValue::Integer(number) => (*number).into(),
        SettingValue::Text(text) => without_passwords(text).into(),
        SettingValue::List(items) => items.iter().map(|item| Value::from(without_passwords(item))).collect(),
        SettingValue::Secret(_) => hidden(),
    }
}
