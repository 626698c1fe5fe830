//! Objects with names of every kind: what we write, Ceph's `rados` reads, and the other way round; and both put them into
//! the same place.

use loligo::{Cluster, Conf};
use loligo_tests::live;
use loligo_tests::names::{self, exchange_names};
use loligo_tests::rados::Rados;

#[test]
fn names_of_every_kind_mean_the_same_to_rados_and_to_us() {
    let Some(conf) = live::conf() else { return };
    let cluster = Cluster::connect(&Conf::read("client.admin", &conf).unwrap()).unwrap();
    exchange_names(&cluster, &Rados::new(&conf), &std::env::temp_dir(), names::count());
}
