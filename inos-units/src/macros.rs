//! `unit!`: one table becomes what is advertised and what runs.

/// Implements [`Unit`](crate::Unit) for a type by a table of methods, which is all there is to
/// say about them: the dispatch code, [`UnitInfo`](crate::UnitInfo), the parameters' schemas and
/// the text of [`Dispatcher::describe`](crate::Dispatcher::describe) come from it, so nothing can
/// be advertised and missing.
///
/// Each row names the method and its parameters, as declared with [`params!`](crate::params), and
/// then in this order:
///
/// | | |
/// |---|---|
/// | `summary`, `input`, `result` | what it does, takes and gives, in a few words |
/// | `determinism` | a variant of [`Determinism`](crate::Determinism) |
/// | `cost` | a [`Cost`](crate::Cost) |
/// | `answer` | where the known answer comes from that its test compares with |
/// | `bound` | `fn(&Self, &Params, &[u8]) -> Result<usize, UnitError>`: most bytes of the result |
/// | `run` | `whole(code)`, `split(code)`, or `split(code, whole code)` |
///
/// The code of a `whole` method is
/// `fn(&Self, &Params, &[u8], &mut dyn Output, &Budget) -> Result<usize, UnitError>` and gives the
/// length of the result; that of a `split` one is
/// `fn(&Self, &Params, &[u8], &Budget) -> Result<Box<dyn Plan>, UnitError>`. A call that is not
/// split runs its plan in one piece, or the `whole` code if a `split` method has that, too: it can
/// work on the input where it is, and has to give the same bytes. Parameters were decoded and
/// checked before any of them is called.
///
/// A row may have attributes, such as `#[cfg(feature = "..")]`: without the feature there is no
/// such method.
///
/// ```
/// use inos_units::schema::NoParams;
/// use inos_units::{Budget, Call, Cost, Dispatcher, UnitError, VecOutput, require, unit};
///
/// struct Text;
///
/// unit! {
///     impl Text: "text" (1, 0, 0) "Bytes as text" {
///         upper(NoParams) {
///             summary: "Small letters of ASCII made capital",
///             input: "bytes",
///             result: "as many bytes",
///             determinism: Strict,
///             cost: Cost { call: 50, input_kib: 100, result_kib: 0 },
///             answer: "ASCII",
///             bound: |_, _, input| Ok(input.len()),
///             run: whole(|_, _, input, out, budget| {
///                 budget.check()?;
///                 require(out, input.len())?;
///                 out.write(0, &input.to_ascii_uppercase())?;
///                 Ok(input.len())
///             }),
///         }
///     }
/// }
///
/// let mut dispatcher = Dispatcher::new();
/// dispatcher.register(Box::new(Text))?;
/// let mut out = VecOutput::new(16);
/// let call = Call { input: b"abc", params: b"" };
/// dispatcher.execute_named("text", "upper", call, &mut out, &Budget::unlimited())?;
/// assert_eq!(out.as_bytes(), b"ABC");
/// # Ok::<(), UnitError>(())
/// ```
#[macro_export]
macro_rules! unit {
    (@split whole) => { false };
    (@split split) => { true };
    (@execute whole $unit:ty, $params:ty, $code:expr; $self:ident, $call:ident, $out:ident, $budget:ident) => {{
        const CODE: fn(
            &$unit,
            &$params,
            &[u8],
            &mut dyn $crate::Output,
            &$crate::Budget,
        ) -> ::core::result::Result<usize, $crate::UnitError> = $code;
        CODE($self, &<$params>::decode($call.params)?, $call.input, $out, $budget)
    }};
    (@execute split $unit:ty, $params:ty, $code:expr; $self:ident, $call:ident, $out:ident, $budget:ident) => {{
        let plan = $crate::unit!(@plan $unit, $params, $code; $self, $call, $budget)?;
        $crate::run_plan(plan.as_ref(), $out, $budget)
    }};
    (@execute split $unit:ty, $params:ty, $code:expr, $whole:expr; $($call:ident),*) => {
        $crate::unit!(@execute whole $unit, $params, $whole; $($call),*)
    };
    (@plan $unit:ty, $params:ty, $code:expr; $self:ident, $call:ident, $budget:ident) => {{
        const CODE: fn(
            &$unit,
            &$params,
            &[u8],
            &$crate::Budget,
        ) -> ::core::result::Result<
            ::std::boxed::Box<dyn $crate::Plan>,
            $crate::UnitError,
        > = $code;
        CODE($self, &<$params>::decode($call.params)?, $call.input, $budget)
    }};
    (@try_plan whole $unit:ty, $params:ty, $code:expr; $self:ident, $call:ident, $budget:ident) => {
        ::core::result::Result::Ok(::core::option::Option::None)
    };
    (@try_plan split $unit:ty, $params:ty, $code:expr; $self:ident, $call:ident, $budget:ident) => {
        $crate::unit!(@plan $unit, $params, $code; $self, $call, $budget)
            .map(::core::option::Option::Some)
    };
    (
        impl $unit:ty : $name:literal ($major:literal, $minor:literal, $patch:literal)
            $unit_summary:literal
        {
            $(
                $(#[$attribute:meta])*
                $method:ident($params:ty) {
                    summary: $summary:literal,
                    input: $input:literal,
                    result: $result:literal,
                    determinism: $determinism:ident,
                    cost: $cost:expr,
                    answer: $answer:literal,
                    bound: $bound:expr,
                    run: $kind:ident($code:expr $(, $whole:expr)? $(,)?) $(,)?
                }
            )*
        }
    ) => {
        const _: () = {
            /// Numbers of the methods: their places in the table.
            #[allow(non_camel_case_types, dead_code)]
            enum Number { $($(#[$attribute])* $method),* }

            static INFO: $crate::UnitInfo = $crate::UnitInfo {
                name: $name,
                version: $crate::Version { major: $major, minor: $minor, patch: $patch },
                summary: $unit_summary,
                methods: &[
                    $($(#[$attribute])* $crate::Method {
                        name: stringify!($method),
                        summary: $summary,
                        input: $input,
                        result: $result,
                        params: <$params>::FIELDS,
                        determinism: $crate::Determinism::$determinism,
                        cost: $cost,
                        is_split: $crate::unit!(@split $kind),
                        answer: $answer,
                    },)*
                ],
            };

            impl $crate::Unit for $unit {
                fn info(&self) -> &'static $crate::UnitInfo {
                    &INFO
                }

                fn execute(
                    &self,
                    method: u16,
                    call: $crate::Call<'_>,
                    out: &mut dyn $crate::Output,
                    budget: &$crate::Budget,
                ) -> ::core::result::Result<usize, $crate::UnitError> {
                    $($(#[$attribute])* {
                        if method == Number::$method as u16 {
                            return $crate::unit!(
                                @execute $kind $unit, $params, $code $(, $whole)?;
                                self, call, out, budget
                            );
                        }
                    })*
                    let _ = (call, out, budget);
                    ::core::result::Result::Err($crate::UnitError::UnknownId { id: method.into() })
                }

                fn bound(
                    &self,
                    method: u16,
                    call: $crate::Call<'_>,
                ) -> ::core::result::Result<usize, $crate::UnitError> {
                    $($(#[$attribute])* {
                        if method == Number::$method as u16 {
                            const BOUND: fn(
                                &$unit,
                                &$params,
                                &[u8],
                            ) -> ::core::result::Result<usize, $crate::UnitError> = $bound;
                            return BOUND(self, &<$params>::decode(call.params)?, call.input);
                        }
                    })*
                    let _ = call;
                    ::core::result::Result::Err($crate::UnitError::UnknownId { id: method.into() })
                }

                fn plan(
                    &self,
                    method: u16,
                    call: $crate::Call<'_>,
                    budget: &$crate::Budget,
                ) -> ::core::result::Result<
                    ::core::option::Option<::std::boxed::Box<dyn $crate::Plan>>,
                    $crate::UnitError,
                > {
                    $($(#[$attribute])* {
                        if method == Number::$method as u16 {
                            return $crate::unit!(
                                @try_plan $kind $unit, $params, $code; self, call, budget
                            );
                        }
                    })*
                    let _ = (call, budget);
                    ::core::result::Result::Err($crate::UnitError::UnknownId { id: method.into() })
                }
            }
        };
    };
}
