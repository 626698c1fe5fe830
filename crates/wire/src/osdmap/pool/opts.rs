//! Options of a pool.

use alloc::collections::BTreeMap;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Features, Text};

/// Which option of a pool: `pool_opts_t::key_t`. Options that are not known here survive a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolOptKey(pub i32);

impl PoolOptKey {
    /// The options that Ceph knows, by number; each has the type that Ceph gives it.
    const NAMES: [&str; 24] = [
        "scrub_min_interval",
        "scrub_max_interval",
        "deep_scrub_interval",
        "recovery_priority",
        "recovery_op_priority",
        "scrub_priority",
        "compression_mode",
        "compression_algorithm",
        "compression_required_ratio",
        "compression_max_blob_size",
        "compression_min_blob_size",
        "csum_type",
        "csum_max_block",
        "csum_min_block",
        "fingerprint_algorithm",
        "pg_num_min",
        "target_size_bytes",
        "target_size_ratio",
        "pg_autoscale_bias",
        "read_lease_interval",
        "dedup_tier",
        "dedup_chunk_algorithm",
        "dedup_cdc_chunk_size",
        "pg_num_max",
    ];

    /// Its name in `ceph osd pool set`, if it is known here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        usize::try_from(self.0).ok().and_then(|number| Self::NAMES.get(number)).copied()
    }

    /// The option of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (0..).zip(Self::NAMES).find(|(_, known)| *known == name).map(|(number, _)| Self(number))
    }
}

/// The value of an option: `pool_opts_t::value_t`.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolOpt {
    /// A text.
    Str(Text),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Double(f64),
}

impl PoolOpt {
    const STR: i32 = 0;
    const INT: i32 = 1;
    const DOUBLE: i32 = 2;

    fn decode(d: &mut Decoder<'_>, wide: bool) -> Result<Self, DecodeError> {
        match i32::decode(d)? {
            Self::STR => Text::decode(d).map(Self::Str),
            Self::INT if wide => i64::decode(d).map(Self::Int),
            Self::INT => i32::decode(d).map(|narrow| Self::Int(narrow.into())),
            Self::DOUBLE => f64::decode(d).map(Self::Double),
            other => Err(DecodeError::Invalid {
                what: "type of a pool option",
                value: i64::from(other).cast_unsigned(),
            }),
        }
    }

    fn encode(&self, e: &mut Encoder, wide: bool) {
        match self {
            Self::Str(text) => {
                Self::STR.encode(e);
                text.encode(e);
            }
            Self::Int(number) => {
                Self::INT.encode(e);
                if wide {
                    number.encode(e);
                } else {
                    // Before Nautilus there were 32 bits, and the upper ones were cut off.
                    e.raw(number.to_le_bytes().first_chunk::<4>().unwrap_or(&[0; 4]));
                }
            }
            Self::Double(number) => {
                Self::DOUBLE.encode(e);
                number.encode(e);
            }
        }
    }
}

/// The options that are set for a pool: `pool_opts_t`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolOpts(pub BTreeMap<PoolOptKey, PoolOpt>);

impl PoolOpts {
    const KNOWN: u8 = 2;

    /// The value of the option of that name, if it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PoolOpt> {
        self.0.get(&PoolOptKey::from_name(name)?)
    }
}

impl Decode for PoolOpts {
    const MIN_SIZE: usize = 10;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("pool_opts_t", Self::KNOWN, |d, v| {
            let mut opts = BTreeMap::new();
            for _ in 0..d.count(12)? {
                let key = PoolOptKey(i32::decode(d)?);
                opts.insert(key, PoolOpt::decode(d, v >= 2)?);
            }
            Ok(Self(opts))
        })
    }
}

impl Encode for PoolOpts {
    fn encode(&self, e: &mut Encoder) {
        let wide = e.features().has(Features::SERVER_NAUTILUS);
        e.versioned(if wide { 2 } else { 1 }, 1, |e| {
            e.count(self.0.len());
            for (key, value) in &self.0 {
                key.0.encode(e);
                value.encode(e, wide);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        let key = PoolOptKey::from_name("pg_autoscale_bias").unwrap();
        assert_eq!((key, key.name()), (PoolOptKey(18), Some("pg_autoscale_bias")));
        assert_eq!(PoolOptKey(24).name(), None);
        assert_eq!(PoolOptKey(-1).name(), None);
    }

    #[test]
    fn before_nautilus_a_number_had_32_bits() {
        let opts = PoolOpts(BTreeMap::from([(PoolOptKey(3), PoolOpt::Int(-5))]));
        let old = Features::PACIFIC.without(Features::SERVER_NAUTILUS);
        let (narrow, wide) = (opts.to_bytes(old), opts.to_bytes(Features::PACIFIC));
        assert_eq!(wide.len() - narrow.len(), 4);
        assert_eq!(PoolOpts::decode_all(&narrow).as_ref(), Ok(&opts));
        assert_eq!(PoolOpts::decode_all(&wide).as_ref(), Ok(&opts));
    }
}
