//! One file of the fleet as it is now.

use crate::findings::Finding;
use crate::fleet::{Entity, Line, Phone, Reading, Root, Site};
use crate::reader::{Source, not_too_large};

/// What was read of one file.
#[derive(Debug)]
pub enum Read {
    /// `fleet.toml`
    Root(Box<Root>),
    /// A site.
    Site(Box<Site>),
    /// A line.
    Line(Box<Line>),
    /// A phone.
    Phone(Box<Phone>),
    /// Nothing that can be used; the findings say why.
    Nothing,
    /// The file is not there any more.
    Gone,
}

/// One file that was read, or is gone.
#[derive(Debug)]
pub struct Change {
    /// Which entity.
    pub entity: Entity,
    /// What is in it now.
    pub read: Read,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

impl Change {
    /// Reads an entity's text.
    pub fn read(entity: Entity, text: &str, reading: &Reading<'_>) -> Change {
        let path = entity.path();
        // A text that somebody wants to write is read like one on the disk.
        if let Err(finding) = not_too_large(text.len() as u64, &path) {
            return Change::unreadable(entity, finding);
        }
        let (read, findings) = match &entity {
            Entity::Root => {
                let (root, findings) = Source::read(&path, text, |table| Root::read(table, reading));
                (root.map(|root| Read::Root(Box::new(root))), findings)
            }
            Entity::Site(id) => {
                let (site, findings) = Source::read(&path, text, |table| Site::read(id, table, reading));
                (site.map(|site| Read::Site(Box::new(site))), findings)
            }
            Entity::Line(site, name) => {
                let (line, findings) = Source::read(&path, text, |table| Line::read(site, name, table, reading));
                (line.map(|line| Read::Line(Box::new(line))), findings)
            }
            Entity::Phone(site, stem) => match Entity::mac(stem, &path) {
                Ok(mac) => {
                    let (phone, findings) =
                        Source::read(&path, text, |table| Phone::read(site, stem, mac, table, reading));
                    (phone.map(|phone| Read::Phone(Box::new(phone))), findings)
                }
                Err(finding) => (None, vec![finding]),
            },
        };
        let broken = findings.iter().any(Finding::is_open_error);
        Change { entity, read: read.filter(|_| !broken).unwrap_or(Read::Nothing), findings }
    }

    /// A file that cannot be read.
    pub fn unreadable(entity: Entity, finding: Finding) -> Change {
        Change { entity, read: Read::Nothing, findings: vec![finding] }
    }

    /// A file that is not there any more.
    pub fn gone(entity: Entity) -> Change {
        Change { entity, read: Read::Gone, findings: Vec::new() }
    }
}
