//! What a client is told: logins, subscriptions, versions.

use alloc::collections::BTreeMap;
use alloc::string::String;

use bytes::Bytes;
use loligo_auth::{LoggedInClient, LoginHandler, LoginRequest};
use loligo_base::{Now, Wall};
use loligo_msgr_proto::{Accept, AuthStep, ConId};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::EntityAddrVec;
use loligo_wire::message::{
    MAuth, MAuthReply, MConfig, MMonGetVersion, MMonGetVersionReply, MMonMap, MMonSubscribe,
    MMonSubscribeAck, MStatfsReply, SubscribeItem,
};
use loligo_wire::monmap::{MonFeatures, MonInfo, MonMap};
use loligo_wire::types::ErrorCode;
use loligo_wire::{Encode, Epoch, Features, Release, Text, Tid, Uuid};

use super::Mon;

/// The name of the one monitor.
const NAME: &str = "a";

/// The epoch of the map of monitors, which never changes.
const FIRST: Epoch = Epoch(1);

/// What the monitors of a Pacific cluster have agreed to be able to do.
const FEATURES: MonFeatures = MonFeatures(
    MonFeatures::KRAKEN.0
        | MonFeatures::LUMINOUS.0
        | MonFeatures::MIMIC.0
        | MonFeatures::OSDMAP_PRUNE.0
        | MonFeatures::NAUTILUS.0
        | MonFeatures::OCTOPUS.0
        | MonFeatures::PACIFIC.0
        | MonFeatures::PINGING.0,
);

/// The space that the cluster says it has.
const CAPACITY_KB: u64 = 16 << 20;

/// `EACCES`
const EACCES: i32 = 13;
/// `EOPNOTSUPP`
const EOPNOTSUPP: i32 = 95;

/// A client that is connected.
#[derive(Debug)]
pub(super) struct Session {
    login: LoginHandler,
    pub(super) is_authenticated: bool,
    /// What it is told of, and from which version on.
    subscriptions: BTreeMap<String, SubscribeItem>,
}

impl Session {
    pub(super) fn new(methods: &[AuthMethod]) -> Self {
        Self { login: LoginHandler::new(methods), is_authenticated: false, subscriptions: BTreeMap::new() }
    }
}

/// The monitors: this one.
pub(super) fn monmap(fsid: Uuid, addrs: &EntityAddrVec, now: Wall) -> Bytes {
    let mut map = MonMap {
        fsid,
        epoch: FIRST,
        created: now,
        last_changed: now,
        persistent_features: FEATURES,
        min_mon_release: Release::PACIFIC,
        ..MonMap::default()
    };
    map.add(MonInfo::new(NAME, addrs.clone()));
    map.to_bytes(Features::PACIFIC)
}

impl Mon {
    pub(super) fn login(&mut self, now: Now, con: ConId, tid: Tid, message: &MAuth) {
        // The clock on the wall may have jumped over the end of a secret, of which no timer tells.
        if self.keys.next_rotation().is_some_and(|at| at <= now.wall) {
            self.rotate(now);
        }
        let Some(session) = self.sessions.get_mut(&con) else { return };
        let request =
            LoginRequest { method: AuthMethod(message.protocol), payload: message.auth_payload.clone() };
        let answer = session.login.handle(&mut self.keys, now.wall, &request, &mut *self.entropy);
        let is_finished = answer.client.is_some() && !session.is_authenticated;
        session.is_authenticated |= is_finished;
        let reply = MAuthReply {
            protocol: answer.reply.method.0,
            result: ErrorCode(answer.reply.result),
            global_id: answer.reply.global_id,
            result_bl: answer.reply.payload,
            result_msg: Text::default(),
        };
        self.send(con, tid, reply);
        // Nobody asks for it at a login; clients count on it (`AuthMonitor::prep_auth`).
        if is_finished && message.monmap_epoch < FIRST {
            self.send_monmap(con);
        }
    }

    /// A step of a login that is a part of the connection (`Monitor::handle_auth_request`).
    pub(super) fn login_v2(
        &mut self,
        now: Now,
        con: ConId,
        request: &LoginRequest,
        more: bool,
        secret_len: usize,
    ) -> AuthStep {
        if self.keys.next_rotation().is_some_and(|at| at <= now.wall) {
            self.rotate(now);
        }
        let methods = self.methods;
        if !methods.contains(&request.method) {
            return AuthStep::BadMethod { result: -EOPNOTSUPP, allowed: methods.to_vec() };
        }
        let session = self.sessions.entry(con).or_insert_with(|| Session::new(methods));
        let entropy = &mut *self.entropy;
        let answer = if more {
            let answer = session.login.more_v2(&self.keys, now.wall, &request.payload, secret_len, entropy);
            answer.map(|(payload, client)| (payload, Some(client)))
        } else {
            // One that was refused may try otherwise.
            session.login = LoginHandler::new(methods);
            session.login.begin_v2(&mut self.keys, request, entropy)
        };
        match answer {
            Ok((reply, Some(client))) => {
                session.is_authenticated = true;
                let LoggedInClient { session_key, connection_secret, global_id, .. } = client;
                AuthStep::Accept(Accept { reply, session_key, connection_secret, global_id })
            }
            Ok((challenge, None)) => AuthStep::Challenge { challenge },
            Err(_) => AuthStep::BadMethod { result: -EACCES, allowed: methods.to_vec() },
        }
    }

    pub(super) fn send_monmap(&mut self, con: ConId) {
        let monmap = self.monmap.clone();
        self.send(con, Tid(0), MMonMap { monmap });
    }

    pub(super) fn subscribe(&mut self, con: ConId, message: MMonSubscribe) {
        let Some(session) = self.sessions.get_mut(&con) else { return };
        let monmap = message.what.get("monmap").is_some_and(|item| item.start <= u64::from(FIRST.0));
        let config = message.what.contains_key("config");
        session.subscriptions.extend(message.what);
        let fsid = self.fsid;
        self.send(con, Tid(0), MMonSubscribeAck { interval: 300, fsid });
        if monmap {
            self.send_monmap(con);
        }
        if config {
            // No options are kept here; but clients wait until they are told so.
            self.send(con, Tid(0), MConfig::default());
        }
        self.send_subscribed_osdmap(con);
    }

    /// Sends the maps that a client has not seen yet, if it wants to be told of them: all that there are, or where it wants
    /// only one answer, as many as one message carries (`OSDMonitor::send_incremental`).
    pub(super) fn send_subscribed_osdmap(&mut self, con: ConId) {
        let newest = self.maps.epoch();
        loop {
            let Some(session) = self.sessions.get_mut(&con) else { return };
            let Some(item) = session.subscriptions.get_mut("osdmap") else { return };
            if item.start > u64::from(newest.0) {
                return;
            }
            let start = Epoch(u32::try_from(item.start).unwrap_or(u32::MAX));
            let message = self.maps.history().since(start);
            let sent = message.last().unwrap_or(newest);
            if item.onetime {
                session.subscriptions.remove("osdmap");
            } else {
                item.start = u64::from(sent.next().0);
            }
            self.send(con, Tid(0), message);
        }
    }

    pub(super) fn get_version(&mut self, con: ConId, tid: Tid, message: &MMonGetVersion) {
        let (version, oldest_version) = match message.what.as_str() {
            "osdmap" => (self.maps.epoch().0.into(), self.maps.history().oldest().0.into()),
            "monmap" => (1, 1),
            _ => (0, 0),
        };
        let reply = MMonGetVersionReply { handle: message.handle, version, oldest_version };
        self.send(con, tid, reply);
    }

    pub(super) fn statfs(&mut self, con: ConId, tid: Tid) {
        let reply = MStatfsReply {
            fsid: self.fsid,
            version: self.maps.epoch().0.into(),
            kb: CAPACITY_KB,
            kb_avail: CAPACITY_KB,
            ..MStatfsReply::default()
        };
        self.send(con, tid, reply);
    }
}
