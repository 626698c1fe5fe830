//! Ceph authentication, both sides: none and cephx.
//!
//! The only crate that knows keys. It has no sockets and no clock: payloads go in and come out as bytes, time and
//! entropy are given. Follows `src/auth` of Ceph 16.2 to 20.2 and `doc/dev/cephx_protocol.rst`.
//!
//! | you are | you need |
//! |---|---|
//! | a client of the monitors | [`Keyring`], [`AuthClient`], one [`Login`] per monitor connection |
//! | a client of an OSD | an [`Authorizer`] per connection |
//! | a monitor | [`KeyServer`], one [`LoginHandler`] per connection |
//! | an OSD | [`ServiceKeys`], one [`AuthorizeHandler`] per connection |
//! | either end of a connection to an OSD on msgr v1 | a [`MessageSigner`] of the [`SessionKey`] |
//! | either end of a connection on msgr v2 | the [`SessionKey`] for the transcript, [`FrameCiphers`] of the [`ConnectionSecret`] |
//!
//! # How cephx works
//!
//! 1. The client says who it is. The monitor sends a challenge. The client seals it together with one of its own,
//!    with its key, and sends a digest of that: it has the key.
//! 2. The monitor sends a ticket for itself, and with it a session key, sealed with the client's key. Under that session
//!    key it then tells of tickets for services, each with a session key of its own. A ticket is sealed with a secret
//!    that only the service knows; it says who the client is, what it may do, and the session key.
//! 3. The client shows an OSD its ticket and a nonce sealed with the session key: an authorizer. The OSD challenges it,
//!    so that nobody can replay it; the client seals the answer; the OSD proves that it could read the nonce. Both now
//!    share the session key, and sign their messages with it.
//! 4. Long before a ticket is over, the client asks for a new one.
//!
//! # Example
//!
//! A client logs in at a monitor and is accepted by an OSD, in memory:
//!
//! ```
//! use bytes::Bytes;
//! use loligo_auth::{
//!     AuthClient, AuthorizeHandler, CryptoKey, EntityAuth, KeyServer, KeyServerOptions, LoginHandler, LoginStep,
//!     Verdict,
//! };
//! use loligo_base::{Mono, Now, SeededEntropy, Wall};
//! use loligo_wire::cephx::{AuthMethod, EntityTypes};
//! use loligo_wire::{AuthEntityName, EntityType};
//!
//! let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
//! let entropy = &mut SeededEntropy::new(1); // the system's in a program
//!
//! // A cluster that knows client.admin.
//! let key = CryptoKey::generate(now.wall, entropy);
//! let text = key.to_base64();
//! let mut keys = KeyServer::new(KeyServerOptions::default(), now.wall, entropy);
//! let caps = [("mon", "allow *"), ("osd", "allow *")].map(|(to, what)| (to.into(), Bytes::from(what)));
//! keys.add(AuthEntityName::client("admin"), EntityAuth { key, caps: caps.into() });
//!
//! // client.admin logs in at a monitor.
//! let want = EntityTypes::of(&[EntityType::MON, EntityType::OSD]);
//! let mut client = AuthClient::cephx(AuthEntityName::client("admin"), CryptoKey::from_base64(&text)?, want);
//! let mut monitor = LoginHandler::new(&[AuthMethod::CEPHX]);
//! let (mut login, mut request) = client.login();
//! let logged_in = loop {
//!     let reply = monitor.handle(&mut keys, now.wall, &request, entropy).reply;
//!     match client.handle_reply(&mut login, now, reply, entropy) {
//!         LoginStep::Send(next) => request = next,
//!         LoginStep::Done(logged_in) => break logged_in,
//!         LoginStep::Failed(error) => return Err(error.into()),
//!         LoginStep::Proven(_) | LoginStep::Renewed => unreachable!(),
//!     }
//! };
//! assert!(logged_in.is_new_identity);
//!
//! // It shows itself to an OSD, which challenges it.
//! let osd_keys = keys.service_keys(EntityType::OSD).unwrap();
//! let mut osd = AuthorizeHandler::new(&[AuthMethod::CEPHX]);
//! let mut authorizer = client.build_authorizer(EntityType::OSD, entropy)?;
//! let shown = authorizer.payload();
//! let Verdict::Challenge(challenge) = osd.verify(&osd_keys, now.wall, authorizer.method(), shown, 0, entropy)?
//! else {
//!     unreachable!()
//! };
//! authorizer.add_challenge(&challenge, entropy)?;
//! let shown = authorizer.payload();
//! let Verdict::Accept(accepted) = osd.verify(&osd_keys, now.wall, authorizer.method(), shown, 0, entropy)? else {
//!     unreachable!()
//! };
//! assert_eq!(accepted.name, AuthEntityName::client("admin"));
//! assert_eq!(accepted.global_id, logged_in.global_id);
//! let authorized = authorizer.verify_reply(&accepted.reply)?;
//! assert!(authorized.session_key.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod client;
mod crypto;
mod error;
mod gcm;
mod keyring;
mod onwire;
mod server;
mod session;
mod signature;

pub use client::{
    AuthClient, Authorized, Authorizer, LoggedIn, Login, LoginKeys, LoginReply, LoginRequest, LoginStep,
};
pub use crypto::{Cipher, CryptoKey, Usage};
pub use error::{AuthError, KeyError, Unsealable};
pub use keyring::{Keyring, KeyringEntry, KeyringError, KeyringLineError};
pub use onwire::{FrameCiphers, FrameOpener, FrameSealer, Side};
pub use server::{
    Accepted, AuthorizeHandler, EntityAuth, KeyServer, KeyServerOptions, LoggedInClient, LoginAnswer,
    LoginHandler, ServiceKeys, Verdict,
};
pub use session::{ConnectionSecret, SessionKey};
pub use signature::{MessageSigner, RequireSignatures, SignedParts};
