//! Filters of listings.

use bytes::Bytes;

use crate::types::HObject;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// Which objects `PGLS_FILTER` and `PGNLS_FILTER` list, and from where on: those of which an extended attribute has a value.
///
/// It is the filter `plain` of OSDs. Object classes may have others, which write what they like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// The name of the attribute, which begins with an underscore.
    pub xattr: Bytes,
    /// Its value.
    pub value: Bytes,
    /// Where to start.
    pub start: HObject,
}

/// What once named a class and its method.
const CLASS: &str = "pg";
const METHOD: &str = "filter";
/// The kind of the filter.
const KIND: &str = "plain";

impl Decode for ListFilter {
    const MIN_SIZE: usize = 5 * 4 + HObject::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (_class, _method) = <(Bytes, Bytes)>::decode(d)?;
        let kind = Bytes::decode(d)?;
        if kind != KIND.as_bytes() {
            return Err(DecodeError::Invalid {
                what: "kind of a filter, of length",
                value: kind.len() as u64,
            });
        }
        let (xattr, value) = <(Bytes, Bytes)>::decode(d)?;
        Ok(Self { xattr, value, start: HObject::decode(d)? })
    }
}

impl Encode for ListFilter {
    fn encode(&self, e: &mut Encoder) {
        for name in [CLASS, METHOD, KIND] {
            name.encode(e);
        }
        self.xattr.encode(e);
        self.value.encode(e);
        self.start.encode(e);
    }
}
