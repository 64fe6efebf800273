//! Outputs for libraries that write a stream.

use std::io;

use crate::error::UnitError;
use crate::unit::Output;

/// An output that is written from its start to its end, for libraries that write to
/// [`io::Write`]. The first error of the output is kept for who asks.
pub(crate) struct Sequential<'a> {
    out: &'a mut dyn Output,
    offset: usize,
    error: Option<UnitError>,
}

impl<'a> Sequential<'a> {
    /// Begins at `offset`.
    pub(crate) fn new(out: &'a mut dyn Output, offset: usize) -> Self {
        Self { out, offset, error: None }
    }

    /// Where the next byte would go.
    ///
    /// # Errors
    /// What the output refused.
    pub(crate) fn finish(self) -> Result<usize, UnitError> {
        self.error.map_or(Ok(self.offset), Err)
    }
}

impl io::Write for Sequential<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_none() {
            match self.out.write(self.offset, bytes) {
                Ok(()) => {
                    self.offset += bytes.len();
                    return Ok(bytes.len());
                }
                Err(error) => self.error = Some(error),
            }
        }
        Err(io::ErrorKind::WriteZero.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
