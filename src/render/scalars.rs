//! Small objects of the view, made with one insertion for each field.
//!
//! The engine's conversion from a map builds the map a second time; through its serializer a struct is built once. A
//! phone's view has hundreds of them.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::ser::{Serialize, SerializeStruct, Serializer};
use tera::Value;

/// A value without parts.
#[derive(Debug, Clone, Copy)]
pub enum Scalar<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(u64),
    /// True or false.
    Flag(bool),
    /// Nothing.
    None,
}

impl Serialize for Scalar<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Scalar::Text(text) => serializer.serialize_str(text),
            Scalar::Number(number) => serializer.serialize_u64(*number),
            Scalar::Flag(flag) => serializer.serialize_bool(*flag),
            Scalar::None => serializer.serialize_none(),
        }
    }
}

struct Fields<'a, I>(I, usize, std::marker::PhantomData<&'a ()>);

impl<'a, I: Iterator<Item = (&'static str, Scalar<'a>)> + Clone> Serialize for Fields<'a, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("", self.1)?;
        self.0.clone().try_for_each(|(name, value)| fields.serialize_field(name, &value))?;
        fields.end()
    }
}

/// An object of these fields.
pub fn object<'a, I>(fields: I) -> Value
where
    I: IntoIterator<Item = (&'static str, Scalar<'a>)>,
    I::IntoIter: Clone,
{
    let fields = fields.into_iter();
    let count = fields.size_hint().0;
    Value::from_serializable(&Fields(fields, count, std::marker::PhantomData))
}

/// A name of the catalogue that lives as long as the program: there are a few dozen of them, however often the
/// catalogue is loaded again.
pub fn interned(name: &str) -> &'static str {
    static NAMES: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    match names.get(name) {
        Some(known) => known,
        None => {
            let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(kept);
            kept
        }
    }
}
