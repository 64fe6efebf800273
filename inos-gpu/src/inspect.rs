//! The inspection: scan, parse, validate; what is found goes to `reflect`.

use std::thread;

use naga::front::wgsl::{Frontend, Options};
use naga::valid::{Capabilities, ValidationError, ValidationFlags, Validator};
use naga::{GlobalVariable, Handle, Module, Span};

use crate::scan::{self, Functions};
use crate::{Limits, Location, ShaderError, ShaderInfo};

/// Stack for what `scan` lets through. Measured on x86-64 with nothing optimised: at most 16 MiB
/// for the longest chain of operators, as much for one of `else`, half of it for nested blocks;
/// all three at once are a test.
const STACK_LEN: usize = 64 << 20;

/// What every WebGPU device can do.
const CAPABILITIES: Capabilities = Capabilities::MULTISAMPLED_SHADING
    .union(Capabilities::CUBE_ARRAY_TEXTURES)
    .union(Capabilities::SHADER_FLOAT16_IN_FLOAT32);

/// Parses and validates WGSL, holds it against `limits` and reports what it declares.
///
/// Runs on a thread of its own, so that the stack is known and a panic of the validator is an
/// error here. (The process's panic hook still sees it, and a build with `panic = "abort"` still
/// ends.)
///
/// ```
/// use inos_gpu::{Limits, inspect};
///
/// let error = inspect("fn f() { let x: u32 = 1.5; }", &Limits::default()).unwrap_err();
/// assert_eq!(error.location().map(|at| (at.line, at.column)), Some((1, 14)));
/// ```
///
/// # Errors
/// The first reason found to refuse the source.
pub fn inspect(source: &str, limits: &Limits) -> Result<ShaderInfo, ShaderError> {
    if source.len() > limits.max_source_len {
        return Err(ShaderError::TooLong { len: source.len(), max: limits.max_source_len });
    }
    let functions = scan::scan(source)?;
    thread::scope(|scope| {
        thread::Builder::new()
            .name("inos-gpu inspect".to_owned())
            .stack_size(STACK_LEN)
            .spawn_scoped(scope, || check(source, &functions, limits))
            .map_err(|_| ShaderError::NoThread)?
            .join()
            .unwrap_or(Err(ShaderError::Internal))
    })
}

fn check(
    source: &str,
    functions: &Functions<'_>,
    limits: &Limits,
) -> Result<ShaderInfo, ShaderError> {
    let mut options = Options::new();
    options.capabilities = CAPABILITIES;
    let module =
        Frontend::new_with_options(options).parse(source).map_err(|error| ShaderError::Parse {
            message: error.message().to_owned(),
            at: error.labels().next().and_then(|(span, _)| locate(source, span)),
        })?;
    let shader = Shader { source, functions, limits, module: &module };
    // The validator has a bound of its own here, without a place or a number.
    for entry in &module.entry_points {
        shader.check_workgroup(entry)?;
    }
    let info = Validator::new(ValidationFlags::all(), CAPABILITIES)
        .validate(&module)
        .map_err(|error| shader.invalid(&error))?;
    shader.reflect(&info)
}

/// The start of a span, if it is one.
fn locate(source: &str, span: Span) -> Option<Location> {
    span.to_range().map(|range| Location::of(source, range.start))
}

/// A parsed shader with all that is needed to judge it.
pub(crate) struct Shader<'a> {
    source: &'a str,
    functions: &'a Functions<'a>,
    pub(crate) limits: &'a Limits,
    pub(crate) module: &'a Module,
}

impl Shader<'_> {
    pub(crate) fn function_location(&self, name: &str) -> Option<Location> {
        let (_, offset) = self.functions.iter().find(|(function, _)| *function == name)?;
        Some(Location::of(self.source, *offset))
    }

    pub(crate) fn variable_location(&self, handle: Handle<GlobalVariable>) -> Option<Location> {
        locate(self.source, self.module.global_variables.get_span(handle))
    }

    /// The whole chain of causes, at the narrowest of the places it names.
    fn invalid(&self, error: &naga::WithSpan<ValidationError>) -> ShaderError {
        let inner = error.as_inner();
        let mut message = inner.to_string();
        let mut cause = core::error::Error::source(inner);
        while let Some(next) = cause {
            message.push_str(": ");
            message.push_str(&next.to_string());
            cause = next.source();
        }
        let at = error
            .spans()
            .filter_map(|(span, _)| span.to_range())
            .min_by_key(|range| range.end.saturating_sub(range.start))
            .map(|range| Location::of(self.source, range.start))
            .or_else(|| match inner {
                ValidationError::EntryPoint { name, .. } => self.function_location(name),
                _ => None,
            });
        ShaderError::Invalid { message, at }
    }

    /// Refuses `value` if it is over `max`.
    pub(crate) fn within(
        limit: &'static str,
        value: u64,
        max: u64,
        name: &str,
        at: impl FnOnce() -> Option<Location>,
    ) -> Result<(), ShaderError> {
        if value <= max {
            return Ok(());
        }
        Err(ShaderError::OverLimit { limit, name: name.to_owned(), value, max, at: at() })
    }

    fn check_workgroup(&self, entry: &naga::EntryPoint) -> Result<(), ShaderError> {
        let at = || self.function_location(&entry.name);
        if entry.workgroup_size_overrides.is_some() {
            let what = "a workgroup size that depends on an `override`";
            return Err(ShaderError::Unsupported { what, at: at() });
        }
        let [x, y, z] = entry.workgroup_size.map(u64::from);
        let limits = self.limits;
        for (limit, value, max) in [
            ("maxComputeWorkgroupSizeX", x, limits.max_compute_workgroup_size_x),
            ("maxComputeWorkgroupSizeY", y, limits.max_compute_workgroup_size_y),
            ("maxComputeWorkgroupSizeZ", z, limits.max_compute_workgroup_size_z),
            (
                "maxComputeInvocationsPerWorkgroup",
                x.saturating_mul(y).saturating_mul(z),
                limits.max_compute_invocations_per_workgroup,
            ),
        ] {
            Self::within(limit, value, max.into(), &entry.name, at)?;
        }
        Ok(())
    }
}
