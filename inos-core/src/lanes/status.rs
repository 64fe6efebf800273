//! How a call ended.
#![forbid(unsafe_code)]

use core::fmt;

/// How a call ended. 0 is success, 1 to 65,535 are the unit's own errors, and those above are
/// the service's. Numbers are never reused.
///
/// ```
/// # use inos_core::*;
/// assert!(Status::OK.is_ok() && !Status::TIMED_OUT.is_ok());
/// assert_eq!(Status::unit(7).unit_code(), Some(7));
/// // The service's own are no errors of a unit.
/// assert_eq!(Status::TIMED_OUT.unit_code(), None);
/// assert_eq!(Status::unit(7).to_string(), "error 7 of the unit");
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

impl Status {
    /// It ended well.
    pub const OK: Self = Self(0);
    /// The service does not know the opcode or a flag.
    pub const UNSUPPORTED: Self = Self(0x1_0000);
    /// A payload reference means no bytes that may be used this way.
    pub const BAD_REFERENCE: Self = Self(0x1_0001);
    /// The unit is not there.
    pub const NO_UNIT: Self = Self(0x1_0002);
    /// The unit has no method of this number.
    pub const NO_METHOD: Self = Self(0x1_0003);
    /// The service ended before the call did.
    pub const SHUT_DOWN: Self = Self(0x1_0004);
    /// The client cancelled it.
    pub const CANCELLED: Self = Self(0x1_0005);
    /// Its time was over.
    pub const TIMED_OUT: Self = Self(0x1_0006);
    /// The output has less room than the result needs.
    pub const TOO_SMALL: Self = Self(0x1_0007);
    /// Something that it needs is held by another party or has no room now.
    pub const BUSY: Self = Self(0x1_0008);
    /// The unit broke while it worked.
    pub const UNIT_FAILED: Self = Self(0x1_0009);
    /// No call of this id is to be cancelled.
    pub const NO_CALL: Self = Self(0x1_000a);
    /// The service that accepted it ended or died without an answer. It may have been worked on,
    /// in part or as a whole.
    pub const SERVICE_LOST: Self = Self(0x1_000b);

    /// An error of a unit: its own number, of which 0 would say that all is well.
    #[must_use]
    pub const fn unit(code: u16) -> Self {
        Self(code as u32)
    }

    /// Whether it ended well.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// The unit's own error number, if it is one.
    #[must_use]
    pub const fn unit_code(self) -> Option<u16> {
        match self.0 {
            code @ 1..=0xffff => Some(code as u16),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::OK => "done",
            Self::UNSUPPORTED => "unsupported operation",
            Self::BAD_REFERENCE => "bad payload reference",
            Self::NO_UNIT => "no such unit",
            Self::NO_METHOD => "no such method",
            Self::SHUT_DOWN => "the service was shut down",
            Self::CANCELLED => "cancelled",
            Self::TIMED_OUT => "timed out",
            Self::TOO_SMALL => "the output is too small for the result",
            Self::BUSY => "a section is in use by another party",
            Self::UNIT_FAILED => "the unit failed",
            Self::NO_CALL => "no such call",
            Self::SERVICE_LOST => "the service was lost",
            Self(code @ 1..=0xffff) => return write!(f, "error {code} of the unit"),
            Self(code) => return write!(f, "unknown status {code:#x}"),
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        use std::string::ToString as _;

        assert_eq!(Status::unit(7).unit_code(), Some(7));
        assert_eq!(Status::TIMED_OUT.unit_code(), None);
        assert_eq!(Status::unit(7).to_string(), "error 7 of the unit");
        assert_eq!(Status(0x2_0000).to_string(), "unknown status 0x20000");
    }
}
