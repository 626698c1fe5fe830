//! The order in which Ceph prints a hierarchy (`CrushTreeDumper`).

use std::collections::BTreeMap;

use loligo_wire::crush::{Bucket, CrushMap};

use super::super::text::fixed;

/// The most that is printed. A map may name the same bucket over and over.
const ITEMS_MAX: usize = 1 << 20;

/// A bucket or device.
#[derive(Debug)]
pub(in super::super) struct Item {
    pub(in super::super) id: i32,
    /// The bucket that it is in; 0 for none.
    pub(super) parent: i32,
    pub(super) depth: usize,
    pub(super) weight: f32,
    /// What is in it, the last first.
    pub(super) children: Vec<i32>,
}

impl Item {
    /// An OSD that no bucket has.
    pub(super) const fn stray(id: i32) -> Self {
        Self { id, parent: 0, depth: 0, weight: 0.0, children: Vec::new() }
    }
}

/// All items below the roots, each bucket before what is in it.
pub(in super::super) fn walk(crush: &CrushMap) -> Vec<Item> {
    let mut done: Vec<Item> = Vec::new();
    for root in nonshadow_roots(crush) {
        let weight = fixed(crush.bucket(root).map_or(0, |bucket| bucket.weight));
        let mut open = vec![Item { weight, ..Item::stray(root) }];
        while let Some(mut item) = open.pop() {
            if done.len() + open.len() > ITEMS_MAX {
                return done;
            }
            if let Some(bucket) = crush.bucket(item.id) {
                for (child, weight) in sorted(crush, bucket).into_values().rev() {
                    item.children.push(child);
                    open.push(Item { parent: item.id, depth: item.depth + 1, weight, ..Item::stray(child) });
                }
            }
            done.push(item);
        }
    }
    done
}

/// The children by class and name.
fn sorted(crush: &CrushMap, bucket: &Bucket) -> BTreeMap<String, (i32, f32)> {
    let key = |id: i32| {
        if id < 0 {
            return format!("_{}", item_name(crush, id));
        }
        let class = crush.class_map.get(&id).and_then(|class| crush.class_name.get(class));
        format!("{}_osd.{id:08}", class.map_or("", String::as_str))
    };
    let children = bucket.items.iter().enumerate().rev();
    let weighed = children.map(|(place, id)| (*id, fixed(bucket.item_weight(place).unwrap_or(0))));
    weighed.map(|(id, weight)| (key(id), (id, weight))).collect()
}

/// Buckets that no bucket has, without those that shadow others, from the lowest number up.
fn nonshadow_roots(crush: &CrushMap) -> Vec<i32> {
    let mut inner: Vec<i32> = crush.buckets().flat_map(|bucket| &bucket.items).copied().collect();
    inner.sort_unstable();
    let mut roots: Vec<i32> = crush
        .buckets()
        .map(|bucket| bucket.id)
        .filter(|id| inner.binary_search(id).is_err() && !item_name(crush, *id).contains('~'))
        .collect();
    roots.sort_unstable();
    roots
}

pub(super) fn item_name(crush: &CrushMap, id: i32) -> &str {
    crush.name_map().get(&id).map_or("", String::as_str)
}

/// The name of a bucket's type; of a device's, where there is no such bucket.
pub(super) fn type_name(crush: &CrushMap, id: i32) -> &str {
    let number = crush.bucket(id).map_or(0, |bucket| i32::from(bucket.bucket_type));
    crush.type_map.get(&number).map_or("", String::as_str)
}
