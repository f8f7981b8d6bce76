//! A family of models that read one file format: how its phones are recognised, and which files they ask for.

mod files;
mod firmware;
mod options;
mod recognise;

use compact_str::CompactString;
use regex::Regex;

use files::read_files;
pub use files::{Answer, FilePattern};
use firmware::{read_bands, read_no_files};
use options::read_groups;
pub(super) use options::read_options;
pub use recognise::{Evidence, Number, Recogniser};
pub(super) use recognise::{hints, regex};
use recognise::{read_addresses, read_folders, read_number, read_recogniser};

use super::band::{Band, Bands};
use super::challenge::{self, Challenge};
use super::client::{CertificateName, OldTls, WithoutFiles};
use super::encryption::Encryption;
use super::limits::LabelLimits;
use super::pairing::Pairing;
use super::reboots::Reboots;
use super::resync::Resync;
use super::setting::{SettingId, Vocabulary, read_settings};
use crate::format::Format;
use crate::phone::SettingValue;
use crate::reader::{Table, Value};

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
