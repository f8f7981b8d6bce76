//! Yealink's `name = value` lines, read as a phone does that gives nothing away.

/// The line without which a phone takes nothing from a file, and says nothing.
const FIRST_LINE: &str = "#!version:1.0.0.1";

/// The values of a file, in its order.
///
/// # Errors
/// Why a phone takes nothing from it.
pub fn read(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut lines = text.lines();
    if lines.next().map(|line| line.trim_end_matches('\r')) != Some(FIRST_LINE) {
        return Err(format!("its first line is not `{FIRST_LINE}`"));
    }
    Ok(lines.filter_map(assignment).collect())
}

fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    Some((name.trim_end().to_owned(), value_of(value.trim_start()).to_owned()))
}

/// A value in quotes is what stands between them; another one may be cut where a comment could begin.
fn value_of(text: &str) -> &str {
    match text.strip_prefix('"').and_then(|quoted| quoted.rsplit_once('"')) {
        Some((inner, _)) => inner,
        None => text.split(['#', ';']).next().unwrap_or_default().trim_end(),
    }
}

/// The files that a boot file names, in its order; a line in brackets holds for that product only.
///
/// # Errors
/// Why a phone takes nothing from it.
pub fn includes(text: &str, product: &str) -> Result<Vec<String>, String> {
    if text.lines().next().map(|line| line.trim_end_matches('\r')) != Some(FIRST_LINE) {
        return Err(format!("its first line is not `{FIRST_LINE}`"));
    }
    let named = |line: &str| {
        let line = line.trim();
        let line = match line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((only, rest)) if only.eq_ignore_ascii_case(product) => rest,
            Some(_) => return None,
            None => line,
        };
        let name = line.strip_prefix("include:config")?.trim();
        let name = name.trim_matches(|c| matches!(c, '"' | '<' | '>'));
        (!name.is_empty()).then(|| name.to_owned())
    };
    Ok(text.lines().filter_map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_a_phone_does() {
        let text = "#!version:1.0.0.1\r\n# a = 1\na.b = 2\nc=\"x # y\"\nd = 1 # 2\ne = \nf = %NULL%\n";
        let read: Vec<_> = read(text).unwrap().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(read, ["a.b=2", "c=x # y", "d=1", "e=", "f=%NULL%"]);
    }

    #[test]
    fn without_its_first_line_a_file_is_nothing() {
        assert_eq!(read("a = 1\n").unwrap_err(), "its first line is not `#!version:1.0.0.1`");
        assert_eq!(read(" #!version:1.0.0.1\n").unwrap_err(), "its first line is not `#!version:1.0.0.1`");
    }

    #[test]
    fn a_boot_file_names_others() {
        let text =
            "#!version:1.0.0.1\ninclude:config \"a.cfg\"\n[T46S]include:config <b.cfg>\n[T48S]include:config c.cfg\n";
        assert_eq!(includes(text, "T46S").unwrap(), ["a.cfg", "b.cfg"]);
    }
}
