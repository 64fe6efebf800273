//! Names and texts in fields of fixed length.

#![forbid(unsafe_code)]

/// As much of `bytes` as is UTF-8: text that was cut to fit may end inside a character, and what
/// others wrote may be anything.
pub(crate) fn valid_prefix(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            core::str::from_utf8(valid).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::valid_prefix;

    #[test]
    fn what_is_no_text_is_cut_off() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"boids", "boids"),
            (b"\xc3\xa9t\xc3", "\u{e9}t"),
            (b"\xff boids", ""),
            (b"a\0b", "a\0b"),
        ] {
            assert_eq!(valid_prefix(bytes), text);
        }
    }
}
