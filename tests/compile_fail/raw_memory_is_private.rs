//! Slices and words of shared memory come from claims, not from the modules that make them.
use inos_core::*;

pub fn case(sections: &Sections<'_, Cooperative>) {
    let _: Option<inos_core::raw::span::Span<'_>> = None; //~ E0603
    inos_core::raw::lend::frame; //~ E0603
    let _ = sections.party();
}
