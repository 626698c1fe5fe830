//! Messages and timers.

use loligo_base::Now;
use loligo_wire::Tid;
use loligo_wire::message::{MMonCommandAck, MMonSubscribe, SubscribeItem};

use crate::hunt::SHORTEST;
use crate::machine::{Phase, Timer};
use crate::{FromMon, MonClient, MonSession, Output, Reply, ToMon};

impl<T> MonClient<T> {
    /// A message came (`ms_dispatch`). Whoever is called and did not let us in yet is heard about the login and the map of the
    /// monitors, and about nothing else; who is neither ours nor hunted, about nothing.
    pub(crate) fn dispatch(&mut self, now: Now, session: MonSession, tid: Tid, message: FromMon) {
        match message {
            FromMon::AuthReply(reply) => self.handle_auth(now, session, reply),
            FromMon::MonMap(map) => self.handle_monmap(now, session, map),
            _ if !self.is_active(session) => {}
            // Only monitors of before Jewel need to be asked again; ours keep a subscription for the whole session.
            FromMon::SubscribeAck(_) => {}
            FromMon::GetVersionReply(reply) => {
                let versions = Reply::Version { newest: reply.version, oldest: reply.oldest_version };
                self.answer(Tid(reply.handle), versions);
            }
            FromMon::CommandAck(ack) => self.handle_command_ack(tid, ack),
            FromMon::StatfsReply(reply) => self.answer(tid, Reply::StatFs(reply)),
            FromMon::GetPoolStatsReply(reply) => self.answer(tid, Reply::PoolStats(reply)),
            FromMon::Config(config) => self.outputs.push_back(Output::Config(config)),
        }
    }

    fn handle_command_ack(&mut self, tid: Tid, ack: MMonCommandAck) {
        self.answer(tid, Reply::Command { retcode: ack.r, outs: ack.rs, outbl: ack.outbl });
    }

    /// A reply to a request. One that nobody waits for any more, or that answers something else, is dropped.
    fn answer(&mut self, tid: Tid, reply: Reply) {
        if let Some(done) = self.requests.answer(tid, &reply) {
            self.outputs.push_back(Output::Done { done, result: Ok(reply) });
        }
    }

    /// Tells the monitor what is wanted, where there is something new (`_renew_subs`).
    pub(crate) fn send_subs(&mut self, session: MonSession) {
        if !self.subs.have_new() {
            return;
        }
        let item = |(what, want): (_, crate::sub::Want)| {
            (what, SubscribeItem { start: want.start, onetime: want.onetime })
        };
        let what = self.subs.renew().into_iter().map(item).collect();
        let message = ToMon::Subscribe(MMonSubscribe { what, hostname: self.hostname.clone() });
        self.outputs.push_back(Output::Send { session, tid: Tid(0), message });
    }

    /// What is due (`tick`).
    pub(crate) fn timeout(&mut self, now: Now) {
        while let Some((done, error)) = self.requests.expired(now.mono) {
            self.outputs.push_back(Output::Done { done, result: Err(error) });
        }
        while let Some(timer) = self.timers.pop_expired(now.mono) {
            match timer {
                Timer::Hunt => self.hunt_on(now),
                Timer::Ping => self.ping(now),
                Timer::Tickets => self.check_auth_tickets(now),
            }
        }
    }

    pub(crate) fn arm_ping(&mut self, now: Now) {
        self.timers.set(Timer::Ping, now.mono + self.options.mon_client_ping_interval.max(SHORTEST));
    }

    fn ping(&mut self, now: Now) {
        let Phase::Active(session, _) = self.phase else { return };
        self.outputs.push_back(Output::Keepalive { session });
        self.hunt.un_backoff(&self.options);
        self.arm_ping(now);
        // The wall clock may have jumped.
        self.check_auth_tickets(now);
    }
}
