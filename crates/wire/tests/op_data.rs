//! What goes with ops and what comes of them, as Ceph's own clients and OSDs said it, read and written again.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

#[path = "common/heard.rs"]
mod heard;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use loligo_wire::message::{MOSDOp, MOSDOpReply, Message, msg_type};
use loligo_wire::op_data::{
    CopySource, NotifyRequest, ObjectStat, OmapGetKeys, OmapGetVals, OmapKeys, OmapVals,
};
use loligo_wire::types::{HObject, ObjListSnapResponse, ObjListWatchResponse, OpCode, OsdOp, PgNlsResponse};
use loligo_wire::{BufferList, Decode, DecodeError, Encode, Features};

use crate::heard::{RELEASES, parse};

type Rewritten = Result<Bytes, DecodeError>;

fn rewrite<T: Decode + Encode>(data: &Bytes) -> Rewritten {
    T::decode_all(data).map(|value| value.to_bytes(Features::PACIFIC))
}

/// How the data of a request are read; none for plain bytes.
fn indata(code: OpCode) -> Option<fn(&Bytes) -> Rewritten> {
    Some(match code {
        OpCode::COPY_FROM => rewrite::<CopySource>,
        OpCode::NOTIFY => rewrite::<NotifyRequest>,
        OpCode::OMAPGETKEYS => rewrite::<OmapGetKeys>,
        OpCode::OMAPGETVALS => rewrite::<OmapGetVals>,
        OpCode::OMAPGETVALSBYKEYS | OpCode::OMAPRMKEYS => rewrite::<BTreeSet<Bytes>>,
        OpCode::OMAPSETVALS => rewrite::<BTreeMap<Bytes, Bytes>>,
        OpCode::PGNLS => rewrite::<HObject>,
        _ => return None,
    })
}

/// How the data of an answer are read.
fn outdata(code: OpCode) -> Option<fn(&Bytes) -> Rewritten> {
    Some(match code {
        OpCode::GETXATTRS | OpCode::OMAPGETVALSBYKEYS => rewrite::<BTreeMap<Bytes, Bytes>>,
        OpCode::LIST_SNAPS => rewrite::<ObjListSnapResponse>,
        OpCode::LIST_WATCHERS => rewrite::<ObjListWatchResponse>,
        OpCode::NOTIFY => rewrite::<u64>,
        OpCode::OMAPGETKEYS => rewrite::<OmapKeys>,
        OpCode::OMAPGETVALS => rewrite::<OmapVals>,
        OpCode::PGNLS => rewrite::<PgNlsResponse>,
        OpCode::STAT => rewrite::<ObjectStat>,
        _ => return None,
    })
}

fn joined(data: &BufferList) -> Bytes {
    data.pieces().iter().flatten().copied().collect()
}

/// All ops that were heard, each with whether it is of an answer.
fn heard() -> Vec<(bool, OsdOp)> {
    let mut ops = Vec::new();
    for line in RELEASES.iter().flat_map(|(_, _, lines)| lines.lines()) {
        let Some((header, payload)) = parse(line) else { continue };
        match header.message_type {
            msg_type::OSD_OP => {
                let request = MOSDOp::decode(&header, payload).unwrap();
                ops.extend(request.ops.into_iter().map(|op| (false, op)));
            }
            msg_type::OSD_OPREPLY => {
                let answer = MOSDOpReply::decode(&header, payload).unwrap();
                ops.extend(answer.ops.into_iter().map(|done| (true, done.op)));
            }
            _ => {}
        }
    }
    ops
}

#[test]
fn data_of_ops_that_were_heard_are_written_as_they_were() {
    let mut kinds = BTreeSet::new();
    for (is_answer, op) in heard() {
        let data = joined(&op.data);
        let how = if is_answer { outdata(op.code) } else { indata(op.code) };
        if let Some(rewrite) = how.filter(|_| !data.is_empty()) {
            assert_eq!(rewrite(&data), Ok(data), "{}, answer: {is_answer}", op.code);
            kinds.insert((op.code, is_answer));
        }
    }
    assert!(kinds.len() >= 14, "{kinds:?}");
}

/// The request of that code that was heard, which is made again.
fn is_made_again(made: &OsdOp) {
    let heard = heard();
    let (_, op) = heard.iter().find(|(is_answer, op)| !is_answer && op.code == made.code).unwrap();
    assert_eq!((op.args, joined(&op.data)), (made.args, joined(&made.data)), "{}", made.code);
}

#[test]
fn ops_are_made_as_rados_makes_them() {
    let heard = heard();
    let of = |code| heard.iter().find(|(is_answer, op)| !is_answer && op.code == code).map(|(_, op)| op);
    let data = |code| of(code).map(|op| joined(&op.data)).unwrap();
    fn read<T: Decode>(data: &Bytes) -> T {
        T::decode_all(data).unwrap()
    }
    is_made_again(&OsdOp::omap_get_keys(&read(&data(OpCode::OMAPGETKEYS))));
    is_made_again(&OsdOp::omap_get_vals(&read(&data(OpCode::OMAPGETVALS))));
    is_made_again(&OsdOp::omap_get_vals_by_keys(&read(&data(OpCode::OMAPGETVALSBYKEYS))));
    is_made_again(&OsdOp::omap_set_vals(&read(&data(OpCode::OMAPSETVALS))));
    is_made_again(&OsdOp::omap_rm_keys(&read(&data(OpCode::OMAPRMKEYS))));
    is_made_again(&OsdOp::omap_set_header(data(OpCode::OMAPSETHEADER).into()));
    let copy = of(OpCode::COPY_FROM).unwrap();
    is_made_again(&OsdOp::copy_from(copy.args, &read(&joined(&copy.data))));
}
