//! Logins. Of a secret only its length is told.

use alloc::format;

use super::maps::key_type_name;
use super::{Dump, Formatter, Stamp};
use crate::cephx::{
    AuthCapsInfo, AuthTicket, CephXAuthenticate, CephXAuthorize, CephXAuthorizeChallenge,
    CephXAuthorizeReply, CephXChallengeBlob, CephXRequestHeader, CephXResponseHeader, CephXServerChallenge,
    CephXServiceTicket, CephXServiceTicketInfo, CephXServiceTicketRequest, CephXTicketBlob, CryptoKey,
    ExpiringCryptoKey, RotatingSecrets,
};

impl Dump for CryptoKey {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("type", self.key_type.0);
        f.dump_string("type_str", key_type_name(self.key_type.0.into()));
        f.dump_stream("created", Stamp(self.created));
        f.dump_unsigned("secret.length", self.secret.len() as u64);
    }
}

impl Dump for ExpiringCryptoKey {
    fn dump(&self, f: &mut Formatter) {
        f.dump_object("key", &self.key);
        f.dump_stream("expiration", Stamp(self.expiration));
    }
}

impl Dump for RotatingSecrets {
    fn dump(&self, f: &mut Formatter) {
        f.array("secrets", |f| {
            for (id, key) in &self.secrets {
                f.object("entry", |f| {
                    f.dump_unsigned("key", *id);
                    f.dump_object("val", key);
                });
            }
        });
    }
}

impl Dump for AuthCapsInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_bool("allow_all", self.allow_all);
        f.dump_string("caps", &self.caps);
        f.dump_unsigned("caps_len", self.caps.len() as u64);
    }
}

impl Dump for AuthTicket {
    fn dump(&self, f: &mut Formatter) {
        f.dump_object("name", &self.name);
        f.dump_unsigned("global_id", self.global_id.0);
        f.dump_stream("created", Stamp(self.created));
        f.dump_stream("expires", Stamp(self.expires));
        f.dump_object("caps", &self.caps);
        f.dump_unsigned("flags", self.flags);
    }
}

impl Dump for CephXTicketBlob {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("secret_id", self.secret_id);
        f.dump_unsigned("blob_len", self.blob.len() as u64);
    }
}

impl Dump for CephXServerChallenge {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("server_challenge", self.server_challenge);
    }
}

impl Dump for CephXChallengeBlob {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("server_challenge", self.server_challenge);
        f.dump_unsigned("client_challenge", self.client_challenge);
    }
}

impl Dump for CephXRequestHeader {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("request_type", self.request_type.0);
    }
}

impl Dump for CephXResponseHeader {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("request_type", self.request_type.0);
        f.dump_int("status", self.status);
    }
}

impl Dump for CephXAuthenticate {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("client_challenge", self.client_challenge);
        f.dump_unsigned("key", self.key);
        f.dump_object("old_ticket", &self.old_ticket);
        f.dump_unsigned("other_keys", self.other_keys.0);
    }
}

impl Dump for CephXServiceTicketRequest {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("keys", self.keys.0);
    }
}

impl Dump for CephXServiceTicket {
    fn dump(&self, f: &mut Formatter) {
        self.session_key.dump(f);
        self.validity.dump(f);
    }
}

impl Dump for CephXServiceTicketInfo {
    fn dump(&self, f: &mut Formatter) {
        self.ticket.dump(f);
        self.session_key.dump(f);
    }
}

impl Dump for CephXAuthorize {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("nonce", self.nonce);
        f.dump_unsigned("have_challenge", u64::from(self.have_challenge));
        f.dump_unsigned("server_challenge_plus_one", self.server_challenge_plus_one);
    }
}

impl Dump for CephXAuthorizeChallenge {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("server_challenge", self.server_challenge);
    }
}

impl Dump for CephXAuthorizeReply {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("nonce_plus_one", self.nonce_plus_one);
        f.dump_string("connection_secret", format!("({} bytes)", self.connection_secret.len()));
    }
}
