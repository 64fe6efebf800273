//! Parameters as they came, in either encoding.

use super::message::Members;
use super::{Field, MAX_PARAMS_LEN, Param, Scalar, json};
use crate::error::UnitError;

/// How much of an unknown key an error repeats, in characters.
const QUOTED_KEY_CHARS: usize = 64;

/// Parameters that were decoded and whose members are all in a schema. What
/// [`params!`](crate::params) reads from; there is seldom a reason to use it directly.
#[derive(Debug)]
pub struct Object(Decoded);

#[derive(Debug)]
enum Decoded {
    /// Nothing was said.
    Empty,
    Json(json::Members),
    Message(Members),
}

impl Object {
    /// Decodes `params`, which may be empty.
    ///
    /// # Errors
    /// [`UnitError::MalformedParams`] and [`UnitError::UnknownParam`].
    pub fn parse(params: &[u8], fields: &[Field]) -> Result<Self, UnitError> {
        let decoded = match params {
            [] => Decoded::Empty,
            _ if params.len() > MAX_PARAMS_LEN => return Err(UnitError::MalformedParams),
            [b'{' | b' ' | b'\t' | b'\n' | b'\r', ..] => {
                Decoded::Json(json::Members::parse(params)?)
            }
            _ => Decoded::Message(Members::parse(params)?),
        };
        let unknown = |name: &str| fields.iter().all(|field| field.name != name);
        let name = match &decoded {
            Decoded::Empty => None,
            Decoded::Json(members) => members.names().find(|name| unknown(name)),
            Decoded::Message(members) => members.names().find(|name| unknown(name)),
        };
        match name {
            Some(name) => {
                Err(UnitError::UnknownParam { name: name.chars().take(QUOTED_KEY_CHARS).collect() })
            }
            None => Ok(Self(decoded)),
        }
    }

    /// Stores the member called `field.name` in `target`; leaves `target` alone if there is none.
    ///
    /// # Errors
    /// [`UnitError::BadParam`].
    pub fn read<T: Param>(&self, field: &Field, target: &mut T) -> Result<(), UnitError> {
        // The outer `Option` is whether it is there, the inner one whether a parameter can be so.
        let found: Option<Option<Scalar<'_>>> = match &self.0 {
            Decoded::Empty => None,
            Decoded::Json(members) => members.get(field.name),
            Decoded::Message(members) => members.get(field.name).map(Some),
        };
        let Some(scalar) = found else {
            return if field.kind.is_required() { Err(field.refuse()) } else { Ok(()) };
        };
        *target = scalar
            .filter(|&scalar| field.kind.admits(scalar))
            .and_then(T::from_scalar)
            .ok_or_else(|| field.refuse())?;
        Ok(())
    }
}
