//! What commands take that edit many of a fleet's files.

use std::path::PathBuf;

use super::{Fleet, Format};
use crate::access::LineId;
use crate::edit::places::Places;
use crate::tables::{Separator, Table};

/// `offhook copy`
#[derive(Debug, clap::Args)]
pub struct Copy {
    /// The line whose keys are copied, with its site, such as acme/201.
    #[arg(value_name = "SITE/LINE")]
    pub from: LineId,
    /// A line that gets them. May be repeated.
    #[arg(long, value_name = "SITE/LINE", required_unless_present = "to_all")]
    pub to: Vec<LineId>,
    /// All lines of a site get them. May be repeated.
    #[arg(long, value_name = "SITE")]
    pub to_all: Vec<String>,
    /// Of all lines only those with this layout.
    #[arg(long, value_name = "LAYOUT", requires = "to_all")]
    pub layout: Option<String>,
    /// Only these keys, such as 2-9, soft_keys.1 or modules.1.keys.1-20. May be repeated.
    #[arg(long, value_name = "PLACES")]
    pub keys: Vec<Places>,
    /// Leave the targets' labels as they are.
    #[arg(long)]
    pub no_labels: bool,
    /// Take away the targets' own keys that the line has not.
    #[arg(long)]
    pub replace: bool,
    /// Write nothing where anything cannot be copied.
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Only tell what it would do to which phones.
    #[arg(long)]
    pub dry_run: bool,
    /// How the report is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// `offhook export`
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Of what.
    #[arg(value_enum)]
    pub table: Table,
    /// Only of this site.
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// What stands between cells.
    #[arg(long, value_enum, default_value = "comma")]
    pub separator: Separator,
    /// With the mark by which Excel knows UTF-8.
    #[arg(long)]
    pub bom: bool,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
}

/// `offhook import`
#[derive(Debug, clap::Args)]
pub struct Import {
    /// Of what.
    #[arg(value_enum)]
    pub table: Table,
    /// The table; `-` reads it from stdin.
    pub file: PathBuf,
    /// Only tell what it would do to which phones.
    #[arg(long)]
    pub dry_run: bool,
    /// How the report is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// Where the fleet is.
    #[command(flatten)]
    pub fleet: Fleet,
}
