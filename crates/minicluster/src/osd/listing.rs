//! Listing the objects of a PG.

use alloc::vec::Vec;
use core::ops::Bound;

use loligo_wire::types::{ErrorCode, HObject, ListObject, OpArgs, OpCode, OsdOp, PgId, PgNlsResponse};
use loligo_wire::{BufferList, Decode, Encode, Features};

use crate::bus::PgData;
use crate::split::split_bits;

/// The namespace in a request that stands for all of them (`LIBRADOS_ALL_NSPACES`).
const ALL_NAMESPACES: &[u8] = b"\x01";

/// The most objects that one answer names (`osd_max_pgls`).
const LISTED_AT_ONCE: u64 = 1024;

/// What a listing op of a request gives: its data, and 1 where the PG ends there (`PrimaryLogPG::do_pg_op`).
pub(super) fn list(
    op: &OsdOp,
    namespace: &[u8],
    pg: PgId,
    pg_num: u32,
    data: &PgData,
) -> Result<(OsdOp, i32), ErrorCode> {
    let (OpCode::PGNLS, OpArgs::Pgls { count, .. }) = (op.code, op.args) else {
        return Err(ErrorCode::EOPNOTSUPP);
    };
    let start = HObject::decode_all(&op.data.to_contiguous()).map_err(|_| ErrorCode::EINVAL)?;
    let mut entries = Vec::new();
    let mut handle = None;
    for oid in data.objects.range((Bound::Included(start), Bound::Unbounded)).map(|(oid, _)| oid) {
        if entries.len() as u64 >= count.min(LISTED_AT_ONCE) {
            handle = Some(oid.clone());
            break;
        }
        if namespace == ALL_NAMESPACES || oid.nspace == namespace {
            entries.push(ListObject {
                nspace: oid.nspace.clone(),
                oid: oid.oid.clone(),
                locator: oid.key.clone(),
            });
        }
    }
    let at_end = i32::from(handle.is_none());
    let response = PgNlsResponse { handle: handle.unwrap_or_else(|| end_of(pg, pg_num)), entries };
    let data: BufferList = response.to_bytes(Features::ALL).into();
    Ok((OsdOp { data, ..op.clone() }, at_end))
}

/// What comes behind all objects of a PG, in the order of hashes (`pg_t::get_hobj_end`).
fn end_of(pg: PgId, pg_num: u32) -> HObject {
    let bits = split_bits(pg.seed, pg_num);
    let rest = u32::MAX.checked_shr(bits).unwrap_or(0);
    match (pg.seed.reverse_bits() | rest).checked_add(1) {
        Some(reversed) => HObject::boundary(pg.pool, reversed.reverse_bits()),
        None => HObject::MAX,
    }
}

#[cfg(test)]
mod tests {
    use loligo_wire::PoolId;

    use super::*;

    #[test]
    fn the_ends_of_pgs_follow_one_another_up_to_the_end_of_the_pool() {
        for pg_num in [1, 2, 7, 8, 12, 32] {
            let mut seen = 0;
            let mut at = HObject::boundary(PoolId(1), 0);
            while !at.is_max() {
                // The PG of the hash that the cursor stands at.
                let mask = u32::next_power_of_two(pg_num) - 1;
                let low = at.hash & mask;
                let seed = if low < pg_num { low } else { low & (mask >> 1) };
                let end = end_of(PgId::new(PoolId(1), seed), pg_num);
                assert!(end > at, "{pg_num}: {seed}");
                at = end;
                seen += 1;
            }
            assert_eq!(seen, pg_num);
        }
    }
}
