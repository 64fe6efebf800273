//! `params!` and `names!`: a table of parameters becomes a struct with its schema.

/// Declares the parameters of a method.
///
/// A row is `name: type = default in min..=max => "summary with unit";`. Types are `f32`, `u32`,
/// `u64`, `bool` (no range), enums declared with [`names!`](crate::names) (no range, the
/// default is a variant) and [`Bytes`](crate::schema::Bytes) (the default is `none`, the range is
/// their number). A default outside its range does not compile; bytes that may not be none must
/// be said.
///
/// ```
/// use inos_units::{UnitError, names, params};
///
/// names! {
///     /// Where a row goes.
///     pub enum Side {
///         /// To the left.
///         Left = "left",
///         /// To the right.
///         Right = "right",
///     }
/// }
///
/// params! {
///     /// What `shift` takes.
///     pub struct ShiftParams {
///         distance: f32 = 1.5 in 0.0..=10.0 => "How far, in metres";
///         side: Side = Left => "Where to";
///         seed: u64 = 7 in 0..=18446744073709551615 => "Seed of the jitter";
///     }
/// }
///
/// let params = ShiftParams::decode(br#"{"side": "right", "seed": 18446744073709551615}"#)?;
/// assert_eq!(params.side, Side::Right);
/// assert_eq!(params.distance, 1.5);
/// assert_eq!(params.seed, u64::MAX);
/// assert_eq!(ShiftParams::decode(params.to_json().as_bytes())?, params);
/// assert_eq!(
///     ShiftParams::decode(br#"{"distance": 11}"#),
///     Err(UnitError::BadParam { name: "distance", expected: "a number from 0.0 to 10.0" })
/// );
/// # Ok::<(), UnitError>(())
/// ```
#[macro_export]
macro_rules! params {
    (@kind f32 $default:tt $min:literal $max:literal) => {
        $crate::schema::Kind::F32 { default: $default, min: $min, max: $max }
    };
    (@kind u32 $default:tt $min:literal $max:literal) => {
        $crate::schema::Kind::U32 { default: $default, min: $min, max: $max }
    };
    (@kind u64 $default:tt $min:literal $max:literal) => {
        $crate::schema::Kind::U64 { default: $default, min: $min, max: $max }
    };
    (@kind Bytes none $min:literal $max:literal) => {
        $crate::schema::Kind::Bytes { min: $min, max: $max }
    };
    (@kind bool $default:tt) => {
        $crate::schema::Kind::Bool { default: $default }
    };
    (@kind $ty:ident $default:ident) => {
        $crate::schema::Kind::Name { default: $ty::$default.name(), names: $ty::NAMES }
    };
    (@expected f32 $min:literal $max:literal) => {
        concat!("a number from ", stringify!($min), " to ", stringify!($max))
    };
    (@expected Bytes $min:literal $max:literal) => {
        concat!("from ", stringify!($min), " to ", stringify!($max), " bytes")
    };
    (@expected $ty:ident $min:literal $max:literal) => {
        concat!("a whole number from ", stringify!($min), " to ", stringify!($max))
    };
    (@expected bool) => {
        "true or false"
    };
    (@expected $ty:ident) => {
        $ty::EXPECTED
    };
    (@default Bytes none) => {
        $crate::schema::Bytes::new()
    };
    (@default $ty:ident $default:ident) => {
        $crate::params!(@ident $ty $default)
    };
    (@default $ty:ident $default:tt) => {
        $default
    };
    (@ident bool $default:ident) => {
        $default
    };
    (@ident $ty:ident $default:ident) => {
        $ty::$default
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $field:ident : $ty:ident = $default:tt $(in $min:literal ..= $max:literal)?
                    => $summary:literal ;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $name {
            $(
                #[doc = concat!($summary, ".")]
                pub $field: $ty,
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $crate::params!(@default $ty $default),)* }
            }
        }

        impl $name {
            /// The schema: a row per field, in the order of the struct.
            pub const FIELDS: &'static [$crate::schema::Field] = &[
                $(
                    $crate::schema::Field {
                        name: stringify!($field),
                        summary: $summary,
                        kind: {
                            const KIND: $crate::schema::Kind =
                                $crate::params!(@kind $ty $default $($min $max)?);
                            const { assert!(KIND.is_consistent(), "the default is out of range") };
                            KIND
                        },
                        expected: $crate::params!(@expected $ty $($min $max)?),
                    },
                )*
            ];

            /// Reads parameters in either encoding; nothing at all means every default.
            ///
            /// # Errors
            /// [`MalformedParams`]($crate::UnitError::MalformedParams),
            /// [`UnknownParam`]($crate::UnitError::UnknownParam) or
            /// [`BadParam`]($crate::UnitError::BadParam).
            pub fn decode(params: &[u8]) -> ::core::result::Result<Self, $crate::UnitError> {
                let object = $crate::schema::Object::parse(params, Self::FIELDS)?;
                #[allow(unused_mut)]
                let mut params = Self::default();
                #[allow(unused_mut)]
                let mut rest = Self::FIELDS;
                $(
                    if let [field, tail @ ..] = rest {
                        object.read(field, &mut params.$field)?;
                        rest = tail;
                    }
                )*
                let _ = (object, rest);
                Ok(params)
            }

            /// Writes every field as a Cap'n Proto message that `decode` reads back.
            #[must_use]
            pub fn to_message(&self) -> ::std::vec::Vec<u8> {
                #[allow(unused_mut)]
                let mut writer = $crate::schema::MessageWriter::new(Self::FIELDS.len() as u32);
                $(
                    writer.member(
                        stringify!($field),
                        $crate::schema::Param::to_scalar(&self.$field),
                    );
                )*
                writer.finish()
            }

            /// Writes every field as a JSON object that `decode` reads back. A field that was
            /// set to a value that is not finite becomes `null`, which `decode` refuses.
            #[must_use]
            pub fn to_json(&self) -> ::std::string::String {
                #[allow(unused_mut)]
                let mut json = ::std::string::String::from("{");
                $(
                    $crate::schema::write_member(
                        &mut json,
                        stringify!($field),
                        $crate::schema::Param::to_scalar(&self.$field),
                    );
                )*
                json.push('}');
                json
            }

            /// Checks fields that were set from Rust against the schema.
            ///
            /// # Errors
            /// [`BadParam`]($crate::UnitError::BadParam).
            pub fn validate(&self) -> ::core::result::Result<(), $crate::UnitError> {
                #[allow(unused_mut)]
                let mut rest = Self::FIELDS;
                $(
                    if let [field, tail @ ..] = rest {
                        field.check(&self.$field)?;
                        rest = tail;
                    }
                )*
                let _ = rest;
                Ok(())
            }
        }
    };
}

/// Declares an enum whose variants are named in JSON, for a row of [`params!`](crate::params).
#[macro_export]
macro_rules! names {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// The names, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// What an error says of another name.
            pub const EXPECTED: &'static str = concat!("one of" $(, " ", $text)+);

            /// The variant's name in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl $crate::schema::Param for $name {
            fn from_scalar(scalar: $crate::schema::Scalar<'_>) -> ::core::option::Option<Self> {
                match scalar {
                    $($crate::schema::Scalar::Text($text) => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn to_scalar(&self) -> $crate::schema::Scalar<'_> {
                $crate::schema::Scalar::Text((*self).name())
            }
        }
    };
}
