//! The value of one field.

use serde::{Deserialize, Serialize};

/// What a field holds, in the form it has in JSON. The schema's field type says how to read it:
/// money is a whole number of Fen, dates and exact decimals are text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

impl Value {
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The items of a list; a text counts as a list of one.
    pub fn items(&self) -> &[String] {
        match self {
            Value::List(items) => items,
            Value::Text(text) => std::slice::from_ref(text),
            _ => &[],
        }
    }
}
