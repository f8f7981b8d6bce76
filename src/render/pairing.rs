//! What a phone gets that nobody has claimed: no secret, only what keeps it asking, and its code where it can show one.

use tera::{Context, Value};

use super::document::{Made, RenderError, Renderer, checked};
use super::view::{CONTRACT, model_options, table};
use crate::catalogue::{Band, Family, Model};

/// Which phone it is for, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub struct Unclaimed<'a> {
    /// Its family.
    pub family: &'a Family,
    /// Its model, if it told one that is known.
    pub model: Option<&'a Model>,
    /// The band of its firmware.
    pub band: Band,
    /// The code that its screen is to show; none: it is not to show one.
    pub code: Option<&'a str>,
}

/// Makes the file; `with.url` has the phone's token in it where there is a code. None for a family without one.
///
/// # Errors
/// Why it is not made.
pub fn pairing(phone: &Unclaimed<'_>, with: &Renderer<'_>) -> Option<Result<Made, RenderError>> {
    let family = phone.family;
    let template = family.pairing.as_ref()?.template.as_str();
    let format = family.format()?;
    let mut context = Context::new();
    context.insert_value("contract", CONTRACT.into());
    context.insert_value("url", with.url.into());
    context.insert_value("code", phone.code.unwrap_or_default().into());
    context.insert_value("band", family.bands.name(phone.band).into());
    context.insert_value("model", model(phone));
    let named = || format!("templates/{}/{template}", family.id);
    let text = with.templates.render(&family.id, format, template, &context);
    let text = text.map_err(|what| RenderError::Template { template: named(), what });
    let made = |text| checked(format, text).map_err(|what| RenderError::Invalid { template: named(), what });
    Some(text.and_then(made))
}

fn model(phone: &Unclaimed<'_>) -> Value {
    let options = phone.model.map_or(&phone.family.options, |model| &model.options);
    table([
        ("id", phone.model.map_or("", |model| &model.id).into()),
        ("keys", phone.model.map_or_else(Value::none, |model| model.key_count().into())),
        ("options", model_options(options)),
    ])
}
