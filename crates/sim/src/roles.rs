//! The endpoints of the world, and what is watched on their way in.

use loligo_client::{Call, Client, ClientMsg, Done};
use loligo_minicluster::{BusMessage, Mon, MonCall, MonMsg, Osd, OsdCall, OsdMsg};
use loligo_msgr_proto::{Input, NetEvent};
use loligo_wire::OsdId;
use loligo_wire::message::MOSDOp;
use loligo_wire::msgr1::MessageHeader;

use crate::Canary;
use crate::host::Role;
use crate::ids::HostId;
use crate::shared::{Core, Request, Told};

impl Role for Mon {
    fn told(_host: HostId, done: BusMessage) -> Told {
        Told::Bus(done)
    }

    fn watch(host: HostId, input: &mut Input<MonMsg, MonCall>, core: &mut Core) -> bool {
        if let Input::Net(NetEvent::Message { con, msg: MonMsg::Subscribe(wanted), .. }) = input {
            let now = core.now;
            core.trace.say(now, format_args!("  {host} {con} subscribes {:?}", wanted.what));
        }
        true
    }
}

impl Role for Osd {
    fn told(_host: HostId, done: BusMessage) -> Told {
        Told::Bus(done)
    }

    fn watch(host: HostId, input: &mut Input<OsdMsg, OsdCall>, core: &mut Core) -> bool {
        let Input::Net(NetEvent::Message { header, msg: OsdMsg::Op(op), .. }) = input else { return true };
        if core.canary == Some(Canary::NewReqidOnResend) && op.retry_attempt > 0 {
            op.reqid.inc += op.retry_attempt;
        }
        if let HostId::Osd(osd) = host {
            let request = seen(OsdId(osd.into()), header, op);
            let now = core.now;
            core.trace.say(now, format_args!("  {host} {request}"));
            core.told.push_back(Told::Request(request));
        }
        // One in fifty is lost between the messenger and the OSD: nobody would ever ask again.
        !(core.canary == Some(Canary::LoseRequest) && core.prng.chance(1, 50))
    }
}

fn seen(osd: OsdId, header: &MessageHeader, op: &MOSDOp) -> Request {
    Request {
        osd,
        epoch: op.osdmap_epoch,
        pgid: op.pgid,
        hobj: op.hobj.clone(),
        reqid: op.reqid_from(header),
        attempt: op.retry_attempt,
    }
}

impl Role for Client<u64> {
    fn told(host: HostId, done: Done<u64>) -> Told {
        match host {
            HostId::Client(n) => Told::Client(n, done),
            HostId::Mon | HostId::Osd(_) => Told::Wrong("a daemon answers as a client".into()),
        }
    }

    fn watch(host: HostId, input: &mut Input<ClientMsg, Call<u64>>, core: &mut Core) -> bool {
        let Input::Net(NetEvent::Message { con, header, msg }) = input else { return true };
        let now = core.now;
        core.trace.say(now, format_args!("  {host} {con} message of type {}", header.message_type));
        let ClientMsg::OsdOpReply(reply) = msg else { return true };
        if core.canary == Some(Canary::StaleRead) && core.prng.chance(1, 10) {
            for done in &mut reply.ops {
                if !done.op.data.is_empty() {
                    done.op.data = bytes::Bytes::new().into();
                }
            }
        }
        true
    }
}
