//! A family of models that read one file format: how its phones are recognised, and which files they ask for.

use compact_str::CompactString;
use regex::Regex;

use super::band::{Band, Bands};
use super::challenge::{self, Challenge};
use super::client::{CertificateName, OldTls, WithoutFiles};
use super::encryption::Encryption;
use super::figure::Source;
use super::limits::LabelLimits;
use super::pairing::Pairing;
use super::reboots::Reboots;
use super::resync::Resync;
use super::setting::{SettingId, Vocabulary, read_settings};
use crate::findings::nearest;
use crate::format::Format;
use crate::phone::SettingValue;
use crate::reader::{At, Table, Value};

/// How good a MAC in some place is as evidence. Only two strong ones that differ are a contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// It may be something else, such as a serial number.
    Weak,
    /// It is the phone's MAC.
    Strong,
}

/// How a file is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The phone's own file, rendered from a template.
    Document,
    /// A file without any secret that leads the phone to its own.
    Bootstrap,
    /// A quiet 404, where the family's chain bears one.
    NotFound,
    /// A valid empty file, where a 404 would break the chain.
    Empty,
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

/// A file that phones of the family ask for.
#[derive(Debug)]
pub struct FilePattern {
    /// A short handle, unique within the family.
    pub name: CompactString,
    /// On the tail of the decoded path. Named groups: `mac`, `product`, `number`.
    pub path: Regex,
    /// On the query, where that is part of the request.
    pub query: Option<Regex>,
    /// The answer for a phone that is known by its MAC.
    pub answer: Answer,
    /// The answer where no MAC is known.
    pub without_mac: Answer,
    /// The template, in `templates/<family>/`.
    pub template: Option<CompactString>,
    /// The template of a bootstrap that `without_mac` asks for.
    pub bootstrap_template: Option<CompactString>,
    /// How phones write the file's name, with `{mac}`, `{MAC}` or `{number}`.
    pub url: Option<CompactString>,
    /// The `Content-Type` of the answer.
    pub content_type: CompactString,
    /// The product that asks for this path, where the path alone tells it; `{product}` in it is what the group found.
    pub product: Option<CompactString>,
    /// How good a MAC in this path is.
    pub mac: Evidence,
    /// The file's format, where it is not the family's.
    pub format: Option<Format>,
    /// Where this is known from.
    pub source: Source,
}

impl FilePattern {
    /// Whether both are the same document, by two names.
    pub fn is_same_as(&self, other: &FilePattern) -> bool {
        let what = |file: &FilePattern| (file.answer, file.format);
        what(self) == what(other) && self.template == other.template
    }
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

/// A family, as `family.toml` has it.
#[derive(Debug)]
pub struct Family {
    /// The name of its folder.
    pub id: CompactString,
    /// Its name for people.
    pub name: CompactString,
    /// The maker, the first part of its models' ids.
    pub maker: CompactString,
    /// The name of its file format; none where its phones are recognised and no more.
    pub format: Option<CompactString>,
    /// Its firmware bands.
    pub bands: Bands,
    /// Bands whose firmware reads another file format, so that its phones are recognised and no more; and why.
    pub no_files: Vec<(Band, CompactString)>,
    /// The first hexadecimal digits of its phones' MACs: a hint, never proof.
    pub addresses: Vec<CompactString>,
    /// What a user agent or a path says only where another maker asks, who uses the same addresses and names of files.
    pub not_if: Option<Regex>,
    /// Folders, in lower case, under which the maker's own servers keep such files: a weaker hint still.
    pub folders: Vec<CompactString>,
    /// What to type into the phone, with `{base}`.
    pub provisioning_url: CompactString,
    /// Where in the phone's web page.
    pub provisioning_where: Option<CompactString>,
    /// Its phones fetch over https from a name only, never from an address.
    pub needs_host_name: bool,
    /// How its phones are asked for their password, a header for each, the preferred one first.
    pub challenges: Vec<Challenge>,
    /// Its phones answer a first challenge with the secret that they were made with, whatever was typed into them.
    pub own_secret_first: bool,
    /// What is sent for a setting without a value; none: nothing.
    pub unset: Option<CompactString>,
    /// How false and true are written.
    pub booleans: [CompactString; 2],
    /// Settings that its phones have where nobody says otherwise.
    pub settings: Vec<(SettingId, SettingValue)>,
    /// How many characters its files take in labels and names.
    pub label_limits: LabelLimits,
    /// The options that templates may read, with their defaults.
    pub options: Vec<(CompactString, Value)>,
    /// Names that stand for several models in the family's tables.
    pub groups: Vec<(CompactString, Vec<CompactString>)>,
    /// Its user agents, the first that fits wins.
    pub recognise: Vec<Recogniser>,
    /// Its files, the first that fits wins.
    pub files: Vec<FilePattern>,
    /// Numbers in its paths.
    pub numbers: Vec<Number>,
    /// What its phones get until they are claimed; none: nothing.
    pub pairing: Option<Pairing>,
    /// How to make its phones fetch.
    pub resync: Option<Resync>,
    /// The parameters for which its phones are known to restart; of all others nobody knows.
    pub reboots: Vec<Reboots>,
    /// How its phones have their files encrypted.
    pub encryption: Option<Encryption>,
    /// Where its phones' certificates name the MAC; the first field that has one counts.
    pub certificate_names: Vec<CertificateName>,
    /// Those of its phones that are recognised and no more.
    pub without_files: Vec<WithoutFiles>,
    /// Those of its phones whose TLS is too old.
    pub old_tls: Vec<OldTls>,
}

impl Family {
    /// Reads `family.toml` of the family with this id.
    pub fn read(id: &str, vocabulary: &Vocabulary, table: &mut Table<'_, '_>) -> Family {
        let bands = read_bands(table);
        let no_files = read_no_files(table, &bands);
        let booleans = table.texts("booleans").map(|list| list.value).unwrap_or_default();
        let [no, yes] =
            <[_; 2]>::try_from(booleans).map_or(["0".into(), "1".into()], |pair| pair.map(|at| at.value.into()));
        let files = read_files(table);
        Family {
            id: id.into(),
            name: text(table, "name"),
            maker: text(table, "maker"),
            format: table.text("format").map(|at| at.value.into()),
            bands,
            no_files,
            addresses: read_addresses(table),
            not_if: table.has("not_if").then(|| regex(table, "not_if", &[], |pattern| pattern.to_owned())).flatten(),
            folders: read_folders(table),
            provisioning_url: table.text("provisioning_url").map_or("{base}/".into(), |at| at.value.into()),
            needs_host_name: table.boolean("needs_host_name").is_some_and(|at| at.value),
            provisioning_where: table.text("provisioning_where").map(|at| at.value.into()),
            challenges: challenge::read(table),
            own_secret_first: challenge::read_own_secret_first(table),
            unset: table.text("unset").map(|at| at.value.into()),
            booleans: [no, yes],
            settings: read_settings(table, vocabulary),
            label_limits: table.table("labels").map(LabelLimits::read).unwrap_or_default(),
            options: table.table("options").map(|mut options| read_options(&mut options)).unwrap_or_default(),
            groups: table.table("groups").map(read_groups).unwrap_or_default(),
            recognise: table.tables("recognise").into_iter().filter_map(read_recogniser).collect(),
            files,
            numbers: table.tables("numbers").into_iter().map(read_number).collect(),
            pairing: table.table("pairing").map(Pairing::read),
            resync: table.table("resync").map(Resync::read),
            reboots: table.tables("reboots").into_iter().map(Reboots::read).collect(),
            encryption: table.table("encryption").and_then(Encryption::read),
            certificate_names: table.tables("certificate").into_iter().filter_map(CertificateName::read).collect(),
            without_files: table.tables("without_files").into_iter().map(WithoutFiles::read).collect(),
            old_tls: table.tables("old_tls").into_iter().map(OldTls::read).collect(),
        }
    }

    /// Why no file can be written for phones in a band.
    pub fn no_files(&self, band: Band) -> Option<&str> {
        self.no_files.iter().find(|(known, _)| *known == band).map(|(_, why)| why.as_str())
    }

    /// The files that a phone fetches by a name of their own, in the order in which the family lists them: its documents,
    /// and what leads it to them.
    pub fn documents(&self) -> impl Iterator<Item = (usize, &FilePattern)> {
        let is_made = |file: &FilePattern| matches!(file.answer, Answer::Document | Answer::Bootstrap);
        self.files.iter().enumerate().filter(move |(_, file)| is_made(file) && file.url.is_some())
    }

    /// Which of its documents a file is, by the name that phones are given for it: many ask for it by others first.
    pub fn document_of(&self, file: &FilePattern) -> Option<(usize, &FilePattern)> {
        self.documents().find(|(_, document)| document.is_same_as(file))
    }

    /// The format of its files, except those that have their own; none where its phones are recognised and no more.
    pub fn format(&self) -> Option<Format> {
        self.format.as_deref().and_then(Format::parse_name)
    }

    /// The format of one of its files.
    pub fn format_of(&self, file: &FilePattern) -> Option<Format> {
        file.format.or_else(|| self.format())
    }

    /// The number by which paths call a model, of the products that it calls itself.
    pub fn number_of(&self, products: &[CompactString]) -> Option<&str> {
        let is_one = |number: &&Number| number.products.iter().any(|product| products.contains(product));
        self.numbers.iter().find(is_one).map(|number| number.number.as_str())
    }
}

fn text(table: &mut Table<'_, '_>, field: &'static str) -> CompactString {
    table.required_text(field).map(|at| at.value.into()).unwrap_or_default()
}

fn read_bands(table: &mut Table<'_, '_>) -> Bands {
    let from = table.integer("firmware_from", 1..=4).map_or(1, |at| at.value as usize);
    let default = table.text("default_band");
    let Some(mut ranges) = table.table("bands") else { return Bands::one() };
    ranges.any_field();
    let line = ranges.line();
    let pairs: Vec<(String, String)> = ranges
        .fields()
        .into_iter()
        .filter_map(|name| match ranges.value_named(&name.value)?.value {
            Value::Text(range) => Some((name.value, range)),
            other => {
                ranges.error(
                    "wrong-type",
                    name.line,
                    format!("the band `{}` must be a text, not {}", name.value, other.kind()),
                );
                None
            }
        })
        .collect();
    Bands::parse(&pairs, default.as_ref().map_or("", |at| &at.value), from).unwrap_or_else(|what| {
        table.error("bad-band", line, what);
        Bands::one()
    })
}

fn read_no_files(table: &mut Table<'_, '_>, bands: &Bands) -> Vec<(Band, CompactString)> {
    let Some(mut entries) = table.table("no_files") else { return Vec::new() };
    entries.any_field();
    let mut no_files = Vec::new();
    for name in entries.fields() {
        match (bands.by_name(&name.value), entries.value_named(&name.value).map(|at| at.value)) {
            (Some(band), Some(Value::Text(why))) => no_files.push((band, why.into())),
            (None, _) => {
                let what = format!("`{}` is not a band of this family", name.value);
                let near = nearest(&name.value, bands.iter().map(|(_, name)| name));
                let hint = near.map_or("see `bands`".into(), |near| format!("did you mean `{near}`?"));
                entries.error_hint("unknown-band", name.line, what, hint);
            }
            (Some(_), _) => {
                let what = format!("`no_files.{}` must be a text that says why", name.value);
                entries.error("wrong-type", name.line, what);
            }
        }
    }
    no_files
}

fn read_addresses(table: &mut Table<'_, '_>) -> Vec<CompactString> {
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

fn read_folders(table: &mut Table<'_, '_>) -> Vec<CompactString> {
    let folders = hints(table, "folders", "folders_source").unwrap_or_default();
    folders.into_iter().map(|at| at.value.to_lowercase().into()).collect()
}

/// A list of hints; like any figure it has to say where it is from.
pub(super) fn hints(table: &mut Table<'_, '_>, field: &'static str, source: &'static str) -> Option<Vec<At<String>>> {
    let list = table.texts(field);
    match list {
        Some(_) => table.required_text(source),
        None => table.text(source),
    };
    list.map(|at| at.value)
}

/// Options are texts, whole numbers or booleans under names of the family's own.
fn read_groups(mut table: Table<'_, '_>) -> Vec<(CompactString, Vec<CompactString>)> {
    table.any_field();
    let mut groups = Vec::new();
    for name in table.fields() {
        let text = |value| if let Value::Text(id) = value { Some(id.into()) } else { None };
        let models = match table.value_named(&name.value).map(|at| at.value) {
            Some(Value::List(models)) => models.into_iter().map(text).collect(),
            _ => None,
        };
        match models {
            Some(models) => groups.push((name.value.into(), models)),
            None => {
                let what = format!("the group `{}` must be a list of models' ids", name.value);
                table.error("wrong-type", name.line, what);
            }
        }
    }
    groups
}

pub(super) fn read_options(table: &mut Table<'_, '_>) -> Vec<(CompactString, Value)> {
    table.any_field();
    let mut options = Vec::new();
    for name in table.fields() {
        match table.value_named(&name.value).map(|at| at.value) {
            Some(value @ (Value::Text(_) | Value::Integer(_) | Value::Boolean(_))) => {
                options.push((name.value.into(), value))
            }
            Some(other) => table.error(
                "wrong-type",
                name.line,
                format!(
                    "the option `{}` must be a text, a whole number or a boolean, not {}",
                    name.value,
                    other.kind()
                ),
            ),
            None => {}
        }
    }
    options
}

fn read_recogniser(mut table: Table<'_, '_>) -> Option<Recogniser> {
    let groups = ["product", "firmware", "mac", "serial"];
    let user_agent = regex(&mut table, "user_agent", &groups, |pattern| pattern.to_owned());
    let mac = read_evidence(&mut table);
    let product = table.text("product").map(|at| at.value.into());
    let source = Source::read(&mut table);
    table.finish();
    Some(Recogniser { user_agent: user_agent?, mac, product, source })
}

fn read_files(table: &mut Table<'_, '_>) -> Vec<FilePattern> {
    let mut files: Vec<FilePattern> = Vec::new();
    for entry in table.tables("files") {
        let line = entry.line();
        let Some(file) = read_file(entry) else { continue };
        if files.iter().any(|other| other.name == file.name) {
            table.error("duplicate-name", line, format!("two files of the family are named `{}`", file.name));
        }
        files.push(file);
    }
    files
}

fn read_file(mut table: Table<'_, '_>) -> Option<FilePattern> {
    let name = text(&mut table, "name");
    // The tail of the path, whatever folders a server address has before it.
    let groups = ["mac", "product", "number"];
    let path = regex(&mut table, "path", &groups, |pattern| format!("(?i)(?:^|/)(?:{pattern})$"));
    let query = if table.has("query") {
        Some(regex(&mut table, "query", &groups, |pattern| format!("(?i){pattern}"))?)
    } else {
        None
    };
    let answer = read_answer(&mut table, "answer").unwrap_or_else(|| {
        if !table.has("answer") {
            table.missing("answer");
        }
        Answer::NotFound
    });
    let without_mac = read_answer(&mut table, "without_mac").unwrap_or(answer);
    let template: Option<CompactString> = table.text("template").map(|at| at.value.into());
    let bootstrap_template: Option<CompactString> = table.text("bootstrap_template").map(|at| at.value.into());
    if matches!(answer, Answer::Document | Answer::Bootstrap) && template.is_none() {
        table.missing("template");
    }
    if without_mac == Answer::Bootstrap && answer != Answer::Bootstrap && bootstrap_template.is_none() {
        table.missing("bootstrap_template");
    }
    let url = table.text("url").map(|at| at.value.into());
    let content_type = table.text("content_type").map_or("text/plain; charset=utf-8".into(), |at| at.value.into());
    let product = table.text("product").map(|at| at.value.into());
    let mac = read_evidence(&mut table);
    let format = read_format(&mut table);
    let source = Source::read(&mut table);
    table.finish();
    Some(FilePattern {
        name,
        path: path?,
        query,
        answer,
        without_mac,
        template,
        bootstrap_template,
        url,
        content_type,
        product,
        mac,
        format,
        source,
    })
}

fn read_format(table: &mut Table<'_, '_>) -> Option<Format> {
    let word = table.text("format")?;
    let format = Format::parse_name(&word.value);
    if format.is_none() {
        let known = Format::ALL.map(Format::name).join(", ");
        table.error("unknown-word", word.line, format!("`format` is `{}`, but must be one of {known}", word.value));
    }
    format
}

fn read_answer(table: &mut Table<'_, '_>, field: &'static str) -> Option<Answer> {
    const ANSWERS: [(&str, Answer); 4] = [
        ("document", Answer::Document),
        ("bootstrap", Answer::Bootstrap),
        ("not-found", Answer::NotFound),
        ("empty", Answer::Empty),
    ];
    let word = table.text(field)?;
    let answer = ANSWERS.iter().find(|(name, _)| *name == word.value).map(|(_, answer)| *answer);
    if answer.is_none() {
        let what = format!("`{field}` is `{}`, but must be document, bootstrap, not-found or empty", word.value);
        let finding = nearest(&word.value, ANSWERS.map(|(name, _)| name));
        table.error_hint(
            "unknown-word",
            word.line,
            what,
            finding.map_or(String::from("see docs/add-a-family.md"), |near| format!("did you mean `{near}`?")),
        );
    }
    answer
}

fn read_evidence(table: &mut Table<'_, '_>) -> Evidence {
    match table.text("mac") {
        Some(word) if word.value == "weak" => Evidence::Weak,
        Some(word) if word.value != "strong" => {
            table.error("unknown-word", word.line, format!("`mac` is `{}`, but must be strong or weak", word.value));
            Evidence::Weak
        }
        _ => Evidence::Strong,
    }
}

fn read_number(mut table: Table<'_, '_>) -> Number {
    let number = text(&mut table, "number");
    let products = table.texts("products").map(|at| at.value).unwrap_or_default();
    let ambiguous = table.boolean("ambiguous").is_some_and(|at| at.value);
    Source::read(&mut table);
    table.finish();
    Number { number, products: products.into_iter().map(|at| at.value.into()).collect(), ambiguous }
}

pub(super) fn regex(
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
