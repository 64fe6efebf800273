//! Parameters: what a method takes, checked before it runs.

/// One parameter of a method.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name: the key in the JSON object.
    pub name: &'static str,
    /// One sentence: meaning and unit.
    pub summary: &'static str,
}
