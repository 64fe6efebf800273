//! Parameters as a JSON object.

use core::fmt::Write as _;

use serde_json::{Map, Value};

use super::Scalar;
use crate::error::UnitError;

#[derive(Debug)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn parse(json: &[u8]) -> Result<Self, UnitError> {
        // serde_json stops at 128 nested levels, so a hostile text cannot exhaust the stack.
        match serde_json::from_slice(json) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(UnitError::MalformedParams),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<Option<Scalar<'_>>> {
        self.0.get(name).map(scalar_of)
    }
}

/// The scalar in a JSON value; `None` for null, arrays and objects.
fn scalar_of(value: &Value) -> Option<Scalar<'_>> {
    match value {
        Value::Number(number) => match number.as_u64() {
            Some(whole) => Some(Scalar::Unsigned(whole)),
            None => number.as_f64().map(Scalar::Float),
        },
        Value::Bool(value) => Some(Scalar::Bool(*value)),
        Value::String(text) => Some(Scalar::Text(text)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Appends `"name":value` to a JSON object under construction. A float that JSON cannot express
/// becomes `null`, which every reader refuses.
pub fn write_member(json: &mut String, name: &str, value: Scalar<'_>) {
    if !json.ends_with('{') {
        json.push(',');
    }
    // Writing to a String does not fail. Names are Rust identifiers, which Debug quotes as JSON
    // does.
    let _ = match value {
        Scalar::Float(value) if !value.is_finite() => write!(json, "{name:?}:null"),
        // The shortest text that reads back as the same f32.
        Scalar::Float(value) if f64::from(value as f32) == value => {
            write!(json, "{name:?}:{:?}", value as f32)
        }
        Scalar::Float(value) => write!(json, "{name:?}:{value:?}"),
        Scalar::Unsigned(value) => write!(json, "{name:?}:{value}"),
        Scalar::Bool(value) => write!(json, "{name:?}:{value}"),
        Scalar::Text(value) => write!(json, "{name:?}:{}", Value::from(value)),
        Scalar::Bytes(bytes) => {
            write!(json, "{name:?}:\"{}\"", base16ct::lower::encode_string(bytes))
        }
    };
}
