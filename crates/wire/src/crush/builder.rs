//! Building a map without a text to compile.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use thiserror::Error;

use super::{Bucket, CrushMap, MAX_RULES, Rule, RuleOp, RuleStep, bucket_index};

/// The types of `OSDMap::build_simple_crush_map`.
const TYPES: [&str; 12] =
    ["osd", "host", "chassis", "rack", "row", "pdu", "pod", "room", "datacenter", "zone", "region", "root"];

/// A weight of 1.0, 16.16 fixed point.
const ONE: u32 = 0x1_0000;

/// Why a map cannot be built as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CrushBuildError {
    /// There is no item with that name.
    #[error("no such root")]
    NoSuchRoot,
    /// There is no type with that name.
    #[error("no such type of bucket")]
    NoSuchType,
    /// All ids of rules are taken.
    #[error("the map has {MAX_RULES} rules already")]
    TooManyRules,
    /// The id is a device's, or another bucket has it.
    #[error("{id} cannot be the id of a new bucket")]
    BucketId {
        /// The id.
        id: i32,
    },
}

impl CrushMap {
    /// Ceph's default types, a root "default", and below it `hosts` hosts `host0`, `host1`, … with `osds_per_host` devices
    /// of weight 1.0 each, numbered through. No rule yet.
    #[must_use]
    pub fn with_hosts(hosts: u16, osds_per_host: u16) -> Self {
        let mut map = Self::new();
        map.type_map = (0..).zip(TYPES.map(String::from)).collect();
        let mut next_osd = 0i32;
        let mut members = Vec::new();
        for host in 0..hosts {
            let id = -2 - i32::from(host);
            let mut devices = Vec::new();
            for _ in 0..osds_per_host {
                devices.push((next_osd, ONE));
                map.name_map.insert(next_osd, format!("osd.{next_osd}"));
                next_osd = next_osd.saturating_add(1);
            }
            let bucket = Bucket::straw2(id, 1, &devices);
            members.push((id, bucket.weight));
            map.name_map.insert(id, format!("host{host}"));
            map.put_bucket(bucket);
        }
        map.name_map.insert(-1, String::from("default"));
        map.put_bucket(Bucket::straw2(-1, 11, &members));
        map
    }

    /// Adds a bucket (`crush_add_bucket`).
    ///
    /// # Errors
    ///
    /// [`CrushBuildError::BucketId`] when its id is taken or not a bucket's.
    pub fn add_bucket(&mut self, bucket: Bucket) -> Result<(), CrushBuildError> {
        let id = bucket.id;
        if bucket_index(id).is_none_or(|index| index > usize::from(u16::MAX)) || self.bucket(id).is_some() {
            return Err(CrushBuildError::BucketId { id });
        }
        self.put_bucket(bucket);
        Ok(())
    }

    /// Takes a bucket out, for instance to add it again with other children.
    pub fn remove_bucket(&mut self, id: i32) -> Option<Bucket> {
        let bucket = self.buckets.get_mut(bucket_index(id)?)?.take()?;
        self.finalize();
        Some(*bucket)
    }

    fn put_bucket(&mut self, bucket: Bucket) {
        let Some(index) = bucket_index(bucket.id) else { return };
        while self.buckets.len() <= index {
            let larger = (self.buckets.len() * 2).max(8);
            self.buckets.resize(larger, None);
        }
        if let Some(slot) = self.buckets.get_mut(index) {
            *slot = Some(Box::new(bucket));
        }
        self.finalize();
    }

    /// Adds a rule under the lowest free id, and answers that id.
    ///
    /// # Errors
    ///
    /// [`CrushBuildError::TooManyRules`] when there is no free id.
    pub fn add_rule(&mut self, name: &str, rule: Rule) -> Result<u8, CrushBuildError> {
        let free = self.rules.iter().position(Option::is_none).unwrap_or(self.rules.len());
        let id = u8::try_from(free).map_err(|_| CrushBuildError::TooManyRules)?;
        match self.rules.get_mut(free) {
            Some(slot) => *slot = Some(rule),
            None => self.rules.push(Some(rule)),
        }
        self.rule_name_map.insert(i32::from(id), String::from(name));
        Ok(id)
    }

    /// Adds the rule that Ceph makes for a pool: from `root`, one device in each of as many buckets of type
    /// `failure_domain` as the pool has replicas, or shards where `erasure` (`add_simple_rule`). A position that cannot be
    /// filled stays empty for an erasure-coded pool; else the later ones move up.
    ///
    /// # Errors
    ///
    /// When there is no such root or type, or no free id.
    pub fn add_simple_rule(
        &mut self,
        name: &str,
        root: &str,
        failure_domain: &str,
        erasure: bool,
    ) -> Result<u8, CrushBuildError> {
        let root = self.item_id(root).ok_or(CrushBuildError::NoSuchRoot)?;
        let domain = self.type_id(failure_domain).ok_or(CrushBuildError::NoSuchType)?;
        let choose = match (domain, erasure) {
            (0, false) => RuleOp::CHOOSE_FIRSTN,
            (0, true) => RuleOp::CHOOSE_INDEP,
            (_, false) => RuleOp::CHOOSELEAF_FIRSTN,
            (_, true) => RuleOp::CHOOSELEAF_INDEP,
        };
        let mut steps = Vec::new();
        if erasure {
            steps.push(RuleStep::new(RuleOp::SET_CHOOSELEAF_TRIES, 5, 0));
            steps.push(RuleStep::new(RuleOp::SET_CHOOSE_TRIES, 100, 0));
        }
        steps.extend(vec![
            RuleStep::new(RuleOp::TAKE, root, 0),
            RuleStep::new(choose, 0, domain),
            RuleStep::new(RuleOp::EMIT, 0, 0),
        ]);
        let (rule_type, deprecated_min_size, deprecated_max_size) =
            if erasure { (Rule::ERASURE, 3, 20) } else { (Rule::REPLICATED, 1, 10) };
        self.add_rule(name, Rule { rule_type, deprecated_min_size, deprecated_max_size, steps })
    }
}
