//! State that shares no cache line with that of others.

/// A value on cache lines of its own, the one that a processor fetches along with it included.
/// Two threads whose state lies side by side on the heap slow each other down, or don't, by
/// chance.
#[derive(Debug, Default)]
#[repr(align(256))]
pub(crate) struct Apart<T>(T);

impl<T> Apart<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }

    #[inline]
    pub(crate) const fn get(&self) -> &T {
        &self.0
    }

    /// By a method, since a closure that names the field moves no more than that.
    #[inline]
    pub(crate) const fn get_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
