//! Streams of the age format: the vectors `stream_*` of C2SP's collection (CCTV, `age`), as the
//! crate `age` 0.12.1 (MIT or Apache-2.0) has them in `tests/testdata/testkit`, without the header
//! that comes before the payload. Those of 257 segments and more are left out.

use Piece::{Hex, Zeros};

/// The file key of all of them.
pub(crate) const KEY: &str = "59454c4c4f57205355424d4152494e45";

/// A part of a stream.
pub(crate) enum Piece {
    Hex(&'static str),
    Zeros(usize),
}

/// Name, SHA-256 of what is in it if that is to be had, and the stream.
pub(crate) type Vector = (&'static str, Option<&'static str>, &'static [Piece]);

pub(crate) const VECTORS: &[Vector] = &[
    (
        "stream_bad_tag",
        None,
        &[Hex("eecf62c7ce91b433274e68d4f2f9134cb74c5bfef7beaa52c8f0bc0e992c1e8331fb46")],
    ),
    (
        "stream_bad_tag_second_chunk",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d00052a72cd9750a6e2dfcbcef15226fe44"),
        ],
    ),
    (
        "stream_bad_tag_second_chunk_full",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d"),
            Zeros(65_536),
            Hex("e43922e239bd89fe8628a286450ac435"),
        ],
    ),
    (
        "stream_empty_payload",
        Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        &[Hex("eecf62c7ce91b433274e68d4f2f9134cad2e4fcf3e528a4130deabef4336e555")],
    ),
    (
        "stream_last_chunk_empty",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d005ee2c4cc9394acde8b45aecd8c3688"),
        ],
    ),
    (
        "stream_last_chunk_full",
        Some("ef179a156754d0f05daeef54ee027d6ac1cd29bb319b438f795c66dc28703603"),
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("a5770c90198815ddedd1327e1d2de018"),
        ],
    ),
    (
        "stream_last_chunk_full_second",
        Some("8dac04a865d04089ed7af2e0012c0e2395be14932cb2c8bf7b070da18768fad9"),
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d"),
            Zeros(65_536),
            Hex("e43922e239bd89fe8628a286450ac415"),
        ],
    ),
    ("stream_missing_tag", None, &[Hex("eecf62c7ce91b433274e68d4f2f9134cb74c5b")]),
    ("stream_no_chunks", None, &[Hex("eecf62c7ce91b433274e68d4f2f9134c")]),
    (
        "stream_no_final",
        None,
        &[Hex("eecf62c7ce91b433274e68d4f2f9134c00bd63686da84814caaa0129618ac20861")],
    ),
    (
        "stream_no_final_full",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d"),
        ],
    ),
    (
        "stream_no_final_two_chunks",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d0020be7e00d7c2011804c73bedb63802ad"),
        ],
    ),
    (
        "stream_no_final_two_chunks_full",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d"),
            Zeros(65_536),
            Hex("7f042dff9d303c155dc392dc318f3173"),
        ],
    ),
    ("stream_no_nonce", None, &[]),
    (
        "stream_short_chunk",
        None,
        &[Hex("eecf62c7ce91b433274e68d4f2f9134c5b1de6e82e0e0cbdd323c877")],
    ),
    ("stream_short_nonce", None, &[Hex("eecf62c7ce91b433274e68d4")]),
    (
        "stream_short_second_chunk",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d5b1de6e82e0e0cbdd323c877"),
        ],
    ),
    (
        "stream_three_chunks",
        Some("82a4963a84d8982b7a70871897b4b3d00c17fbd9db9484afd767e94c50ee1e0f"),
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d"),
            Zeros(65_536),
            Hex("7f042dff9d303c155dc392dc318f3173"),
            Zeros(65_536),
            Hex("f910c99b33869374d353f6fcc73e1a43"),
        ],
    ),
    (
        "stream_trailing_garbage_long",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("a5770c90198815ddedd1327e1d2de0185b1de6e82e0e0cbdd323c877cf853d61dddf72d0"),
        ],
    ),
    (
        "stream_trailing_garbage_short",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("a5770c90198815ddedd1327e1d2de0185b1de6e82e0e0cbdd323c877"),
        ],
    ),
    (
        "stream_two_chunks",
        Some("8dac04a865d04089ed7af2e0012c0e2395be14932cb2c8bf7b070da18768fad9"),
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d"),
            Zeros(65_536),
            Hex("e43922e239bd89fe8628a286450ac415"),
        ],
    ),
    (
        "stream_two_final_chunks",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("a5770c90198815ddedd1327e1d2de01800052a72cd9750a6e2dfcbcef15226fe64"),
        ],
    ),
    (
        "stream_two_final_chunks_full",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("a5770c90198815ddedd1327e1d2de018"),
            Zeros(65_536),
            Hex("e43922e239bd89fe8628a286450ac415"),
        ],
    ),
    (
        "stream_two_final_chunks_second",
        None,
        &[
            Hex("eecf62c7ce91b433274e68d4f2f9134c"),
            Zeros(65_536),
            Hex("e2ec971462be227b4c162156ce7e821d"),
            Zeros(65_536),
            Hex("e43922e239bd89fe8628a286450ac41500563d8a39f7d01a231999ae34687f1406"),
        ],
    ),
    (
        "stream_two_final_chunks_short",
        None,
        &[Hex(
            "eecf62c7ce91b433274e68d4f2f9134c0022220cc7ec670025a23d68bd3bdb8ed900052a72cd9750a6e2dfcbcef15226fe64",
        )],
    ),
];
