//! `schema`: a JSON Schema of the fleet's files, for editors; and the document of the administrator's API.

use anyhow::Result;
use serde_json::{Value, json};

use super::args::{Schema, SchemaOf};
use super::output;
use crate::api;
use crate::catalogue::Catalogue;
use crate::fleet::schema::{self, File};
use crate::live::shipped;

/// Prints the schema of one kind of file, or of all four.
pub fn run(args: &Schema) -> Result<u8> {
    let (catalogue, _) = Catalogue::load(&shipped(), None);
    let of = |file| schema::of(file, &catalogue.vocabulary);
    let value: Value = match args.of {
        Some(SchemaOf::Fleet) => of(File::Fleet),
        Some(SchemaOf::Site) => of(File::Site),
        Some(SchemaOf::Line) => of(File::Line),
        Some(SchemaOf::Phone) => of(File::Phone),
        Some(SchemaOf::Api) => api::document(&catalogue.vocabulary),
        None => json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "The files of an Offhook fleet",
            "$defs": { "fleet": of(File::Fleet), "site": of(File::Site), "line": of(File::Line), "phone": of(File::Phone) },
        }),
    };
    output::json(&value)?;
    Ok(0)
}
