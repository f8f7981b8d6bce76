//! By what phones of a family are known: user agents, numbers in paths, and hints that prove nothing.

use compact_str::CompactString;
use regex::Regex;

use super::text;
use crate::catalogue::figure::Source;
use crate::reader::{At, Table};

/// How good a MAC in some place is as evidence. Only two strong ones that differ are a contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// It may be something else, such as a serial number.
    Weak,
    /// It is the phone's MAC.
    Strong,
}

/// A user agent of the family.
#[derive(Debug)]
pub struct Recogniser {
    /// Named groups: `product`, `firmware`, `mac`, `serial`.
    pub user_agent: Regex,
    /// How good the MAC in it is.
    pub mac: Evidence,
    /// The product, where the user agent does not tell it.
    pub product: Option<CompactString>,
    /// Where this is known from.
    pub source: Source,
}

/// What a number in a path stands for.
#[derive(Debug)]
pub struct Number {
    /// As the path has it, without leading zeros.
    pub number: CompactString,
    /// The products that use it, the first the one that names it.
    pub products: Vec<CompactString>,
    /// They are different devices, so the number tells no product.
    pub ambiguous: bool,
}

pub(super) fn read_recogniser(mut table: Table<'_, '_>) -> Option<Recogniser> {
    let groups = ["product", "firmware", "mac", "serial"];
    let user_agent = regex(&mut table, "user_agent", &groups, |pattern| pattern.to_owned());
    let mac = read_evidence(&mut table);
    let product = table.text("product").map(|at| at.value.into());
    let source = Source::read(&mut table);
    table.finish();
    Some(Recogniser { user_agent: user_agent?, mac, product, source })
}

pub(super) fn read_evidence(table: &mut Table<'_, '_>) -> Evidence {
    match table.text("mac") {
        Some(word) if word.value == "weak" => Evidence::Weak,
        Some(word) if word.value != "strong" => {
            table.error("unknown-word", word.line, format!("`mac` is `{}`, but must be strong or weak", word.value));
            Evidence::Weak
        }
        _ => Evidence::Strong,
    }
}

pub(super) fn read_number(mut table: Table<'_, '_>) -> Number {
    let number = text(&mut table, "number");
    let products = table.texts("products").map(|at| at.value).unwrap_or_default();
    let ambiguous = table.boolean("ambiguous").is_some_and(|at| at.value);
    Source::read(&mut table);
    table.finish();
    Number { number, products: products.into_iter().map(|at| at.value.into()).collect(), ambiguous }
}

pub(super) fn read_addresses(table: &mut Table<'_, '_>) -> Vec<CompactString> {
    let Some(list) = hints(table, "addresses", "addresses_source") else { return Vec::new() };
    let mut addresses = Vec::new();
    for prefix in list {
        if (6..=12).contains(&prefix.value.len())
            && prefix.value.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
        {
            addresses.push(prefix.value.into());
        } else {
            let what = format!(
                "`{}` is not the beginning of a MAC: six or more lower-case hexadecimal digits were expected",
                prefix.value
            );
            table.error("bad-address", prefix.line, what);
        }
    }
    addresses
}

pub(super) fn read_folders(table: &mut Table<'_, '_>) -> Vec<CompactString> {
    let folders = hints(table, "folders", "folders_source").unwrap_or_default();
    folders.into_iter().map(|at| at.value.to_lowercase().into()).collect()
}

/// A list of hints; like any figure it has to say where it is from.
pub(in crate::catalogue) fn hints(
    table: &mut Table<'_, '_>,
    field: &'static str,
    source: &'static str,
) -> Option<Vec<At<String>>> {
    let list = table.texts(field);
    match list {
        Some(_) => table.required_text(source),
        None => table.text(source),
    };
    list.map(|at| at.value)
}

pub(in crate::catalogue) fn regex(
    table: &mut Table<'_, '_>,
    field: &'static str,
    groups: &[&str],
    wrap: impl Fn(&str) -> String,
) -> Option<Regex> {
    let pattern = table.required_text(field)?;
    match Regex::new(&wrap(&pattern.value)) {
        Ok(regex) => {
            for name in regex.capture_names().flatten().filter(|name| !groups.contains(name)) {
                let what = format!("`{field}` has a group `{name}`, but {} are what is read", groups.join(", "));
                table.error("bad-pattern", pattern.line, what);
            }
            Some(regex)
        }
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            table.error("bad-pattern", pattern.line, format!("`{field}` is not a regular expression: {reason}"));
            None
        }
    }
}
