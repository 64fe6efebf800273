//! What a module says of itself, as tables that a dispatcher takes.
//!
//! Tables live as long as the process, as those of units that are compiled in do.
#![forbid(unsafe_code)]

use inos_units::schema::{Field, Kind};
use inos_units::{Determinism, Method, UnitInfo, Version};
use serde_json::Value;

use super::WasmError;

/// Most units of a module.
const MAX_UNITS: usize = 16;
/// Most methods of a unit.
const MAX_METHODS: usize = 256;
/// Longest name, in bytes.
const MAX_NAME_LEN: usize = 64;

/// A unit of a module: its table, and what the module calls its methods, by number.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) info: &'static UnitInfo,
    pub(super) ids: Vec<u32>,
}

/// A unit as it is described.
pub(super) struct Described {
    pub(super) name: String,
    value: Value,
}

const fn bad(what: &'static str) -> WasmError {
    WasmError::BadTable { what }
}

/// The units that a module describes; their methods are not looked at yet.
pub(super) fn parse(json: &[u8]) -> Result<Vec<Described>, WasmError> {
    let value = serde_json::from_slice(json).map_err(|_| bad("it is not JSON"))?;
    let Value::Array(units) = value else { return Err(bad("it is not a list")) };
    if units.is_empty() || units.len() > MAX_UNITS {
        return Err(bad("a module has 1 to 16 units"));
    }
    units.into_iter().map(|value| Ok(Described { name: name(&value)?.to_owned(), value })).collect()
}

fn name(value: &Value) -> Result<&str, WasmError> {
    let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match !name.is_empty() && name.len() <= MAX_NAME_LEN && name.bytes().all(is_name) {
        true => Ok(name),
        false => Err(bad("a name has 1 to 64 letters, digits, - and _")),
    }
}

impl Described {
    /// Whether both have the same methods with the same parameters.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.value.get("methods") == other.value.get("methods")
    }

    /// The table, for good.
    pub(super) fn table(&self) -> Result<Table, WasmError> {
        let methods = self.value.get("methods").and_then(Value::as_array);
        let methods = methods.ok_or(bad("a unit without methods"))?;
        if methods.is_empty() || methods.len() > MAX_METHODS {
            return Err(bad("a unit has 1 to 256 methods"));
        }
        let id = |value: &Value| value.get("id")?.as_u64()?.try_into().ok();
        let ids: Option<Vec<u32>> = methods.iter().map(id).collect();
        let ids = ids.ok_or(bad("a method without a number"))?;
        let methods: Vec<Method> = methods.iter().map(method).collect::<Result<_, _>>()?;
        let info = UnitInfo {
            name: text(&self.name),
            version: version(&self.value),
            summary: text(string(&self.value, "summary")),
            methods: Vec::leak(methods),
        };
        Ok(Table { info: Box::leak(Box::new(info)), ids })
    }
}

/// A method. It costs what it uses, so its table names no price.
fn method(value: &Value) -> Result<Method, WasmError> {
    let params = value.get("params").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let params: Vec<Field> = params.iter().map(field).collect::<Result<_, _>>()?;
    let determinism = match string(value, "determinism") {
        "strict" => Determinism::Strict,
        _ => Determinism::Fast,
    };
    Ok(Method {
        summary: text(string(value, "summary")),
        input: text(string(value, "input")),
        result: text(string(value, "result")),
        params: Vec::leak(params),
        determinism,
        answer: text(string(value, "answer")),
        ..Method::named(text(name(value)?))
    })
}

fn field(value: &Value) -> Result<Field, WasmError> {
    let kind = value.get("kind").and_then(kind).ok_or(bad("a parameter of no known type"))?;
    let (name, summary) = (text(name(value)?), text(string(value, "summary")));
    Ok(Field { name, summary, kind, expected: text(&kind.to_string()) })
}

fn kind(value: &Value) -> Option<Kind> {
    let number = |key: &str| value.get(key)?.as_u64();
    let small = |key: &str| u32::try_from(number(key)?).ok();
    // The nearest; a default that is none is refused where it is used.
    let float = |key: &str| value.get(key)?.as_f64().map(|number| number as f32);
    let len = |key: &str| usize::try_from(number(key)?).ok();
    Some(match string(value, "type") {
        "f32" => Kind::F32 { default: float("default")?, min: float("min")?, max: float("max")? },
        "u32" => Kind::U32 { default: small("default")?, min: small("min")?, max: small("max")? },
        "u64" => {
            Kind::U64 { default: number("default")?, min: number("min")?, max: number("max")? }
        }
        "bool" => Kind::Bool { default: value.get("default")?.as_bool()? },
        "name" => {
            let names = value.get("names")?.as_array()?.iter();
            let names: Vec<&'static str> =
                names.filter_map(|name| Some(text(name.as_str()?))).collect();
            Kind::Name { default: text(value.get("default")?.as_str()?), names: Vec::leak(names) }
        }
        "bytes" => Kind::Bytes { min: len("min_len")?, max: len("max_len")? },
        _ => return None,
    })
}

fn version(value: &Value) -> Version {
    let mut numbers = string(value, "version").split('.').map(|it| it.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    Version { major: next(), minor: next(), patch: next() }
}

fn string<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A text for good.
pub(super) fn text(text: &str) -> &'static str {
    if text.is_empty() { "" } else { String::leak(text.to_owned()) }
}
