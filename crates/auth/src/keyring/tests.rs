use alloc::string::ToString;
use alloc::{format, vec};

use loligo_base::{SeededEntropy, Wall};
use loligo_wire::DecodeError;
use loligo_wire::cephx::KeyType;

use super::*;

/// As `ceph-authtool --gen-key` prints keys.
const KEY: &str = "AQBx8yZnAAAAABAAJD4ao1vXoAOtXQZ3l8GqNA==";

fn name(text: &str) -> AuthEntityName {
    text.parse().unwrap()
}

fn reason(text: &str) -> (usize, KeyringLineError) {
    match Keyring::parse(text.as_bytes()) {
        Err(KeyringError::Line { line, reason }) => (line, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_that_ceph_accepts_is_read() {
    let text = format!(
        "# keys\n; of ours\n[global]\nfsid = 1\n\n[client.admin] ; the boss\r\n  key= \"{KEY}\" # secret\n\
         auid = 18446744073709551615\n\tcaps mds = 'allow *'\n\tcaps_mon=allow *\n\
         \tcaps osd = \"allow rwx pool=\\\"a b\\\", \\\n\tallow r\"\n[mon.]\nkey = {KEY}\n[osd.0]"
    );
    let keyring = Keyring::parse(text.as_bytes()).unwrap();
    let names: vec::Vec<_> = keyring.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["mon.", "osd.0", "client.admin"]);
    let admin = keyring.get(&name("client.admin")).unwrap();
    assert_eq!(admin.caps["mds"], "allow *");
    assert_eq!(admin.caps["mon"], "allow *");
    assert_eq!(admin.caps["osd"], "allow rwx pool=\"a b\",  \tallow r");
    assert_eq!(*keyring.key(&name("client.admin")).unwrap().to_base64(), KEY);
    assert_eq!(*keyring.key(&name("mon.")).unwrap().to_base64(), KEY);
    let no_key = KeyringError::NoKey { name: name("osd.0") };
    assert_eq!(keyring.key(&name("osd.0")).err(), Some(no_key));
    let no_entity = KeyringError::NoEntity { name: name("osd.1") };
    assert_eq!(keyring.key(&name("osd.1")).err(), Some(no_entity));
    assert_eq!(Keyring::parse(b"").unwrap().iter().count(), 0);
}

#[test]
fn what_is_printed_reads_back_and_looks_as_ceph_prints_it() {
    let key = CryptoKey::from_base64(KEY).unwrap();
    let mut keyring = Keyring::new();
    let caps = [("mon", "allow *"), ("osd", "allow \"x\\y\" # ;")];
    keyring.insert(name("client.admin"), KeyringEntry::new(&key, &caps));
    let mut pending = KeyringEntry::new(&key, &[]);
    pending.pending_key = Some(CryptoKey::generate(Wall::ZERO, &mut SeededEntropy::new(1)).to_wire());
    keyring.insert(name("client.b"), pending);
    let text = keyring.print();
    let start = format!("[client.admin]\n\tkey = {KEY}\n\tcaps mon = \"allow *\"\n\tcaps osd");
    assert!(text.starts_with(&start), "{}", *text);
    let read = Keyring::parse(text.as_bytes()).unwrap();
    assert_eq!(read.entries, keyring.entries);
}

/// Written by `ceph-authtool` 16.2.15.
#[test]
fn what_ceph_printed_is_printed_again_byte_for_byte() {
    let text = "[osd.0]\n\tkey = AQB3EgJr3bVhHRAAO6aMggX/dTGSLr5uL33YYw==\n\tcaps mon = \"allow profile osd\"\n\
                [client.admin]\n\tkey = AQB3EgJrtxqPGRAAMtMDQXwkli3K7P42gWB8vQ==\n\tcaps mon = \"allow *\"\n\
                \tcaps osd = \"allow rwx pool=\\\"a b\\\", allow r\"\n";
    let keyring = Keyring::parse(text.as_bytes()).unwrap();
    assert_eq!(keyring.get(&name("client.admin")).unwrap().caps["osd"], "allow rwx pool=\"a b\", allow r");
    assert_eq!(*keyring.print(), text);
}

#[test]
fn a_bad_line_is_told_with_its_number_and_the_reason() {
    assert_eq!(reason("\n\nkey = x"), (3, KeyringLineError::NoSection));
    assert_eq!(reason("[client.a\n"), (1, KeyringLineError::BadSection));
    assert_eq!(reason("[client.a] x"), (1, KeyringLineError::BadSection));
    assert_eq!(reason("[admin]"), (1, KeyringLineError::BadName(EntityParseError::NoDot)));
    assert_eq!(reason("[user.a]"), (1, KeyringLineError::BadName(EntityParseError::UnknownType)));
    assert_eq!(reason("[client.a]\nkey"), (2, KeyringLineError::NeitherSectionNorField));
    assert_eq!(reason("[client.a]\nkeys = x"), (2, KeyringLineError::UnknownField));
    assert_eq!(reason("[client.a]\ncaps = x"), (2, KeyringLineError::UnknownField));
    assert_eq!(reason("[client.a]\ncaps mon = \"x"), (2, KeyringLineError::BadQuote));
    assert_eq!(reason("[client.a]\ncaps mon = \"x\" y"), (2, KeyringLineError::BadQuote));
    assert_eq!(reason("[client.a]\nkey = \\\n*"), (2, KeyringLineError::BadKey(KeyError::NotBase64)));
    assert_eq!(reason("[client.a]\nkey ="), (2, KeyringLineError::BadKey(KeyError::Empty)));
    let short = KeyError::Malformed(DecodeError::Truncated { wanted: 4, left: 1 });
    assert_eq!(reason("[client.a]\nkey = AQAA"), (2, KeyringLineError::BadKey(short)));
    let not_utf8 = KeyringError::Line { line: 2, reason: KeyringLineError::NotUtf8 };
    assert_eq!(Keyring::parse(b"[client.a]\n\xff").err(), Some(not_utf8));
}

#[test]
fn a_key_of_another_type_is_named_and_does_no_harm_to_the_others() {
    let wire =
        cephx::CryptoKey { key_type: KeyType(3), created: Wall::ZERO, secret: cephx::Secret::new(&[1; 32]) };
    let text = format!("[client.new]\nkey = {}\n[client.old]\nkey = {KEY}\n", *wire_to_base64(&wire));
    let keyring = Keyring::parse(text.as_bytes()).unwrap();
    assert!(keyring.key(&name("client.old")).is_ok());
    let error = keyring.key(&name("client.new")).unwrap_err();
    assert_eq!(error.to_string(), "the key of client.new: keys of type 3 are not supported");
}

/// The keyring of a new cluster of Tentacle, which is no more.
#[test]
fn the_keyring_of_tentacle_is_read() {
    let text = "[client.admin]\n\tkey = AgBWPgJriepJMSAA6nnEsnS1TpyuQgbjYIcSRzyat59CA7UlggHGAEOeMLo=\n";
    let key = Keyring::parse(text.as_bytes()).unwrap().key(&name("client.admin")).unwrap();
    assert_eq!(key.key_type(), KeyType::AES256K);
}

#[test]
fn no_key_is_in_the_debug_form() {
    let keyring = Keyring::parse(format!("[client.a]\nkey = {KEY}").as_bytes()).unwrap();
    let text = format!("{keyring:?}");
    assert!(text.contains("Secret(16 bytes)") && !text.contains("0x24") && !text.contains(KEY), "{text}");
}
