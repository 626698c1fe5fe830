//! What the two machines want done.

use alloc::boxed::Box;

use loligo_monclient::{self as mon, Reply, Request, RequestError};
use loligo_msgr_proto::{NetCommand, Output, Posted};
use loligo_objecter as osd;
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};
use loligo_wire::message::MPing;
use loligo_wire::{Epoch, GlobalId};

use crate::client::{Asked, Life};
use crate::msg::{SharedOp, to_mon};
use crate::{Client, ConnectError, Done, Outcome};

/// The name of the maps among the subscriptions and versions of the monitors.
const OSDMAP: &str = "osdmap";

impl<C> Client<C> {
    /// Carries out one output of the machines; false when there is none.
    pub(crate) fn carry_out(&mut self) -> bool {
        if let Some(output) = self.objecter.poll() {
            self.do_for_objecter(output);
        } else if let Some(output) = self.mon.poll() {
            self.do_for_mon(output);
        } else {
            return false;
        }
        true
    }

    pub(crate) fn carry_out_all(&mut self) {
        while self.carry_out() {}
    }

    fn command(&mut self, command: NetCommand) {
        self.outputs.push_back(Output::Net(command));
    }

    fn do_for_mon(&mut self, output: mon::Output<Asked<C>>) {
        match output {
            mon::Output::Open { session, addrs, .. } => {
                let addr = self.options.mon.protocols.pick(&addrs).unwrap_or(EntityAddr::NONE);
                let con = self.links.open_mon(session, addr);
                self.command(NetCommand::Connect { con, peer: EntityType::MON, addrs });
            }
            mon::Output::Close { session } => {
                if let Some(con) = self.links.mon(session) {
                    self.links.remove(con);
                    self.command(NetCommand::MarkDown { con });
                }
            }
            mon::Output::Send { session, tid, message } => {
                if let Some(con) = self.links.mon(session) {
                    self.command(NetCommand::Send { con, msg: to_mon(tid, message) });
                }
            }
            mon::Output::Keepalive { session } => {
                if let Some(con) = self.links.mon(session) {
                    self.command(NetCommand::SendKeepalive { con });
                }
            }
            mon::Output::LoggedIn { global_id, .. } => {
                self.take_name(global_id);
                self.check_connected();
            }
            mon::Output::IdentityChanged { old, new } => {
                self.outputs.push_back(Output::Done(Done::IdentityChanged { old, new }));
            }
            mon::Output::LoginFailed(error) => self.login_failed(error),
            mon::Output::NothingInCommon => self.nothing_in_common(),
            mon::Output::NewTickets => self.new_tickets(),
            mon::Output::MonMap(_) => {}
            mon::Output::Config(config) => {
                let config = config.config.into_iter().collect();
                self.outputs.push_back(Output::Done(Done::Config(config)));
            }
            mon::Output::Done { done, result } => self.answered(done, result),
        }
    }

    /// The name that messages go under is that of the first login (`RadosClient::connect`), also where the monitors give us
    /// another number later: an OSD makes the name of a request (`get_reqid`) of it, and must know one that is sent again.
    fn take_name(&mut self, global_id: GlobalId) {
        if !self.named {
            self.named = true;
            let num = i64::try_from(global_id.0).unwrap_or(EntityName::NEW);
            self.command(NetCommand::SetMyName { name: EntityName::client(num) });
        }
    }

    fn login_failed(&mut self, error: loligo_auth::AuthError) {
        if self.mon.was_connected() {
            self.outputs.push_back(Output::Done(Done::Refused(error)));
            return;
        }
        self.hunt_is_over(&ConnectError::Refused { name: self.name.clone(), error });
    }

    fn nothing_in_common(&mut self) {
        let why = ConnectError::NothingInCommon { tried: self.tried() };
        if self.mon.was_connected() {
            tracing::warn!(%why, "the hunt goes on");
        } else {
            self.hunt_is_over(&why);
        }
    }

    /// Another start may try again.
    fn hunt_is_over(&mut self, why: &ConnectError) {
        if self.life == Life::Started {
            self.life = Life::New;
        }
        self.not_connected(why);
    }

    /// A monitor answered, or will not.
    fn answered(&mut self, asked: Asked<C>, result: Result<Reply, RequestError>) {
        let newest = match &result {
            Ok(Reply::Version { newest, .. }) => Epoch(u32::try_from(*newest).unwrap_or(u32::MAX)),
            _ => Epoch(0),
        };
        match asked {
            Asked::Call(tagged) => {
                self.under_way.remove(tagged.id);
                self.tell(tagged.done, Outcome::Mon(result));
            }
            Asked::LatestMap(number) => match result {
                Ok(_) => self.latest_map_is(number, newest),
                Err(error) => self.end_wait(number, error),
            },
            Asked::MapCheck(check) => {
                if result.is_ok() {
                    self.objecter.handle(self.now, osd::Input::LatestMap { check, newest });
                }
            }
        }
    }

    fn do_for_objecter(&mut self, output: osd::Output<crate::client::Tagged<C>>) {
        match output {
            osd::Output::Send { session, tid, message } => {
                if let Some(con) = self.links.osd(session) {
                    self.command(NetCommand::Send { con, msg: Box::new(SharedOp { tid, message }) });
                }
            }
            osd::Output::Complete(token, outcome) => {
                self.under_way.remove(token.id);
                self.tell(token.done, Outcome::Op(outcome));
            }
            osd::Output::OpenSession { session, addrs } => {
                let con = self.links.open_osd(session);
                self.command(NetCommand::Connect { con, peer: EntityType::OSD, addrs });
            }
            osd::Output::CloseSession(session) => {
                if let Some(con) = self.links.osd(session) {
                    self.links.remove(con);
                    self.command(NetCommand::MarkDown { con });
                }
            }
            osd::Output::SendBackoffAck { session, ack } => {
                if let Some(con) = self.links.osd(session) {
                    let msg = Box::new(Posted { tid: loligo_wire::Tid(0), message: *ack });
                    self.command(NetCommand::Send { con, msg });
                }
            }
            osd::Output::Ping(session) => {
                if let Some(con) = self.links.osd(session) {
                    let msg = Box::new(Posted { tid: loligo_wire::Tid(0), message: MPing });
                    self.command(NetCommand::Send { con, msg });
                }
            }
            osd::Output::WantMap(want) => {
                if self.mon.sub_want(OSDMAP, u64::from(want.start.0), !want.continuous) {
                    self.mon.renew_subs();
                }
            }
            osd::Output::GotMap(epoch) => {
                self.mon.sub_got(OSDMAP, u64::from(epoch.0));
                self.map_came(epoch);
            }
            osd::Output::GetVersion { check } => {
                self.mon.submit(Request::GetVersion { what: OSDMAP.into() }, None, Asked::MapCheck(check));
            }
        }
    }
}
