//! What frames of one segment have in common.

use bytes::Bytes;

use super::Tag;
use crate::{Decode, DecodeError, Decoder, Encode, Features};

/// What a peer must have to be spoken to in v2 at all: the vectors of addresses (`msgr2_required`).
pub const REQUIRED_FEATURES: Features = Features::MSG_ADDR2;

/// The features that the frames themselves are encoded with, whatever the peer's are (`msgr2_frame_assumed`).
pub const FRAME_FEATURES: Features = Features(Features::MSG_ADDR2.0 | Features::SERVER_NAUTILUS.0);

/// The one segment of a frame that is not a message (`ControlFrame`).
pub trait ControlFrame: Encode + Decode {
    /// What the frame is.
    const TAG: Tag;

    /// The segment.
    fn to_segment(&self) -> Bytes {
        self.to_bytes(FRAME_FEATURES)
    }

    /// Reads the segment. A newer peer may say more: what is left over does not matter.
    ///
    /// # Errors
    ///
    /// When it is not one.
    fn from_segment(segment: &Bytes) -> Result<Self, DecodeError> {
        Self::decode(&mut Decoder::of(segment))
    }
}

/// A struct whose fields stand one behind the other, with what makes a [`ControlFrame`] of it.
macro_rules! control_frame {
    ($(#[$doc:meta])* $name:ident = $tag:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::Decode for $name {
            const MIN_SIZE: usize = 0;

            #[allow(unused_variables, reason = "one of them has no fields")]
            fn decode(d: &mut $crate::Decoder<'_>) -> Result<Self, $crate::DecodeError> {
                Ok(Self { $($field: $crate::Decode::decode(d)?,)* })
            }
        }

        impl $crate::Encode for $name {
            #[allow(unused_variables, reason = "one of them has no fields")]
            fn encode(&self, e: &mut $crate::Encoder) {
                $($crate::Encode::encode(&self.$field, e);)*
            }
        }

        impl $crate::msgr2::ControlFrame for $name {
            const TAG: $crate::msgr2::Tag = $crate::msgr2::Tag::$tag;
        }
    };
}
pub(super) use control_frame;
