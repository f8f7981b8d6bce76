//! A table put into the fleet's files: what each row adds or changes, told field by field.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::cell::{CellKind, Said, said};
use super::header::Header;
use super::sheet::Sheet;
use super::{Column, Spots, Table};
use crate::edit::places::{put, spelt};
use crate::edit::shown::has_password;
use crate::edit::{Draft, Mistake, Refused};
use crate::findings::nearest;
use crate::fleet::Entity;
use crate::phone::{Area, Mac, Place};

/// What has come of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RowDid {
    /// It was not there.
    Added,
    /// It was otherwise.
    Changed,
}

/// A field that a row changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldChange {
    /// The column.
    pub field: String,
    /// What it was; none: nothing, or a secret.
    pub before: Option<String>,
    /// What it will be; none: nothing, or a secret.
    pub after: Option<String>,
}

/// A row that adds or changes something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowReport {
    /// Its line in the file, from 1.
    pub row: u64,
    /// What it is about: `acme/201`, `001565aabb01`, `acme/201 keys.3`.
    pub what: String,
    /// What it does.
    pub did: RowDid,
    /// To which fields.
    pub fields: Vec<FieldChange>,
}

/// What an import does.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportReport {
    /// Of what.
    pub table: Table,
    /// Rows that add something.
    pub added: usize,
    /// Rows that change something.
    pub changed: usize,
    /// Rows that say what is so.
    pub unchanged: usize,
    /// The rows that add or change something.
    pub rows: Vec<RowReport>,
}

/// A table within a draft.
#[derive(Debug)]
pub struct Import {
    /// What it does.
    pub report: ImportReport,
    /// Where mistakes in files come from.
    pub spots: Spots,
}

/// Whose hand imports.
#[derive(Clone, Copy)]
pub struct Hand<'h> {
    /// Whether they see a file.
    pub sees: &'h dyn Fn(&Entity) -> bool,
    /// Whether they write secrets: what is stored already would change nothing, and so could be guessed.
    pub writes_secrets: bool,
}

/// Puts a table into a draft. What is wrong with cells is told to the draft; what the draft's judge finds is told of files,
/// which [`Spots::locate`] makes cells of.
///
/// # Errors
/// It is no table, or a file cannot be read.
pub fn import(draft: &mut Draft<'_>, table: Table, bytes: &[u8], hand: Hand<'_>) -> Result<Import, Refused> {
    let sheet = Sheet::read(bytes).map_err(|mistake| Refused::Mistakes(vec![mistake]))?;
    let header = Header::of(table, &sheet, &draft.serving().world.catalogue.vocabulary).map_err(Refused::Mistakes)?;
    let columns = header.columns.iter().map(|(column, _)| (column.path.as_slice(), column.name.as_str()));
    // A table of keys says nothing of the rest of the line's file.
    let site = ["site".to_owned()];
    let of_file = (table != Table::Keys).then_some((site.as_slice(), "site"));
    let spots = Spots::new(columns.chain(of_file), table.home());
    let report = ImportReport { table, added: 0, changed: 0, unchanged: 0, rows: Vec::new() };
    let mut importer = Importer {
        draft,
        table,
        hand,
        header: &header,
        files: BTreeMap::new(),
        seen: HashMap::new(),
        import: Import { report, spots },
    };
    for (at, cells) in &sheet.rows {
        importer.row(*at, cells)?;
    }
    importer.finish()
}

/// A file while rows are put into it.
struct File {
    /// What it says now; none: it is not there.
    now: Option<Value>,
    /// The file that it moves from.
    from: Option<Entity>,
    /// None: no row says anything else.
    patch: Option<Map<String, Value>>,
}

struct Importer<'i, 'e> {
    draft: &'i mut Draft<'e>,
    table: Table,
    hand: Hand<'i>,
    header: &'i Header,
    files: BTreeMap<Entity, File>,
    /// The rows in which things stand.
    seen: HashMap<String, u64>,
    import: Import,
}

/// What a row is about.
struct Subject {
    entity: Entity,
    /// The file that it is in now, if that is another one.
    from: Option<Entity>,
    /// The key in it.
    place: Option<Place>,
    what: String,
}

/// Something that is wrong with a cell: its column, a code, what, and what to do.
type Wrong = (&'static str, &'static str, String, Option<String>);

impl Importer<'_, '_> {
    fn row(&mut self, at: u64, cells: &csv::StringRecord) -> Result<(), Refused> {
        let tell = |draft: &mut Draft<'_>, column: &str, code: &str, what: String, hint: Option<String>| {
            draft.tell(Mistake { hint, ..Mistake::at(format!("/rows/{at}/{column}"), code, what) });
        };
        if let Some((nth, cell)) = self.header.unnamed(cells) {
            let what = format!("`{cell}` stands in a column without a name");
            tell(self.draft, &nth.to_string(), "unknown-column", what, None);
            return Ok(());
        }
        let subject = match self.subject(cells) {
            Ok(subject) => subject,
            Err((column, code, what, hint)) => {
                tell(self.draft, column, code, what, hint);
                return Ok(());
            }
        };
        if let Some(first) = self.seen.insert(subject.what.clone(), at) {
            let what = format!("`{}` stands in row {first} already", subject.what);
            tell(self.draft, self.table.home(), "twice", what, None);
            return Ok(());
        }
        let Subject { entity, from, place, what } = subject;
        if !self.files.contains_key(&entity) {
            let now = self.draft.value(from.as_ref().unwrap_or(&entity), &[])?;
            self.files.insert(entity.clone(), File { now, from: from.clone(), patch: None });
        }
        let now = self.files[&entity].now.as_ref();
        let base = place.map(|place| spelt(now.unwrap_or(&Value::Null), place)).unwrap_or_default();
        let stored = now.and_then(|now| base.iter().try_fold(now, |value, name| value.get(name))).cloned();
        let (is_new, stored) = (stored.is_none(), stored.unwrap_or_default());
        let (changes, mistakes) = self.changes(cells, &stored);
        for (column, what, hint) in mistakes {
            tell(self.draft, &column, "bad-value", what, Some(hint));
        }
        let mut fields: Vec<FieldChange> = changes.iter().map(|change| change.told(&stored)).collect();
        if let Some(before) = from.as_ref().and_then(Entity::site) {
            let after = entity.site().map(ToString::to_string);
            fields.insert(0, FieldChange { field: "site".into(), before: Some(before.to_string()), after });
        }
        self.import.spots.note(&entity, &base, at);
        let report = &mut self.import.report;
        // A key is its fields: one that says nothing is none.
        let did = match (is_new, fields.is_empty()) {
            (true, is_empty) if place.is_none() || !is_empty => RowDid::Added,
            (false, false) => RowDid::Changed,
            _ => {
                report.unchanged += 1;
                return Ok(());
            }
        };
        match did {
            RowDid::Added => report.added += 1,
            RowDid::Changed => report.changed += 1,
        }
        report.rows.push(RowReport { row: at, what, did, fields });
        let Some(file) = self.files.get_mut(&entity) else { return Ok(()) };
        let patch = file.patch.get_or_insert_default();
        for Change { column, value } in changes {
            let path: Vec<String> = base.iter().chain(&column.path).cloned().collect();
            put(patch, &path, value);
        }
        if self.table == Table::Phones && is_new && !patch.contains_key("lines") {
            patch.insert("lines".into(), Value::Array(Vec::new()));
        }
        Ok(())
    }

    /// What a row says that is not so, and what cannot be said.
    fn changes(&self, cells: &csv::StringRecord, stored: &Value) -> (Vec<Change>, Vec<(String, String, String)>) {
        let (mut changes, mut mistakes) = (Vec::new(), Vec::new());
        let of = |column: &Column| said(self.header.cell(cells, &column.name));
        for (column, _) in &self.header.columns {
            let now = column.of(stored);
            match of(column) {
                Said::Away if now.is_some() => changes.push(Change { column: column.clone(), value: Value::Null }),
                Said::Nothing | Said::Away => {}
                Said::Text(text) => match column.kind.value(text) {
                    Ok(value) if !self.hand.writes_secrets && column.is_secret(&value) => {
                        let what = "a user's token writes no secrets".to_owned();
                        mistakes.push((column.name.clone(), what, "leave the cell empty".to_owned()));
                    }
                    Ok(value) if column.is_same(now, &value) => {}
                    Ok(value) => changes.push(Change { column: column.clone(), value }),
                    Err((what, hint)) => mistakes.push((column.name.clone(), what, hint)),
                },
            }
        }
        // A function is one with its parameters: those of the former one go with it.
        if changes.iter().any(|change| change.column.kind == CellKind::Function) {
            let parameters = self.table.fixed().into_iter().filter(|column| PARAMETERS.contains(&column.name.as_str()));
            let left = parameters.filter(|column| column.of(stored).is_some() && of(column) == Said::Nothing);
            changes.extend(left.map(|column| Change { column, value: Value::Null }));
        }
        (changes, mistakes)
    }

    /// What a row is about.
    fn subject(&mut self, cells: &csv::StringRecord) -> Result<Subject, Wrong> {
        let header = self.header;
        let named = |name: &'static str| match header.name(cells, name) {
            "" => Err((name, "missing-name", format!("`{name}` is empty"), None)),
            value if name == "mac" || Entity::is_name(value) => Ok(value),
            value => Err((name, "bad-name", format!("`{value}` cannot be the name of a file"), None)),
        };
        if self.table == Table::Phones {
            return self.phone(named("mac")?, header.name(cells, "site"));
        }
        let (site, line) = (named("site")?, named("line")?);
        self.site(site)?;
        let entity = Entity::Line(site.into(), line.into());
        let (is_there, sees) = (self.is_there(&entity), (self.hand.sees)(&entity));
        if self.table == Table::Lines && (sees || !is_there) {
            return Ok(Subject { entity, from: None, place: None, what: format!("{site}/{line}") });
        }
        if !is_there || !sees {
            let what = format!("there is no line `{site}/{line}`");
            return Err(("line", "unknown-line", what, Some("import the lines first".into())));
        }
        let text = named("place")?;
        let is_place = |place: &Place| {
            (1..=1000).contains(&place.position) && !matches!(place.area, Area::Module(0) | Area::Module(21..))
        };
        let place = Place::parse(text).filter(is_place).ok_or_else(|| {
            let hint = Some("write such as keys.3, soft_keys.1 or modules.1.keys.40".into());
            ("place", "bad-position", format!("`{text}` is no place of a key"), hint)
        })?;
        Ok(Subject { entity, from: None, place: Some(place), what: format!("{site}/{line} {place}") })
    }

    fn phone(&mut self, mac: &str, site: &str) -> Result<Subject, Wrong> {
        let mac: Mac = mac.parse().map_err(|error| ("mac", "bad-mac", format!("{error}"), None))?;
        let stored = self.draft.serving().world.files_of(mac);
        let (entity, from) = match (stored.as_slice(), site) {
            ([], "") => return Err(("site", "missing-name", "a new phone needs a site".into(), None)),
            ([], site) => (Entity::Phone(self.site(site)?, mac.to_string().into()), None),
            ([file], _) if !(self.hand.sees)(file) => {
                return Err(("mac", "not-found", format!("the phone `{mac}` is none that you see"), None));
            }
            ([file], site) if site.is_empty() || file.site().is_some_and(|own| own == site) => (file.clone(), None),
            ([file], site) => (Entity::Phone(self.site(site)?, mac.to_string().into()), Some(file.clone())),
            _ => {
                return Err((
                    "mac",
                    "duplicate-mac",
                    format!("`{mac}` is stored twice: remove one of its files"),
                    None,
                ));
            }
        };
        Ok(Subject { entity, from, place: None, what: mac.to_string() })
    }

    /// What is served may not have heard yet of what somebody has made or taken away. A file that cannot be read is there.
    fn is_there(&mut self, entity: &Entity) -> bool {
        self.draft.has(entity).unwrap_or(true)
    }

    /// A site that there is.
    fn site(&mut self, name: &str) -> Result<CompactString, Wrong> {
        let is_there = self.is_there(&Entity::Site(name.into()));
        let world = &self.draft.serving().world;
        let sees = |site: &str| (self.hand.sees)(&Entity::Site(site.into()));
        if is_there && world.site(name).is_some() && sees(name) {
            return Ok(name.into());
        }
        let near = nearest(name, world.sites().map(|site| site.id.as_str()).filter(|site| sees(site)));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        Err(("site", "unknown-site", format!("there is no site `{name}`"), hint))
    }

    /// All rows as edits of their files.
    fn finish(self) -> Result<Import, Refused> {
        for (entity, File { now, from, patch }) in self.files {
            let Some(patch) = patch else { continue };
            let text = match &from {
                Some(from) => self.draft.text(from)?.map(str::to_owned),
                // A file without a word in it is one, too.
                None => now.is_none().then(String::new),
            };
            if let Some(text) = text {
                self.draft.set(&entity, Some(text))?;
            }
            if let Some(from) = from {
                self.draft.set(&from, None)?;
            }
            self.draft.patch(&entity, &[], patch)?;
        }
        Ok(self.import)
    }
}

/// Fields that belong to a function.
const PARAMETERS: [&str; 5] = ["number", "url", "line_index", "via", "seconds"];

/// A field's other value; null: it goes.
struct Change {
    column: Column,
    value: Value,
}

impl Change {
    fn told(&self, stored: &Value) -> FieldChange {
        let shown = |value: &Value| {
            let is_told = !self.column.is_secret(value) && !value.is_null();
            is_told.then(|| self.column.kind.text(Some(value)))
        };
        let before = self.column.of(stored).and_then(shown);
        FieldChange { field: self.column.name.clone(), before, after: shown(&self.value) }
    }
}

impl Column {
    fn is_secret(&self, value: &Value) -> bool {
        self.kind == CellKind::Secret || has_password(value)
    }

    /// Whether a field says already what a cell makes of it.
    fn is_same(&self, now: Option<&Value>, value: &Value) -> bool {
        match self.kind {
            CellKind::Secret => now == Some(value),
            kind => now.is_some() && kind.text(now) == kind.text(Some(value)),
        }
    }
}
