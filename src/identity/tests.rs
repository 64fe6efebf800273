//! Keys against RFC 8032, names against their specifications, files against OpenSSL.

use super::*;
use std::io::Write as _;
use std::process::{Command, Stdio};

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let digits = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    let all: Vec<u8> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    all.try_into().unwrap()
}

const DID: &str = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw";
const PEER_ID: &str = "12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV";
const OPENSSL_PUBLIC: &str = "c6d7bdb75ec2049456480cb9d910620f4f6ae46342a31cc03eaf7caa3a1e3b16";
const OPENSSL_PBKDF2: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhNjeQPe7GeXQICA+gw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGw6bfrgSI1tKBB0tCfe8boEQAYk
WTAPhfeRy9mMd77ptU60YPbmr/29n8raLATtESeZGyDEjOUD3PrCSrtzLZ7Bk/fd
Ol86sZRe+uhVuDt0bnQ=
-----END ENCRYPTED PRIVATE KEY-----
";
const OPENSSL_SCRYPT: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAjn1xo5XbajFgICBAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBDfNBIis0H0PSfXR3XkaN0OBEDHr0mmfCo+Rjr1
Fd0pNV+CYxfAjyUR+2iQqU4s91AuRmabGQvcIBUCZ4sR1FtFbAl34SqyvTnM1kYg
pvY3Ezx1
-----END ENCRYPTED PRIVATE KEY-----
";

/// RFC 8032, section 7.1: TEST 1 to 3.
const RFC: [(&str, &str, &[u8], &str); 3] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
         d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        &[0x72],
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c\
         387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        &[0xaf, 0x82],
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659\
         4a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn keys_sign_as_the_standard_says_and_nothing_else_holds() {
    for (seed, public, message, signature) in RFC {
        let identity = Identity::from_seed(bytes(seed));
        let signature = Signature(bytes(signature));
        assert_eq!(identity.public().as_bytes(), &bytes(public));
        assert_eq!(identity.sign(message), signature);
        identity.public().verify(message, &signature).unwrap();
        let longer = [message, b"x"].concat();
        let refused = identity.public().verify(&longer, &signature);
        assert!(matches!(refused, Err(IdentityError::BadSignature)));
        for bit in 0..512 {
            let mut forged = signature;
            forged.0[bit / 8] ^= 1 << (bit % 8);
            assert!(identity.public().verify(message, &forged).is_err(), "bit {bit}");
        }
        let other = Identity::from_seed([1; 32]).public();
        assert!(other.verify(message, &signature).is_err());
    }
    assert!(format!("{:?}", Identity::from_seed([0; 32])).contains("did:key:z6Mki"));
}

#[test]
fn keys_that_are_none_are_refused() {
    // The points of small order whose encodings are canonical (Chalkias et al., 2020, table 1), and one
    // that is on no curve.
    for weak in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0200000000000000000000000000000000000000000000000000000000000000",
    ] {
        let refused = PublicKey::from_bytes(bytes(weak));
        assert!(matches!(refused, Err(IdentityError::BadKey)), "{weak}");
    }
}

#[test]
fn a_key_has_the_names_that_others_give_it() {
    // Base58 by big numbers, of the prefixes and the key of TEST 1.
    let key = PublicKey::from_bytes(bytes(RFC[0].1)).unwrap();
    assert_eq!(key.to_did(), DID);
    assert_eq!(key.to_peer_id(), PEER_ID);
    assert_eq!((PublicKey::from_did(DID).unwrap(), DID.parse::<PublicKey>().unwrap()), (key, key));
    assert_eq!(PublicKey::from_peer_id(PEER_ID).unwrap(), key);
    // The key of libp2p's test vectors for Ed25519, and the peer that it is.
    let key = "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
    let peer = "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq";
    assert_eq!(PublicKey::from_bytes(bytes(key)).unwrap().to_peer_id(), peer);
    // Examples of the specifications, whose keys they do not tell.
    let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    assert_eq!(PublicKey::from_did(did).unwrap().to_did(), did);
    let peer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    assert_eq!(PublicKey::from_peer_id(peer).unwrap().to_peer_id(), peer);

    // An X25519 key, one of another encoding, one that is too long, and none at all.
    let longer = format!("{DID}1");
    for wrong in [
        "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
        "did:key:uADID",
        "did:web:example.org",
        "did:key:z",
        "did:key:z0OIl",
        PEER_ID,
        &longer,
        "",
    ] {
        let refused = PublicKey::from_did(wrong);
        assert!(matches!(refused, Err(IdentityError::BadName { .. })), "{wrong}");
    }
    for wrong in [DID, "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "", "12D3KooW"] {
        let refused = PublicKey::from_peer_id(wrong);
        assert!(matches!(refused, Err(IdentityError::BadName { .. })), "{wrong}");
    }
}

#[test]
fn a_file_is_opened_with_its_password_alone() {
    let folder = std::env::temp_dir().join(format!("inos-identity-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("key.pem");
    let identity = Identity::generate().unwrap();
    identity.save(&path, b"secret").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(&path).unwrap();
    let again = Identity::generate().unwrap().save(&path, b"other").unwrap_err();
    assert!(again.to_string().contains("exists"), "{again}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(Identity::open(&path, b"secret").unwrap().public(), identity.public());
    for wrong in [&b"Secret"[..], b"", b"secret "] {
        let refused = Identity::open(&path, wrong);
        assert!(matches!(refused, Err(IdentityError::NotOpened)));
    }
    std::fs::write(&path, vec![b'x'; 100_000]).unwrap();
    assert!(matches!(Identity::open(&path, b"secret"), Err(IdentityError::NotOpened)));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(Identity::open(&path, b"secret"), Err(IdentityError::Io { .. })));
}

/// Made by OpenSSL 3.0: `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 1000`, and with
/// `-scrypt -scrypt_N 1024`, with the password `secret`; and what it says the public key is.
#[test]
fn files_of_openssl_are_opened() {
    for pem in [OPENSSL_PBKDF2, OPENSSL_SCRYPT] {
        let identity = Identity::from_pem(pem, b"secret").unwrap();
        assert_eq!(identity.public().as_bytes(), &bytes(OPENSSL_PUBLIC));
        assert!(matches!(Identity::from_pem(pem, b"wrong"), Err(IdentityError::NotOpened)));
    }
}

#[test]
fn openssl_opens_our_files() {
    let identity = Identity::generate().unwrap();
    let pem = identity.to_pem(b"secret").unwrap();
    let started = Command::new("openssl")
        .args(["pkey", "-passin", "pass:secret", "-pubout", "-outform", "DER"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        assert!(std::env::var_os("INOS_REQUIRE_OPENSSL").is_none(), "there is no openssl");
        println!("skipped: there is no openssl");
        return;
    };
    child.stdin.take().unwrap().write_all(pem.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.stdout.ends_with(identity.public().as_bytes()), "{said}");
}
