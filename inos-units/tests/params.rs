//! Parameters in both encodings, from friends and from others.
#![allow(clippy::expect_used, clippy::panic)]

use inos_schemas::capnp::message::Builder;
use inos_schemas::capnp::serialize;
use inos_schemas::capsule::params;
use inos_units::schema::{Bytes, MAX_PARAMS_LEN, MessageWriter, Scalar};
use inos_units::{UnitError, names, params};
use proptest::prelude::*;

names! {
    /// A name.
    pub enum Mode {
        /// The first.
        One = "one",
        /// The second.
        Two = "two",
    }
}

params! {
    /// One of each type.
    pub struct Every {
        float: f32 = 0.5 in -10.0..=10.0 => "A float";
        small: u32 = 1 in 0..=100 => "A small number";
        large: u64 = 2 in 0..=18446744073709551615 => "A large number";
        flag: bool = false => "A flag";
        mode: Mode = One => "A name";
        salt: Bytes = none in 0..=64 => "Some bytes";
        nonce: Bytes = none in 12..=12 => "Twelve bytes";
    }
}

fn every() -> impl Strategy<Value = Every> {
    let bytes = |len| proptest::collection::vec(any::<u8>(), len).prop_map(Bytes::from);
    let modes = prop_oneof![Just(Mode::One), Just(Mode::Two)];
    (-10.0..10.0_f32, 0..=100_u32, any::<u64>(), any::<bool>(), modes, bytes(0..65), bytes(12..13))
        .prop_map(|(float, small, large, flag, mode, salt, nonce)| Every {
            float,
            small,
            large,
            flag,
            mode,
            salt,
            nonce,
        })
}

fn message(members: &[(&str, Scalar<'_>)]) -> Vec<u8> {
    let mut writer = MessageWriter::new(members.len() as u32);
    for (name, value) in members {
        writer.member(name, *value);
    }
    writer.finish()
}

proptest! {
    #[test]
    fn both_encodings_say_the_same(params in every()) {
        prop_assert_eq!(params.validate(), Ok(()));
        prop_assert_eq!(Every::decode(params.to_json().as_bytes()), Ok(params.clone()));
        prop_assert_eq!(Every::decode(&params.to_message()), Ok(params.clone()));
    }

    #[test]
    fn no_message_does_harm(
        params in every(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut message = params.to_message();
        for (at, value) in flips {
            let at = at.index(message.len());
            message[at] = value;
        }
        message.truncate(cut.index(message.len() + 1));
        if let Ok(params) = Every::decode(&message) {
            prop_assert_eq!(params.validate(), Ok(()));
        }
    }
}

#[test]
fn a_message_is_held_to_the_schema() {
    let nonce = ("nonce", Scalar::Bytes(&[7; 12]));
    let read = |members: &[(&str, Scalar<'_>)]| Every::decode(&message(members));
    assert_eq!(read(&[nonce]).map(|params| params.small), Ok(1));
    assert_eq!(read(&[nonce, ("small", Scalar::Unsigned(100))]).map(|p| p.small), Ok(100));
    // The last one counts, as in JSON.
    let twice = [nonce, ("small", Scalar::Unsigned(5)), ("small", Scalar::Unsigned(6))];
    assert_eq!(read(&twice).map(|params| params.small), Ok(6));

    let bad = |name, expected| Err(UnitError::BadParam { name, expected });
    let small = "a whole number from 0 to 100";
    assert_eq!(read(&[nonce, ("small", Scalar::Unsigned(101))]), bad("small", small));
    assert_eq!(read(&[nonce, ("small", Scalar::Bool(true))]), bad("small", small));
    assert_eq!(read(&[nonce, ("mode", Scalar::Text("three"))]), bad("mode", "one of one two"));
    assert_eq!(read(&[("nonce", Scalar::Bytes(&[7; 11]))]), bad("nonce", "from 12 to 12 bytes"));
    let float = "a number from -10.0 to 10.0";
    assert_eq!(read(&[nonce, ("float", Scalar::Float(f64::NAN))]), bad("float", float));
    assert_eq!(
        read(&[nonce, ("colour", Scalar::Unsigned(1))]),
        Err(UnitError::UnknownParam { name: "colour".into() })
    );
}

#[test]
fn bytes_that_must_be_there_are_missed_in_both() {
    let missing = Err(UnitError::BadParam { name: "nonce", expected: "from 12 to 12 bytes" });
    for params in [&b""[..], b"{}", b" {}", &message(&[]), br#"{"nonce": "abc"}"#] {
        assert_eq!(Every::decode(params), missing, "{params:?}");
    }
    let params = Every::decode(br#"{"nonce": "000102030405060708090A0b"}"#);
    assert_eq!(params.map(|params| params.nonce.as_slice().to_vec()), Ok((0..12).collect()));
}

#[test]
fn messages_have_limits() {
    let malformed = Err(UnitError::MalformedParams);
    assert_eq!(Every::decode(&vec![0; MAX_PARAMS_LEN + 8]), malformed);
    // A frame that says it has more than there is, or four billion segments.
    for frame in [[0, 0, 0, 0, 0xff, 0xff, 0, 0], [0xff; 8], [0, 0, 0, 0, 1, 0, 0, 0]] {
        assert_eq!(Every::decode(&frame), malformed);
    }
    // Many members at the same few bytes: what is traversed counts, not what is there.
    let mut builder = Builder::new_default();
    let members = builder.init_root::<params::Builder<'_>>().init_members(1);
    members.get(0).set_name("small");
    let mut message = serialize::write_message_to_words(&builder);
    // The list's tag word says how many structs follow, in its upper 30 bits of the lower half.
    let tag = 8 + 8 + 8;
    message[tag..tag + 4].copy_from_slice(&(0x1fff_ffff_u32 << 2).to_le_bytes());
    assert_eq!(Every::decode(&message), malformed);
}

#[test]
fn secrets_are_not_printed() {
    let params = Every { salt: Bytes::from(*b"hunter2"), ..Every::default() };
    let printed = format!("{params:?}");
    assert!(printed.contains("salt: Bytes(7)") && !printed.contains("hunter2"), "{printed}");
}
