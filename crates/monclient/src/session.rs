//! Calling monitors, losing them, and settling on one.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use loligo_auth::{AuthError, Login, LoginReply, LoginRequest, LoginStep};
use loligo_base::Now;
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{EntityAddr, EntityName};
use loligo_wire::message::{MAuth, MAuthReply};
use loligo_wire::monmap::MonMap;
use loligo_wire::{GlobalId, Tid};
use tracing::{debug, info, warn};

use crate::machine::{Phase, Refusal, Timer};
use crate::monitors::Monitors;
use crate::{MonClient, MonSession, Output, ToMon};

/// One monitor that was called.
#[derive(Debug)]
pub(crate) struct Session {
    /// Where it is.
    pub(crate) addr: EntityAddr,
    /// How far it has come to know us; nothing before the login begins.
    pub(crate) login: Option<Login>,
    /// Messages can go both ways. On messenger v2 the login comes before that, on v1 behind it.
    pub(crate) is_open: bool,
    /// The map that it sent before all was settled.
    pub(crate) monmap: Option<Arc<MonMap>>,
}

impl<T> MonClient<T> {
    /// Drops all sessions and calls a batch of monitors (`_reopen_session`).
    pub(crate) fn reopen_session(&mut self, now: Now) {
        self.close_all();
        self.timers.clear();
        self.refusal = None;
        self.hunt.back_off(&self.options);
        self.phase = Phase::Hunting(BTreeMap::new());
        for rank in self.hunt.next_batch(&self.options, &self.monitors) {
            self.call(rank);
        }
        self.timers.set(Timer::Hunt, now.mono + self.hunt.interval(&self.options));
    }

    /// The session that stood is over: another is looked for, after a while where such sessions do not last.
    fn leave(&mut self, now: Now) {
        if self.hunt.may_call_at_once(&self.options, now.mono) {
            return self.reopen_session(now);
        }
        self.close_all();
        self.timers.clear();
        self.phase = Phase::Hunting(BTreeMap::new());
        self.timers.set(Timer::Hunt, now.mono + self.hunt.interval(&self.options));
    }

    /// Calls one monitor (`_add_conn`).
    fn call(&mut self, rank: usize) {
        let Some(monitor) = self.monitors.list.get(rank) else { return };
        let Some(addr) = monitor.addr(self.options.protocols) else { return };
        let addrs = monitor.addrs.clone();
        debug!(name = %monitor.name, %addr, "calling a monitor");
        // The order of mon_host is not that of the ranks.
        let known = self.monitors.known();
        let name = EntityName::mon(i64::try_from(rank).ok().filter(|_| known).unwrap_or(EntityName::NEW));
        let session = self.new_session();
        if let Phase::Hunting(pending) = &mut self.phase {
            pending.insert(session, Session { addr, login: None, is_open: false, monmap: None });
            self.outputs.push_back(Output::Open { session, name, addrs });
        }
    }

    /// A session is ready for messages: the login begins, where it was not a part of the connection
    /// (`MonConnection::start`).
    pub(crate) fn opened(&mut self, now: Now, session: MonSession) {
        let Phase::Hunting(pending) = &mut self.phase else { return };
        let Some(called) = pending.get_mut(&session).filter(|called| !called.is_open) else { return };
        called.is_open = true;
        if called.login.is_some() {
            return self.opened_after_login(now, session);
        }
        let (login, request) = self.auth.login();
        called.login = Some(login);
        // Its answer is the proof of life that the ping timeout counts from.
        self.outputs.push_back(Output::Keepalive { session });
        self.send_auth(session, request);
    }

    pub(crate) fn send_auth(&mut self, session: MonSession, request: LoginRequest) {
        let message = MAuth {
            protocol: request.method.0,
            auth_payload: request.payload,
            monmap_epoch: self.monitors.epoch,
            ..MAuth::default()
        };
        self.outputs.push_back(Output::Send { session, tid: Tid(0), message: ToMon::Auth(message) });
    }

    /// A session is dead (`ms_handle_reset`).
    pub(crate) fn lost(&mut self, now: Now, session: MonSession) {
        match &mut self.phase {
            // One that was not called yet takes its place. When there is none, the timer begins anew.
            Phase::Hunting(pending) => {
                if pending.remove(&session).is_some()
                    && let Some(rank) = self.hunt.another(&self.options, &self.monitors)
                {
                    self.call(rank);
                }
            }
            Phase::Active(active, _) if *active == session => {
                info!(%session, "the monitor is gone");
                self.phase = Phase::Idle;
                self.leave(now);
            }
            _ => {}
        }
    }

    /// A monitor cannot be spoken with, now or later. Others may be of another kind, so those not called yet are called first.
    pub(crate) fn nothing_in_common(&mut self, now: Now, session: MonSession) {
        let Phase::Hunting(pending) = &self.phase else { return self.lost(now, session) };
        if !pending.contains_key(&session) {
            return;
        }
        // What a monitor said of a login tells more.
        self.refusal.get_or_insert(Refusal::NothingInCommon);
        self.lost(now, session);
        if matches!(&self.phase, Phase::Hunting(pending) if pending.is_empty()) {
            self.all_refused(now);
        }
    }

    /// An answer to a login or to a request for tickets (`handle_auth`).
    pub(crate) fn handle_auth(&mut self, now: Now, session: MonSession, reply: MAuthReply) {
        let login = match &mut self.phase {
            Phase::Hunting(pending) => pending.get_mut(&session).and_then(|called| called.login.as_mut()),
            Phase::Active(active, current) if *active == session => current.login.as_mut(),
            _ => None,
        };
        let Some(login) = login else { return };
        let reply = LoginReply {
            method: AuthMethod(reply.protocol),
            result: reply.result.0,
            global_id: reply.global_id,
            payload: reply.result_bl,
        };
        match self.auth.handle_reply(login, now, reply, &mut *self.entropy) {
            LoginStep::Send(request) => self.send_auth(session, request),
            LoginStep::Done(logged_in) => {
                self.let_in(session, logged_in.global_id);
                self.try_settle(now, session);
            }
            LoginStep::Renewed => self.renewed(now),
            LoginStep::Failed(error) => self.refused(now, session, error),
            LoginStep::Proven(_) => self.refused(now, session, AuthError::Unexpected),
        }
    }

    /// The first monitor that lets us in is ours; the others are not needed any more.
    pub(crate) fn let_in(&mut self, session: MonSession, new: GlobalId) {
        let Phase::Hunting(pending) = &mut self.phase else { return };
        let Some(ours) = pending.remove(&session) else { return };
        let others = core::mem::replace(pending, BTreeMap::from([(session, ours)]));
        self.outputs.extend(others.into_keys().map(|session| Output::Close { session }));
        let old = core::mem::replace(&mut self.known_as, new);
        if old != new && old != GlobalId(0) {
            warn!(%old, %new, "the monitors gave us another global id");
            self.outputs.push_back(Output::IdentityChanged { old, new });
        }
    }

    /// Settles on a monitor when it knows us and told us of the others: before the map is here, the cluster's id is not
    /// known, and no command can be sent.
    pub(crate) fn try_settle(&mut self, now: Now, session: MonSession) {
        let known = self.monitors.known();
        let Phase::Hunting(pending) = &mut self.phase else { return };
        let is_done = |called: &Session| called.is_open && called.login.as_ref().is_some_and(Login::is_done);
        let ready = |called: &Session| is_done(called) && (known || called.monmap.is_some());
        if pending.get(&session).is_some_and(ready)
            && let Some(called) = pending.remove(&session)
        {
            self.settle(now, session, called);
        }
    }

    /// The hunt is over (`_finish_hunting`).
    fn settle(&mut self, now: Now, session: MonSession, mut called: Session) {
        info!(addr = %called.addr, global_id = %self.known_as, "logged in");
        let monmap = called.monmap.take();
        self.phase = Phase::Active(session, Box::new(called));
        self.hunt.un_backoff(&self.options);
        self.hunt.stands(now.mono);
        self.timers.clear();
        self.arm_ping(now);
        if let Some(monmap) = monmap {
            self.handle_monmap(now, session, monmap);
        }
        // The map may have shown that this monitor is not one any more.
        if matches!(&self.phase, Phase::Active(active, _) if *active == session) {
            self.session_stands(now, session);
        }
    }

    /// Everything that waited for a session goes out.
    fn session_stands(&mut self, now: Now, session: MonSession) {
        self.outputs.push_back(Output::LoggedIn { session, global_id: self.known_as });
        self.subs.reload();
        self.send_subs(session);
        for (tid, message) in self.requests.messages(self.monitors.fsid) {
            self.outputs.push_back(Output::Send { session, tid, message });
        }
        self.outputs.push_back(Output::NewTickets);
        self.check_auth_tickets(now);
    }

    /// A monitor does not let us in, or does not renew our tickets.
    pub(crate) fn refused(&mut self, now: Now, session: MonSession, error: AuthError) {
        match &mut self.phase {
            Phase::Hunting(pending) => {
                info!(%session, %error, "a monitor does not let us in");
                pending.remove(&session);
                let others = !pending.is_empty();
                self.outputs.push_back(Output::Close { session });
                self.refusal = Some(Refusal::Login(error));
                if !others {
                    self.all_refused(now);
                }
            }
            // A login anew will tell more.
            Phase::Active(active, _) if *active == session => {
                info!(%session, %error, "the monitor does not renew our tickets");
                self.leave(now);
            }
            _ => {}
        }
    }

    /// The monitors that were called had their time (`tick`).
    pub(crate) fn hunt_on(&mut self, now: Now) {
        if self.refusal.is_some() {
            self.all_refused(now);
        }
        if matches!(self.phase, Phase::Hunting(_)) {
            self.reopen_session(now);
        }
    }

    /// None of the monitors that were called lets us in.
    fn all_refused(&mut self, now: Now) {
        let Some(refusal) = self.refusal.take() else { return };
        if let Refusal::Login(AuthError::ReclaimRefused { global_id, .. }) = refusal {
            warn!(%global_id, "the monitors do not give our global id back; asking for another");
            self.auth.forget_identity();
            self.hunt.forget();
            self.reopen_session(now);
            return;
        }
        self.outputs.push_back(match refusal {
            Refusal::Login(error) => Output::LoginFailed(error),
            Refusal::NothingInCommon => Output::NothingInCommon,
        });
        // Who was let in before may be again; who never was has a wrong key or name.
        if !self.was_connected() {
            self.close_all();
            self.timers.clear();
        }
    }

    /// A map of the monitors came.
    pub(crate) fn handle_monmap(&mut self, now: Now, session: MonSession, map: Arc<MonMap>) {
        let addr = match &mut self.phase {
            Phase::Active(active, current) if *active == session => current.addr,
            Phase::Hunting(pending) => {
                // Only from somebody who proved to be a monitor, and only once that is settled.
                if let Some(called) = pending.get_mut(&session) {
                    called.monmap = Some(map);
                    self.try_settle(now, session);
                }
                return;
            }
            _ => return,
        };
        self.adopt_monmap(now, addr, map);
    }

    /// Takes the map for ours, and leaves a monitor that is not in it (`handle_monmap`).
    fn adopt_monmap(&mut self, now: Now, addr: EntityAddr, map: Arc<MonMap>) {
        let known = self.monitors.known();
        if known && map.fsid != self.monitors.fsid {
            warn!(ours = %self.monitors.fsid, theirs = %map.fsid, "a monitor of another cluster");
            self.leave(now);
            return;
        }
        self.subs.got("monmap", u64::from(map.epoch.0));
        if known && map.epoch <= self.monitors.epoch {
            return;
        }
        self.monitors = Monitors::from_map(&map);
        self.hunt.forget();
        self.outputs.push_back(Output::MonMap(map));
        if self.monitors.rank_at(addr).is_none() {
            info!(%addr, "this monitor is not in the map any more");
            self.leave(now);
        }
    }

    /// Closes every session.
    pub(crate) fn close_all(&mut self) {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Hunting(pending) => {
                self.outputs.extend(pending.into_keys().map(|session| Output::Close { session }));
            }
            Phase::Active(session, _) => self.outputs.push_back(Output::Close { session }),
            Phase::Idle => {}
            Phase::Stopped => self.phase = Phase::Stopped,
        }
    }
}
