//! Who may open a connection to an OSD.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;

use loligo_auth::{AuthorizeHandler, ServiceKeys, Verdict};
use loligo_base::{Entropy, Now};
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, ConId};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::EntityType;

/// `EOPNOTSUPP`
const EOPNOTSUPP: i32 = 95;

/// The OSD's side of authentication: tickets that clients show are opened with keys that the monitor gave.
pub(super) struct OsdAuth {
    methods: &'static [AuthMethod],
    keys: Arc<ServiceKeys>,
    handshakes: BTreeMap<ConId, AuthorizeHandler>,
    entropy: Box<dyn Entropy>,
}

impl OsdAuth {
    pub(super) fn new(methods: &'static [AuthMethod], entropy: Box<dyn Entropy>) -> Self {
        let keys = Arc::new(ServiceKeys::empty(EntityType::OSD));
        Self { methods, keys, handshakes: BTreeMap::new(), entropy }
    }

    pub(super) fn set_keys(&mut self, keys: Arc<ServiceKeys>) {
        self.keys = keys;
    }

    /// Nobody is connected any more.
    pub(super) fn forget_all(&mut self) {
        self.handshakes.clear();
    }

    pub(super) fn forget(&mut self, con: ConId) {
        self.handshakes.remove(&con);
    }

    pub(super) fn step(&mut self, now: Now, con: ConId, request: AuthRequest) -> AuthStep {
        // An OSD of the small cluster calls nobody: the only question is who calls it.
        let (method, authorizer, secret_len) = match request {
            AuthRequest::Check { method, authorizer, .. } => (AuthMethod(method), authorizer, 0),
            AuthRequest::CheckV2 { method, payload, connection_secret_len, .. } => {
                (method, payload, connection_secret_len)
            }
            _ => return AuthStep::Refuse,
        };
        if !self.methods.contains(&method) {
            return AuthStep::BadMethod { result: -EOPNOTSUPP, allowed: self.methods.to_vec() };
        }
        let handshake = self.handshakes.entry(con).or_insert_with(|| AuthorizeHandler::new(self.methods));
        let entropy = &mut *self.entropy;
        match handshake.verify(&self.keys, now.wall, method, &authorizer, secret_len, entropy) {
            Ok(Verdict::Challenge(challenge)) => AuthStep::Challenge { challenge },
            Ok(Verdict::Accept(accepted)) => {
                self.handshakes.remove(&con);
                AuthStep::Accept(Accept {
                    reply: accepted.reply,
                    session_key: accepted.session_key,
                    connection_secret: accepted.connection_secret,
                    global_id: accepted.global_id,
                })
            }
            Err(_) => AuthStep::Refuse,
        }
    }
}

impl fmt::Debug for OsdAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OsdAuth").field("methods", &self.methods).finish_non_exhaustive()
    }
}
