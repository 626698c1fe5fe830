extern crate std;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use std::{format, println};

use super::*;
use crate::corpus_files::Corpus;
use crate::{Decode, DecodeError, Encode, Encoder, Features};

fn sample() -> CrushMap {
    let mut map = CrushMap::with_hosts(3, 2);
    map.add_simple_rule("replicated_rule", "default", "host", false).unwrap();
    map.add_simple_rule("ec", "default", "osd", true).unwrap();
    let children = [(0, 0x1_0000), (5, 0x2_0000)];
    let bucket = |id, alg| Bucket { id, alg, ..Bucket::straw2(id, 1, &children) };
    map.add_bucket(bucket(-6, BucketAlg::Uniform { item_weight: 0x1_0000 })).unwrap();
    let list =
        BucketAlg::List { item_weights: vec![0x1_0000, 0x2_0000], sum_weights: vec![0x1_0000, 0x3_0000] };
    map.add_bucket(bucket(-7, list)).unwrap();
    map.add_bucket(bucket(-12, BucketAlg::Tree { node_weights: vec![0, 0x1_0000, 0x3_0000, 0x2_0000] }))
        .unwrap();
    let straw = BucketAlg::Straw { item_weights: vec![0x1_0000, 0x2_0000], straws: vec![0x1_0000, 0x1_8000] };
    map.add_bucket(bucket(-9, straw)).unwrap();
    map.class_map.insert(0, 1);
    map.class_name.insert(1, String::from("ssd"));
    map.class_bucket.entry(-1).or_default().insert(1, -12);
    let mut args = ChooseArgMap::new();
    args.set(-2, ChooseArg { weight_set: vec![vec![1, 2], vec![3, 4]], ids: vec![10, 11] });
    map.choose_args.insert(3, args);
    map
}

#[test]
fn everything_in_a_map_rounds() {
    let map = sample();
    assert_eq!(map.max_devices(), 6);
    assert_eq!(map.max_buckets(), 16);
    let read = CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)).unwrap();
    assert_eq!(read, map);
    assert_eq!(read.shadow(-1, "ssd"), Some(-12));
    assert_eq!(read.bucket(-12).and_then(|b| b.item_weight(1)), Some(0x2_0000));
}

#[test]
fn what_an_old_writer_left_out_has_its_legacy_value() {
    let map = sample();
    let all = map.to_bytes(Features::NONE);
    // Without features: no chooseleaf_stable, no classes, no choose args.
    let read = CrushMap::decode_all(&all).unwrap();
    assert_eq!(read.tunables.chooseleaf_stable, 0);
    assert!(read.class_map.is_empty() && read.choose_args.is_empty());
    // 3 u32, u32, u8, u8, u32: what Argonaut did not write yet.
    let read = CrushMap::decode_all(&all.slice(..all.len() - 22)).unwrap();
    assert_eq!(read.tunables, Tunables::legacy());
}

#[test]
fn choose_args_for_all_pools_stand_in_for_weights_where_the_reader_knows_none() {
    let mut map = sample();
    let mut args = ChooseArgMap::new();
    args.set(-2, ChooseArg { weight_set: vec![vec![7, 8]], ids: vec![] });
    map.choose_args = [(CrushMap::DEFAULT_CHOOSE_ARGS, args)].into();
    let read = CrushMap::decode_all(&map.to_bytes(Features::NONE)).unwrap();
    assert_eq!(read.bucket(-2).unwrap().alg, BucketAlg::Straw2 { item_weights: vec![7, 8] });
    let read = CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)).unwrap();
    assert_eq!(read.bucket(-2).unwrap().alg, BucketAlg::Straw2 { item_weights: vec![0x1_0000; 2] });
    assert_eq!(read.choose_args_for(99), map.choose_args.get(&-1));
}

#[test]
fn a_bucket_below_itself_is_refused() {
    let mut map = sample();
    let host = map.remove_bucket(-3).unwrap();
    map.add_bucket(Bucket { items: vec![-1, 2], ..host }).unwrap();
    let refused = CrushMap::decode_all(&map.to_bytes(Features::PACIFIC));
    assert_eq!(refused, Err(DecodeError::Invalid { what: "crush bucket below itself", value: 1 }));
}

#[test]
fn a_child_that_does_not_exist_is_let_pass_and_not_counted() {
    let mut map = CrushMap::with_hosts(1, 1);
    map.add_bucket(Bucket::straw2(-3, 1, &[(-99, 1), (i32::MIN, 1)])).unwrap();
    assert_eq!(CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)), Ok(map));
}

#[test]
fn hostile_numbers_are_refused_before_anything_is_reserved() {
    let header = |max_buckets: u32, max_rules: u32| {
        let mut e = Encoder::new(Features::PACIFIC);
        [0x0001_0000, max_buckets, max_rules, 0].iter().for_each(|n: &u32| n.encode(&mut e));
        e.raw(&[0; 64]);
        e.finish()
    };
    assert_eq!(
        CrushMap::decode_all(&header(u32::MAX, 0)),
        Err(DecodeError::Truncated { wanted: 4 * u64::from(u32::MAX), left: 64 })
    );
    assert_eq!(
        CrushMap::decode_all(&header(0, 257)),
        Err(DecodeError::Invalid { what: "number of crush rules", value: 257 })
    );
}

#[test]
fn ids_and_choose_args_that_ceph_would_abort_on_are_refused() {
    let mut map = sample();
    map.choose_args.get_mut(&3).unwrap().set(-400, ChooseArg { weight_set: vec![], ids: vec![1] });
    assert!(CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)).is_err());
    let mut map = sample();
    map.choose_args.get_mut(&3).unwrap().set(-2, ChooseArg { weight_set: vec![], ids: vec![1] });
    assert!(CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)).is_err());
    // Choose args of a bucket that is not straw2 are dropped.
    let mut map = sample();
    map.choose_args.get_mut(&3).unwrap().set(-7, ChooseArg { weight_set: vec![vec![1, 1]], ids: vec![] });
    assert_eq!(CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)), Ok(sample()));
}

#[test]
fn one_item_does_not_make_a_million_devices() {
    let with = |item| {
        let mut map = sample();
        map.add_bucket(Bucket::straw2(-13, 1, &[(item, 0x1_0000)])).unwrap();
        CrushMap::decode_all(&map.to_bytes(Features::PACIFIC))
    };
    assert_eq!(with((1 << 20) - 1).map(|map| map.max_devices()), Ok(1 << 20));
    let refused = DecodeError::Invalid { what: "number of crush devices", value: (1 << 20) + 1 };
    assert_eq!(with(1 << 20), Err(refused));
}

#[test]
fn a_name_without_letters_is_refused() {
    let mut map = sample();
    map.name_map = [(5, String::new())].into();
    // What follows is 0: with the empty name it looks like a key of 64 bits with an empty name.
    map.rule_name_map.clear();
    let refused = DecodeError::Invalid { what: "length of a crush name", value: 0 };
    assert_eq!(CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)), Err(refused));
}

#[test]
fn no_prefix_panics_and_none_before_the_tunables_is_a_map() {
    let bytes = sample().to_bytes(Features::PACIFIC);
    let core = sample().to_bytes(Features::NONE).len() - 22;
    for cut in 0..bytes.len() {
        let read = CrushMap::decode_all(&bytes.slice(..cut));
        assert!(cut >= core || read.is_err(), "a prefix of {cut} bytes");
    }
}

/// Each file of an archive: decodes, and where `features` are the writer's, encodes to the same bytes.
fn corpus(archive: &str, features: Features) {
    let Some(corpus) = Corpus::find(&format!("CrushWrapper of {archive}")) else { return };
    let mut read = 0;
    for (id, bytes) in corpus.values(archive, "CrushWrapper") {
        let map = CrushMap::decode_all(&bytes).unwrap();
        assert_eq!(map.to_bytes(features), bytes, "{id}");
        read += 1;
    }
    println!("{read} maps of {archive}");
    assert!(read >= 10);
}

#[test]
fn maps_written_by_pacific_round_byte_for_byte() {
    corpus("16.2.0-90-g50f1821b4c", Features::PACIFIC);
}

#[test]
fn maps_written_by_reef_round_byte_for_byte() {
    corpus("18.2.0", Features::PACIFIC.union(Features::SERVER_QUINCY));
}

#[test]
fn maps_written_by_squid_round_byte_for_byte() {
    corpus("19.2.0-404-g78ddc7f9027", Features(u64::MAX));
}

#[test]
fn rules_take_the_lowest_free_id_up_to_256() {
    let mut map = CrushMap::with_hosts(1, 1);
    let ids: Vec<u8> = (0..256).map(|_| map.add_simple_rule("r", "default", "host", true).unwrap()).collect();
    assert!(ids.iter().copied().eq(0..=255));
    assert_eq!(map.add_simple_rule("r", "default", "host", true), Err(CrushBuildError::TooManyRules));
    assert_eq!(map.add_simple_rule("r", "nowhere", "host", true), Err(CrushBuildError::NoSuchRoot));
    assert_eq!(map.add_simple_rule("r", "default", "planet", true), Err(CrushBuildError::NoSuchType));
    assert_eq!(CrushMap::decode_all(&map.to_bytes(Features::PACIFIC)), Ok(map));
}
