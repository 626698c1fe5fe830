//! `crush_bucket`: a node of the hierarchy that has children.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// An inner node of the hierarchy: a host, a rack, a root (`struct crush_bucket`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its id: negative, unique within the map.
    pub id: i32,
    /// Its type, a key of [`super::CrushMap::type_map`]; 0 is a device and no bucket has it.
    pub bucket_type: u16,
    /// The hash function; 0 is rjenkins1, and there is no other.
    pub hash: u8,
    /// The sum of the children's weights, 16.16 fixed point.
    pub weight: u32,
    /// The children: devices where not negative, else buckets.
    pub items: Vec<i32>,
    /// How a child is chosen, and the weights in the form that this wants.
    pub alg: BucketAlg,
}

/// How a bucket chooses among its children (`enum crush_algorithm`). All weights are 16.16 fixed point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketAlg {
    /// All children weigh the same; a permutation is drawn.
    Uniform {
        /// The weight of each child.
        item_weight: u32,
    },
    /// From the last child to the first, each against the sum of those before it.
    List {
        /// The children's weights.
        item_weights: Vec<u32>,
        /// Of each child, the weight of it and all before it.
        sum_weights: Vec<u32>,
    },
    /// A binary tree over the children.
    Tree {
        /// The weight of each node; the child `i` is node `2 * i + 1`.
        node_weights: Vec<u32>,
    },
    /// The longest straw wins; straws were scaled when the bucket was built.
    Straw {
        /// The children's weights.
        item_weights: Vec<u32>,
        /// The length of each child's straw, 16.16 fixed point.
        straws: Vec<u32>,
    },
    /// The longest straw wins; each is drawn from an exponential distribution of the child's weight.
    Straw2 {
        /// The children's weights.
        item_weights: Vec<u32>,
    },
}

impl BucketAlg {
    /// The number of the algorithm (`CRUSH_BUCKET_UNIFORM` = 1 and so on).
    #[must_use]
    pub const fn number(&self) -> u8 {
        match self {
            Self::Uniform { .. } => 1,
            Self::List { .. } => 2,
            Self::Tree { .. } => 3,
            Self::Straw { .. } => 4,
            Self::Straw2 { .. } => 5,
        }
    }

    /// Its name, as `ceph osd crush` prints it (`crush_alg_name`).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Uniform { .. } => "uniform",
            Self::List { .. } => "list",
            Self::Tree { .. } => "tree",
            Self::Straw { .. } => "straw",
            Self::Straw2 { .. } => "straw2",
        }
    }
}

impl Bucket {
    /// A bucket of the default kind, straw2, with these children and their weights.
    #[must_use]
    pub fn straw2(id: i32, bucket_type: u16, children: &[(i32, u32)]) -> Self {
        Self {
            id,
            bucket_type,
            hash: 0,
            weight: children.iter().fold(0, |sum: u32, child| sum.saturating_add(child.1)),
            items: children.iter().map(|child| child.0).collect(),
            alg: BucketAlg::Straw2 { item_weights: children.iter().map(|child| child.1).collect() },
        }
    }

    /// The weight of the child at `position`, 16.16 fixed point (`crush_get_bucket_item_weight`).
    #[must_use]
    pub fn item_weight(&self, position: usize) -> Option<u32> {
        self.items.get(position)?;
        match &self.alg {
            BucketAlg::Uniform { item_weight } => Some(*item_weight),
            BucketAlg::Tree { node_weights } => node_weights.get(position * 2 + 1).copied(),
            BucketAlg::List { item_weights, .. }
            | BucketAlg::Straw { item_weights, .. }
            | BucketAlg::Straw2 { item_weights } => item_weights.get(position).copied(),
        }
    }

    /// Reads a slot of the bucket table, which may be empty (`decode_crush_bucket`).
    pub(super) fn decode_slot(d: &mut Decoder<'_>) -> Result<Option<Box<Self>>, DecodeError> {
        let alg = u32::decode(d)?;
        if alg == 0 {
            return Ok(None);
        }
        let id = i32::decode(d)?;
        let bucket_type = u16::decode(d)?;
        let [alg_again, hash] = d.array()?;
        if u32::from(alg_again) != alg {
            return Err(DecodeError::Invalid { what: "crush bucket algorithm", value: u64::from(alg) });
        }
        let weight = u32::decode(d)?;
        let items: Vec<i32> = Vec::decode(d)?;
        let alg = BucketAlg::decode_body(d, alg, items.len())?;
        Ok(Some(Box::new(Self { id, bucket_type, hash, weight, items, alg })))
    }

    /// Writes a slot of the bucket table; `weights` stands in for those of a straw2 bucket, for readers that know no
    /// choose_args.
    pub(super) fn encode_slot(&self, e: &mut Encoder, weights: Option<&[u32]>) {
        u32::from(self.alg.number()).encode(e);
        self.id.encode(e);
        self.bucket_type.encode(e);
        self.alg.number().encode(e);
        self.hash.encode(e);
        self.weight.encode(e);
        self.items.encode(e);
        self.alg.encode_body(e, weights);
    }
}

impl BucketAlg {
    fn decode_body(d: &mut Decoder<'_>, alg: u32, size: usize) -> Result<Self, DecodeError> {
        Ok(match alg {
            1 => Self::Uniform { item_weight: u32::decode(d)? },
            2 => {
                let (item_weights, sum_weights) = pairs(d, size)?;
                Self::List { item_weights, sum_weights }
            }
            3 => {
                let nodes = usize::from(u8::decode(d)?);
                Self::Tree { node_weights: numbers(d, nodes)? }
            }
            4 => {
                let (item_weights, straws) = pairs(d, size)?;
                Self::Straw { item_weights, straws }
            }
            5 => Self::Straw2 { item_weights: numbers(d, size)? },
            _ => return Err(DecodeError::Invalid { what: "crush bucket algorithm", value: u64::from(alg) }),
        })
    }

    fn encode_body(&self, e: &mut Encoder, weights: Option<&[u32]>) {
        match self {
            Self::Uniform { item_weight } => item_weight.encode(e),
            Self::List { item_weights: first, sum_weights: second }
            | Self::Straw { item_weights: first, straws: second } => {
                for (one, other) in first.iter().zip(second) {
                    one.encode(e);
                    other.encode(e);
                }
            }
            Self::Tree { node_weights } => {
                // A byte on the wire: Ceph itself cannot hold a tree of more nodes.
                u8::try_from(node_weights.len()).unwrap_or(0).encode(e);
                node_weights.iter().for_each(|weight| weight.encode(e));
            }
            Self::Straw2 { item_weights } => {
                for (position, weight) in item_weights.iter().enumerate() {
                    weights.and_then(|w| w.get(position)).unwrap_or(weight).encode(e);
                }
            }
        }
    }
}

/// `n` numbers without a count in front.
fn numbers(d: &mut Decoder<'_>, n: usize) -> Result<Vec<u32>, DecodeError> {
    let mut section = Decoder::new(d.take(n.saturating_mul(4))?);
    (0..n).map(|_| u32::decode(&mut section)).collect()
}

/// `n` pairs of numbers without a count in front, apart.
fn pairs(d: &mut Decoder<'_>, n: usize) -> Result<(Vec<u32>, Vec<u32>), DecodeError> {
    let mut section = Decoder::new(d.take(n.saturating_mul(8))?);
    (0..n).map(|_| <(u32, u32)>::decode(&mut section)).collect()
}
