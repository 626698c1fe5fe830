//! Frames that open a session, and those beside messages.

use alloc::vec::Vec;

use loligo_base::Wall;

use super::CompressionAlgorithm;
use super::control::control_frame;
use crate::{EntityAddr, EntityAddrVec, Features};

control_frame! {
    /// A client wants a new session.
    ClientIdentFrame = CLIENT_IDENT {
        /// The client's addresses.
        addrs: EntityAddrVec,
        /// The address that it called.
        target_addr: EntityAddr,
        /// Its number.
        gid: i64,
        /// Counts the connections that the client opened.
        global_seq: u64,
        /// Its features.
        supported_features: Features,
        /// The features that the server must have.
        required_features: Features,
        /// `CEPH_MSG_CONNECT_LOSSY`
        flags: u64,
        /// The client's name for the session; 0 where it is lossy.
        cookie: u64,
    }
}

control_frame! {
    /// The session is open.
    ServerIdentFrame = SERVER_IDENT {
        /// The server's addresses.
        addrs: EntityAddrVec,
        /// Its number.
        gid: i64,
        /// Counts the connections of the server.
        global_seq: u64,
        /// Its features.
        supported_features: Features,
        /// The features that the client must have.
        required_features: Features,
        /// `CEPH_MSG_CONNECT_LOSSY`: the server decides.
        flags: u64,
        /// The server's name for the session; 0 where it is lossy.
        cookie: u64,
    }
}

control_frame! {
    /// The client lacks features.
    IdentMissingFeaturesFrame = IDENT_MISSING_FEATURES {
        /// Which.
        features: Features,
    }
}

control_frame! {
    /// A client wants to go on with a session.
    ReconnectFrame = SESSION_RECONNECT {
        /// The client's addresses.
        addrs: EntityAddrVec,
        /// The client's name for the session.
        client_cookie: u64,
        /// The server's name for it.
        server_cookie: u64,
        /// Counts the connections that the client opened.
        global_seq: u64,
        /// Counts the connections of this session.
        connect_seq: u64,
        /// The number of the last message received.
        msg_seq: u64,
    }
}

control_frame! {
    /// There is no such session any more.
    ResetFrame = SESSION_RESET {
        /// What was received is forgotten too.
        full: bool,
    }
}

control_frame! {
    /// Another connection of the session was newer.
    RetryFrame = SESSION_RETRY {
        /// Its number.
        connect_seq: u64,
    }
}

control_frame! {
    /// Another connection of the client was newer.
    RetryGlobalFrame = SESSION_RETRY_GLOBAL {
        /// Its number.
        global_seq: u64,
    }
}

control_frame! {
    /// The session goes on.
    ReconnectOkFrame = SESSION_RECONNECT_OK {
        /// The number of the last message received.
        msg_seq: u64,
    }
}

control_frame! {
    /// The server calls itself, and its call wins.
    WaitFrame = WAIT {}
}

control_frame! {
    /// A sign of life is wanted.
    KeepAliveFrame = KEEPALIVE2 {
        /// When.
        timestamp: Wall,
    }
}

control_frame! {
    /// A sign of life.
    KeepAliveFrameAck = KEEPALIVE2_ACK {
        /// When it was wanted.
        timestamp: Wall,
    }
}

control_frame! {
    /// Messages have arrived.
    AckFrame = ACK {
        /// The number of the last one.
        seq: u64,
    }
}

control_frame! {
    /// A client offers to compress.
    CompressionRequestFrame = COMPRESSION_REQUEST {
        /// Whether it wants to.
        is_compress: bool,
        /// How, best first.
        preferred_methods: Vec<CompressionAlgorithm>,
    }
}

control_frame! {
    /// The server's answer to the offer.
    CompressionDoneFrame = COMPRESSION_DONE {
        /// Whether frames are compressed.
        is_compress: bool,
        /// How.
        method: CompressionAlgorithm,
    }
}
