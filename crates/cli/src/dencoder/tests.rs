//! Words and what they print.

use std::ffi::OsString;

use super::run_to;

/// What the words print, or why they do not.
fn dencoder(words: &str) -> Result<String, String> {
    let words: Vec<OsString> = words.split(' ').map(Into::into).collect();
    let mut out = Vec::new();
    match run_to(&words, &mut out) {
        Ok(()) => Ok(String::from_utf8(out).unwrap()),
        Err(fail) => Err(fail.to_string()),
    }
}

/// A value of Ceph's own.
const MONMAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/testdata/pacific/monmap");
const OSDMAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/testdata/pacific/osdmap-93");

fn temporary(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("loligo-dencoder-{}-{name}", std::process::id()));
    path.into_os_string().into_string().unwrap()
}

#[test]
fn a_value_is_decoded_printed_and_encoded() {
    let file = temporary("monmap");
    let words = format!(
        "type MonMap import {MONMAP} decode dump_json get_struct_v set_features pacific encode export {file}"
    );
    let printed = dencoder(&words).unwrap();
    assert!(printed.starts_with("{\n    \"epoch\": "), "{printed}");
    assert!(printed.ends_with("\n}\n\n9\n"), "{printed}");
    let written = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(written, std::fs::read(MONMAP).unwrap());
}

#[test]
fn an_osd_map_is_printed_as_osdmaptool_prints_it() {
    let wanted = include_str!("../../../wire/testdata/pacific/osdmap-93.json");
    let printed = dencoder(&format!("type OSDMap import {OSDMAP} decode dump_json")).unwrap();
    assert_eq!(printed.trim_end(), wanted.trim_end());
}

#[test]
fn words_act_on_what_those_before_them_left() {
    // The last type, value and features count; bytes stay when the type changes.
    let words = "type shard_id_t select_test 1 encode type errorcode32_t select_test 1 encode hexdump";
    let wanted = "00000000  fe ff ff ff                                       |....|\n00000004\n";
    assert_eq!(dencoder(words).unwrap(), wanted);
    assert_eq!(
        dencoder("type mon_feature_t select_test 1 encode get_struct_v get_struct_compat").unwrap(),
        "1\n1\n"
    );
    let words = "type entity_addr_t select_test 2 set_features 0 encode hexdump";
    let printed = dencoder(words).unwrap();
    assert!(printed.ends_with("00000088\n"), "136 bytes of the old form: {printed}");
    // Four bytes before the value.
    let words = "type spg_t select_test 1 encode skip 6 type pg_t decode dump_json";
    assert!(dencoder(words).is_err_and(|why| why == "error: stray data at end of buffer, offset 23"));
}

#[test]
fn lists_end_the_line() {
    let types = dencoder("list_types no_such_word").unwrap();
    assert!(["MOSDOp", "pg_pool_t"].iter().all(|name| types.lines().any(|other| other == *name)));
    assert_eq!(dencoder("get_features no_such_word").unwrap(), format!("{}\n", 0x3f07_ffff_fffd_ffff_u64));
    assert!(dencoder("version").unwrap().starts_with("loligo version "));
    assert_eq!(dencoder("type pg_t count_tests").unwrap(), "1\n");
    assert_eq!(dencoder("type pg_t is_deterministic no_such_word").unwrap(), "");
    assert!(dencoder("--help").unwrap().contains("select_test"));
}

#[test]
fn tests_count_from_either_end() {
    let value = |word: &str| dencoder(&format!("type MOSDOp {word} dump_json"));
    let count = dencoder("type MOSDOp count_tests").unwrap();
    assert!(value("select_test 1").unwrap().contains("osd_op("));
    assert_eq!(value("select_test 0"), value(&format!("select_test {}", count.trim())));
}

#[test]
fn what_makes_no_sense_is_told() {
    for (words, wanted) in [
        ("decode", "must first select type"),
        ("type", "expecting type"),
        ("type no_such_t", "class 'no_such_t' unknown"),
        ("type pg_t dump_json", "no pg_t yet"),
        ("type pg_t encode", "no pg_t yet"),
        ("type pg_t select_test 99", "invalid id"),
        ("type pg_t select_test x", "expecting instance number, not 'x'"),
        ("type pg_t import /nonexistent/file", "/nonexistent/file"),
        ("type pg_t decode", "pg_t: ends early"),
        ("get_struct_v", "nothing is encoded"),
        ("set_features argonaut", "no features: 'argonaut'"),
        ("frobnicate", "unknown option 'frobnicate'"),
    ] {
        let why = dencoder(words).unwrap_err();
        assert!(why.contains(wanted), "{words}: {why}");
    }
}
