//! What names a request for good.

use core::fmt;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityName, Tid};

/// The name under which OSDs remember a request, so that a replay is not executed again: `osd_reqid_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReqId {
    /// Who asked.
    pub name: EntityName,
    /// Which incarnation of it.
    pub inc: i32,
    /// The number of the request.
    pub tid: Tid,
}

/// `client.4155.0:12`.
impl fmt::Display for ReqId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}:{}", self.name, self.inc, self.tid)
    }
}

impl Decode for ReqId {
    const MIN_SIZE: usize = 6 + EntityName::MIN_SIZE + 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("osd_reqid_t", 2, |d, _| {
            let name = EntityName::decode(d)?;
            let tid = Tid::decode(d)?;
            Ok(Self { name, inc: i32::decode(d)?, tid })
        })
    }
}

impl Encode for ReqId {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(2, 2, |e| {
            self.name.encode(e);
            self.tid.encode(e);
            self.inc.encode(e);
        });
    }
}
