//! The machine as its owner sees it.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use loligo_auth::{AuthClient, AuthError};
use loligo_base::{Entropy, Mono, Now, Prng, Timers};
use loligo_wire::entity::EntityAddrVec;
use loligo_wire::{Epoch, GlobalId, Tid, Uuid};

use crate::hunt::Hunt;
use crate::monitors::Monitors;
use crate::request::Requests;
use crate::session::Session;
use crate::sub::{MonSub, Want};
use crate::{Input, MonSession, Options, Output, Request, RequestError};

/// The session with the monitors of a cluster: `MonClient`.
///
/// It finds a monitor that answers, logs in, keeps the session and the tickets alive, and finds another monitor when the
/// session dies. Subscriptions and requests outlive sessions: they are sent again to each new monitor.
///
/// # The contract
///
/// [`handle`](Self::handle) and the other methods take an input each; after one, [`poll`](Self::poll) is called until it
/// gives `None`, and each output is carried out in that order. [`next_timeout`](Self::next_timeout) says when to come
/// back with [`Input::Timeout`]. It does no I/O, and the same inputs give the same outputs. `T` is what the owner of a
/// request gives along, and gets back with its end.
///
/// It does not give up by itself while monitors are silent: how long a login may take is for the caller to say. Only a
/// refusal ends the first hunt ([`Output::LoginFailed`], [`Output::NothingInCommon`]).
pub struct MonClient<T> {
    pub(crate) options: Options,
    pub(crate) monitors: Monitors,
    pub(crate) auth: AuthClient,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) phase: Phase,
    /// Why a monitor of this hunt did not let us in.
    pub(crate) refusal: Option<Refusal>,
    /// The number that those above us know; 0 before the first login. It outlives that the monitors do not give it back.
    pub(crate) known_as: GlobalId,
    pub(crate) hunt: Hunt,
    pub(crate) subs: MonSub,
    /// Our name for the monitor's list of sessions.
    pub(crate) hostname: String,
    pub(crate) requests: Requests<T>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) outputs: VecDeque<Output<T>>,
    last_session: u64,
}

/// Where the session stands.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Nobody is called: not started, or refused before the first login.
    Idle,
    /// Waits for one of these monitors to let us in, or for the timer to try others.
    Hunting(BTreeMap<MonSession, Session>),
    /// A monitor knows us.
    Active(MonSession, Box<Session>),
    /// Shut down.
    Stopped,
}

/// Why a monitor does not let us in.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// It has nothing in common with us.
    NothingInCommon,
    /// It says so, or it did not prove itself.
    Login(AuthError),
}

/// What there is to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The monitors that were called had their time.
    Hunt,
    /// The monitor is asked for a sign of life.
    Ping,
    /// Tickets are to be renewed.
    Tickets,
}

impl<T> MonClient<T> {
    /// A client that calls nobody yet.
    ///
    /// `mon_host` is a list of monitors, each with all its addresses. `auth` says who we are and which tickets we want. `prng`
    /// draws the order in which monitors are called, `entropy` what nobody may guess.
    #[must_use]
    pub fn new(
        options: Options,
        mon_host: Vec<EntityAddrVec>,
        auth: AuthClient,
        prng: Prng,
        entropy: Box<dyn Entropy>,
    ) -> Self {
        let hunt = Hunt::new(&options, prng);
        Self {
            options,
            monitors: Monitors::from_addrs(mon_host),
            auth,
            entropy,
            phase: Phase::Idle,
            refusal: None,
            known_as: GlobalId(0),
            hunt,
            subs: MonSub::default(),
            hostname: String::new(),
            requests: Requests::new(),
            timers: Timers::new(),
            outputs: VecDeque::new(),
            last_session: 0,
        }
    }

    /// Sets the host name that the monitors list for this client.
    pub fn set_hostname(&mut self, hostname: impl Into<String>) {
        self.hostname = hostname.into();
    }

    /// Begins to call monitors; does nothing where it has begun, or was shut down (`authenticate`).
    pub fn start(&mut self, now: Now) {
        if matches!(self.phase, Phase::Idle) {
            let start = if self.monitors.known() { u64::from(self.monitors.epoch.next().0) } else { 0 };
            self.subs.want("monmap", Want { start, onetime: false });
            self.subs.want("config", Want { start: 0, onetime: false });
            self.reopen_session(now);
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Opened { session } => self.opened(now, session),
            Input::Lost { session } => self.lost(now, session),
            Input::NothingInCommon { session } => self.nothing_in_common(now, session),
            Input::Message { session, tid, message } => self.dispatch(now, session, tid, message),
            Input::Timeout => self.timeout(now),
        }
    }

    /// Gives the next output, until there is none.
    pub fn poll(&mut self) -> Option<Output<T>> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due, if ever.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Mono> {
        [self.timers.next(), self.requests.next_timeout()].into_iter().flatten().min()
    }

    /// Ends all requests with [`RequestError::Shutdown`] and closes what is open. Nothing happens after that.
    pub fn shutdown(&mut self) {
        self.close_all();
        self.phase = Phase::Stopped;
        self.timers.clear();
        while let Some((done, error)) = self.requests.shut_down() {
            self.outputs.push_back(Output::Done { done, result: Err(error) });
        }
    }

    /// Asks a monitor something; the answer is an [`Output::Done`] with `done`. Without a deadline it waits as long as it
    /// takes.
    pub fn submit(&mut self, request: Request, deadline: Option<Mono>, done: T) -> Tid {
        let tid = self.requests.insert(request, deadline, done);
        if matches!(self.phase, Phase::Stopped) {
            self.end_request(tid, RequestError::Shutdown { sent: false });
        } else if let Phase::Active(session, _) = self.phase
            && let Some(message) = self.requests.message(tid, self.monitors.fsid)
        {
            self.outputs.push_back(Output::Send { session, tid, message });
        }
        tid
    }

    /// Ends a request with [`RequestError::Cancelled`], if it has not ended. A command may be carried out all the same.
    pub fn cancel(&mut self, tid: Tid) {
        self.end_request(tid, RequestError::Cancelled { sent: false });
    }

    pub(crate) fn end_request(&mut self, tid: Tid, error: RequestError) {
        if let Some((done, error)) = self.requests.fail(tid, error) {
            self.outputs.push_back(Output::Done { done, result: Err(error) });
        }
    }

    /// Wants to be told of `what` from version `start`, once or for ever. The monitor hears of it with the next
    /// [`Self::renew_subs`]. False where that is so already.
    pub fn sub_want(&mut self, what: &str, start: u64, onetime: bool) -> bool {
        self.subs.want(what, Want { start, onetime })
    }

    /// As [`Self::sub_want`], but never goes back to an earlier version.
    pub fn sub_want_increment(&mut self, what: &str, start: u64, onetime: bool) -> bool {
        self.subs.inc_want(what, Want { start, onetime })
    }

    /// Does not want to be told of `what` any more.
    pub fn sub_unwant(&mut self, what: &str) {
        self.subs.unwant(what);
    }

    /// Version `have` of `what` came, from whomever.
    pub fn sub_got(&mut self, what: &str, have: u64) {
        self.subs.got(what, have);
    }

    /// Tells the monitor what is wanted, where there is something new.
    pub fn renew_subs(&mut self) {
        if let Phase::Active(session, _) = self.phase {
            self.send_subs(session);
        }
    }

    /// The cluster's id; nil before the first map of the monitors.
    #[must_use]
    pub const fn fsid(&self) -> Uuid {
        self.monitors.fsid
    }

    /// The version of the map of the monitors; 0 before the first.
    #[must_use]
    pub const fn monmap_epoch(&self) -> Epoch {
        self.monitors.epoch
    }

    /// The number that the monitors gave us; 0 before the first login.
    #[must_use]
    pub const fn global_id(&self) -> GlobalId {
        self.known_as
    }

    /// Whether a monitor knows us.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Active(..))
    }

    /// Whether that is the session with the monitor that knows us.
    #[must_use]
    pub fn is_active(&self, session: MonSession) -> bool {
        matches!(self.phase, Phase::Active(active, _) if active == session)
    }

    /// Whether a monitor ever knew us.
    #[must_use]
    pub const fn was_connected(&self) -> bool {
        self.known_as.0 != 0
    }

    pub(crate) fn new_session(&mut self) -> MonSession {
        self.last_session += 1;
        MonSession(self.last_session)
    }
}
