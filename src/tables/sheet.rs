//! A table's text as spreadsheets write it: separators, quotes, line ends and byte order marks of all of them.

use csv::{ReaderBuilder, StringRecord};

use super::Separator;
use crate::edit::Mistake;

/// Rows of cells below a row of names.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// The names in the first row.
    pub names: Vec<String>,
    /// The rows, each with its number as spreadsheets count them: from the first line, empty ones as well.
    pub rows: Vec<(u64, StringRecord)>,
}

impl Sheet {
    /// Reads a text; rows without anything in them are none.
    ///
    /// # Errors
    /// It is no table.
    pub fn read(bytes: &[u8]) -> Result<Sheet, Mistake> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let wrong = |what: String, hint: &str| Mistake::at("", "bad-table", what).hint(hint);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let row = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            wrong(format!("row {row} is not UTF-8"), "save the table as `CSV UTF-8`")
        })?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator(text).byte())
            .from_reader(text.as_bytes());
        let (mut sheet, mut lines, mut in_cells) = (Sheet::default(), Lines::of(text), 0);
        for record in reader.records() {
            let record = record.map_err(|error| wrong(error.to_string(), "write one row for each line"))?;
            let row = lines.at(record.position().map_or(0, csv::Position::byte) as usize) - in_cells;
            in_cells += record.iter().map(|cell| lines.ends_in(cell)).sum::<u64>();
            if record.iter().all(str::is_empty) {
                continue;
            }
            match sheet.names.is_empty() {
                true => sheet.names = record.iter().map(|name| name.trim().to_owned()).collect(),
                false => sheet.rows.push((row, record)),
            }
        }
        match sheet.names.is_empty() {
            true => Err(wrong("the table is empty".to_owned(), "its first row names the columns")),
            false => Ok(sheet),
        }
    }
}

/// Counts the lines of a text from its beginning on.
struct Lines<'t> {
    text: &'t [u8],
    end: u8,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(text: &str) -> Lines<'_> {
        let end = if text.contains('\n') { b'\n' } else { b'\r' };
        Lines { text: text.as_bytes(), end, at: 0, line: 1 }
    }

    /// How many lines end within a text.
    fn ends_in(&self, text: &str) -> u64 {
        text.bytes().filter(|byte| *byte == self.end).count() as u64
    }

    /// The line of a record that begins here, or behind the ends of lines that stand here.
    fn at(&mut self, start: usize) -> u64 {
        let ends = self.text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.text[self.at..start + ends];
        self.line += passed.iter().filter(|byte| **byte == self.end).count() as u64;
        self.at = start + ends;
        self.line
    }
}

/// What stands most often between the names.
fn separator(text: &str) -> Separator {
    let names = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: &Separator| names.bytes().filter(|byte| *byte == separator.byte()).count();
    Separator::ALL.into_iter().rev().max_by_key(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        match Sheet::read(bytes) {
            Ok(Sheet { names, rows }) => {
                let rows =
                    rows.iter().map(|(line, row)| format!("{line}:{}", row.iter().collect::<Vec<_>>().join("|")));
                [names.join("|")].into_iter().chain(rows).collect::<Vec<_>>().join("  ")
            }
            Err(mistake) => mistake.detail,
        }
    }

    #[test]
    fn tables_of_every_spreadsheet() {
        for (bytes, table) in [
            (&b"a,b\n1,2\n"[..], "a|b  2:1|2"),
            (b"\xef\xbb\xbfa;b\r\n1;2\r\n", "a|b  2:1|2"),
            (b"a;b\r\n\r\n\"1\r\n1\";2\r\n3;4\r\n", "a|b  3:1\r\n1|2  4:3|4"),
            (b"a;b\r1;2\r", "a|b  2:1|2"),
            (b"a\tb\n1\t2", "a|b  2:1|2"),
            (b"\"a\";\"b\"\n\"1,5\";\"say \"\"x\"\"\"\n", "a|b  2:1,5|say \"x\""),
            (b"site\nacme\n", "site  2:acme"),
            (b" a , b \n\n,\n1\n1,2,3\n", "a|b  4:1  5:1|2|3"),
            (b"", "the table is empty"),
            (b"a,b\n1,\xe9\n", "row 2 is not UTF-8"),
        ] {
            assert_eq!(read(bytes), table);
        }
    }
}
