//! A phone's file with another password; comments and order stay.

use toml_edit::{DocumentMut, Item, Table, TableLike, TomlError, Value, value};

/// Why a password is not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// The file is not TOML.
    #[error("it is not TOML: {0}")]
    Toml(String),
    /// `trust` or a password in it is no such thing.
    #[error("`{0}` is not what it should be\n  hint: `offhook check` tells what was expected")]
    Odd(&'static str),
    /// The password is not in this file.
    #[error(
        "the password is in {0}, and what is there is not ours to change\n  hint: put a new one there, and the former \
         one into `trust.former_password`; or take `trust.password` out, and ask for one again"
    )]
    Elsewhere(String),
    /// There is a former password already.
    #[error(
        "its last rotation is not over: a phone that was away may still have the former password\n  hint: once it has \
         fetched its file, end the rotation with --end-rotation"
    )]
    UnderWay,
    /// There is no former password.
    #[error("there is no rotation to end: it has no `trust.former_password`")]
    NotUnderWay,
}

impl From<TomlError> for RotateError {
    fn from(error: TomlError) -> RotateError {
        RotateError::Toml(error.message().to_owned())
    }
}

/// A phone's file with a new password; the one that it has stays good as the former one.
///
/// # Errors
/// Why the file cannot be edited.
pub fn rotate(text: &str, new: &str) -> Result<String, RotateError> {
    let mut document: DocumentMut = text.parse()?;
    let trust = trust(&mut document)?;
    if trust.contains_key("former_password") {
        return Err(RotateError::UnderWay);
    }
    match trust.get_mut("password") {
        Some(password) => {
            let password = password.as_value_mut().ok_or(RotateError::Odd("trust.password"))?;
            is_here(password)?;
            let mut new = Value::from(new);
            *new.decor_mut() = password.decor().clone();
            let mut former = std::mem::replace(password, new);
            former.decor_mut().clear();
            trust.insert("former_password", Item::Value(former));
        }
        None => {
            trust.insert("password", value(new));
        }
    }
    Ok(document.to_string())
}

/// A phone's file without the former password.
///
/// # Errors
/// Why the file cannot be edited.
pub fn end_rotation(text: &str) -> Result<String, RotateError> {
    let mut document: DocumentMut = text.parse()?;
    trust(&mut document)?.remove("former_password").ok_or(RotateError::NotUnderWay)?;
    Ok(document.to_string())
}

fn trust(document: &mut DocumentMut) -> Result<&mut dyn TableLike, RotateError> {
    let trust = document.entry("trust").or_insert_with(|| Item::Table(Table::new()));
    trust.as_table_like_mut().ok_or(RotateError::Odd("trust"))
}

/// What is encrypted in place moves like what is written in clear.
fn is_here(password: &Value) -> Result<(), RotateError> {
    let Some(source) = password.as_inline_table() else { return Ok(()) };
    let named = |name: &str| source.get(name).and_then(Value::as_str);
    match (named("file"), named("env")) {
        (Some(file), _) => Err(RotateError::Elsewhere(format!("the file `{file}`"))),
        (_, Some(variable)) => Err(RotateError::Elsewhere(format!("the environment variable `{variable}`"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_gets_its_first_password() {
        let text = "# Hall\nmodel = \"m\" # old\nlines = []\n\n[raw.x]\na = \"b\"\n";
        insta::assert_snapshot!(rotate(text, "new").unwrap(), @r#"
        # Hall
        model = "m" # old
        lines = []

        [raw.x]
        a = "b"

        [trust]
        password = "new"
        "#);
        insta::assert_snapshot!(rotate("lines = []\n[trust]\nuser = \"u\"", "new").unwrap(), @r#"
        lines = []
        [trust]
        user = "u"
        password = "new"
        "#);
    }

    #[test]
    fn the_former_one_stays_until_the_rotation_ends() {
        for text in [
            "# x\n[trust]\n# mind\npassword = \"old\" # of May\nuser = \"u\"\n\n[seed]\n",
            "trust.password = \"old\" # of May\nmodel = \"m\"\n",
            "trust = { password = \"old\", user = \"u\" } # of May\n",
            "[trust]\npassword = { encrypted = \"abc\" } # of May\n",
        ] {
            let rotated = rotate(text, "new").unwrap();
            assert!(rotated.contains("# of May") && rotated.contains("password = \"new\""), "{rotated}");
            assert_eq!(rotate(&rotated, "newer"), Err(RotateError::UnderWay));
            let kept = if text.contains("abc") { "{ encrypted = \"abc\" }" } else { "\"old\"" };
            assert!(rotated.contains(&format!("former_password = {kept}")), "{rotated}");
            let ended = end_rotation(&rotated).unwrap();
            assert_eq!(ended, text.replacen(kept, "\"new\"", 1), "nothing else changed");
            assert_eq!(end_rotation(&ended), Err(RotateError::NotUnderWay));
        }
    }

    #[test]
    fn what_cannot_be_changed_here() {
        for (text, told) in [
            ("[trust]\npassword = { file = \"/run/p\" }", "the password is in the file `/run/p`, and"),
            ("[trust]\npassword = { env = \"P\" }", "the password is in the environment variable `P`, and"),
            ("trust = 1", "`trust` is not what it should be"),
            ("[trust.password.x]", "`trust.password` is not what it should be"),
            ("trust = ", "it is not TOML: "),
        ] {
            let error = rotate(text, "new").unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
