//! Who may open a connection to an OSD.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;

use loligo_auth::{AuthorizeHandler, ServiceKeys, Verdict};
use loligo_base::{Entropy, Now};
use loligo_msgr_proto::{AuthRequest, AuthStep, ConId};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::EntityType;

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
        let AuthRequest::Check { method, authorizer, .. } = request else { return AuthStep::Refuse };
        let handshake = self.handshakes.entry(con).or_insert_with(|| AuthorizeHandler::new(self.methods));
        match handshake.verify(&self.keys, now.wall, AuthMethod(method), &authorizer, 0, &mut *self.entropy) {
            Ok(Verdict::Challenge(challenge)) => AuthStep::Challenge { challenge },
            Ok(Verdict::Accept(accepted)) => {
                self.handshakes.remove(&con);
                AuthStep::Accept { reply: accepted.reply, session_key: accepted.session_key }
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
