//! A peer calls, and there is a connection with it already: which one goes on? (Ceph 18.2,
//! `ProtocolV1::handle_connect_message_2`, `ProtocolV2::handle_existing_connection`, `ProtocolV2::handle_reconnect`.)

use crate::pipe::SessionAnswer;

/// Which session a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Messenger v1: one that was opened so often.
    V1 {
        /// Its `connect_seq`; 0 for a new session.
        connect_seq: u32,
    },
    /// Messenger v2: a new one (`CLIENT_IDENT`).
    Ident {
        /// The caller's name for it.
        client_cookie: u64,
    },
    /// Messenger v2: to go on with one (`SESSION_RECONNECT`).
    Reconnect {
        /// The caller's name for it.
        client_cookie: u64,
        /// How often it was opened.
        connect_seq: u32,
    },
}

/// Where the connection stands that there is already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Messages go both ways.
    Open,
    /// It broke, and waits for something to send.
    Standby,
    /// It has taken the stream of another call, which is not open yet (`replacing`).
    Replacing,
    /// It calls or is called.
    Opening,
}

/// The connection that there is already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Existing {
    pub(crate) standing: Standing,
    pub(crate) lossy: bool,
    /// It never calls.
    pub(crate) server: bool,
    pub(crate) resetcheck: bool,
    /// It speaks the protocol of the caller.
    pub(crate) same_protocol: bool,
    pub(crate) connect_seq: u32,
    /// The peer has heard of the session.
    pub(crate) is_confirmed: bool,
    pub(crate) peer_global_seq: u32,
    pub(crate) client_cookie: u64,
    pub(crate) server_cookie: u64,
}

/// What becomes of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The caller is told so; the connection stays as it is.
    Answer(SessionAnswer),
    /// The caller has to wait, as our own call goes on; it must, since the peer has something to say.
    Wait,
    /// The connection is over, and the caller opens a new session.
    End,
    /// The connection goes on with the stream of the caller.
    Move {
        /// The peer has forgotten the session, and that is to be told above.
        reset: bool,
        /// Numbers begin anew.
        anew: bool,
    },
}

/// Decides. `wins`: the caller's address is below ours, so that of two calls that cross its call goes on.
pub(crate) fn judge(existing: &Existing, wanted: Wanted, global_seq: u32, wins: bool) -> Verdict {
    if !existing.same_protocol {
        return Verdict::End;
    }
    match wanted {
        Wanted::V1 { connect_seq } => v1(existing, connect_seq, global_seq, wins),
        Wanted::Ident { client_cookie } => ident(existing, client_cookie, global_seq, wins),
        Wanted::Reconnect { client_cookie, connect_seq } => {
            reconnect(existing, client_cookie, connect_seq, global_seq, wins)
        }
    }
}

fn v1(existing: &Existing, connect_seq: u32, global_seq: u32, wins: bool) -> Verdict {
    let mine = existing.connect_seq;
    let retry = Verdict::Answer(SessionAnswer::Retry { connect_seq: mine.wrapping_add(1) });
    let stays = Verdict::Move { reset: false, anew: false };
    if existing.standing == Standing::Replacing || global_seq < existing.peer_global_seq {
        return Verdict::Answer(SessionAnswer::RetryGlobal { global_seq: existing.peer_global_seq });
    }
    if existing.lossy {
        return Verdict::End;
    }
    if connect_seq == 0 && mine > 0 {
        // Ceph takes an answer that was lost on its way to the peer for a peer that begins anew. But there is nothing yet that the
        // peer could have forgotten.
        return Verdict::Move { reset: existing.resetcheck && existing.is_confirmed, anew: true };
    }
    if connect_seq < mine {
        return retry;
    }
    if connect_seq > mine {
        // Only servers find that they were begun anew: peers among themselves do not reset each other.
        let forgotten = existing.resetcheck && mine == 0;
        return if forgotten { Verdict::Answer(SessionAnswer::Reset { full: true }) } else { stays };
    }
    if matches!(existing.standing, Standing::Open | Standing::Standby) {
        return if existing.resetcheck && mine == 0 { stays } else { retry };
    }
    if wins || existing.server { stays } else { Verdict::Wait }
}

fn ident(existing: &Existing, client_cookie: u64, global_seq: u32, wins: bool) -> Verdict {
    let stays = Verdict::Move { reset: false, anew: true };
    if existing.standing == Standing::Replacing {
        return Verdict::Answer(SessionAnswer::Wait);
    }
    if existing.peer_global_seq > global_seq {
        return Verdict::Answer(SessionAnswer::Stale);
    }
    if existing.lossy {
        return Verdict::End;
    }
    let has_session = existing.server_cookie != 0 && existing.client_cookie != 0;
    if has_session && existing.client_cookie != client_cookie {
        return Verdict::Move { reset: existing.resetcheck, anew: true };
    }
    let is_known = existing.client_cookie == client_cookie;
    if is_known || matches!(existing.standing, Standing::Open | Standing::Standby) {
        return stays;
    }
    if wins || existing.server { stays } else { Verdict::Wait }
}

fn reconnect(
    existing: &Existing,
    client_cookie: u64,
    connect_seq: u32,
    global_seq: u32,
    wins: bool,
) -> Verdict {
    let retry_global = SessionAnswer::RetryGlobal { global_seq: existing.peer_global_seq };
    if existing.standing == Standing::Replacing {
        return Verdict::Answer(retry_global);
    }
    if existing.client_cookie != client_cookie {
        return Verdict::Answer(SessionAnswer::Reset { full: existing.resetcheck });
    }
    if existing.server_cookie == 0 {
        // We called, and the peer's answer was lost: it thinks that the session is open.
        return Verdict::Answer(SessionAnswer::Reset { full: false });
    }
    if existing.peer_global_seq > global_seq {
        return Verdict::Answer(retry_global);
    }
    if existing.connect_seq > connect_seq {
        return Verdict::Answer(SessionAnswer::Retry { connect_seq: existing.connect_seq });
    }
    // The address of the peer that is equal to ours cannot be: then nobody would win.
    if existing.connect_seq == connect_seq && !wins && !existing.server {
        return Verdict::Wait;
    }
    Verdict::Move { reset: false, anew: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Existing = Existing {
        standing: Standing::Open,
        lossy: false,
        server: false,
        resetcheck: false,
        same_protocol: true,
        connect_seq: 3,
        is_confirmed: true,
        peer_global_seq: 10,
        client_cookie: 7,
        server_cookie: 8,
    };
    const STAYS: Verdict = Verdict::Move { reset: false, anew: false };
    const ANEW: Verdict = Verdict::Move { reset: false, anew: true };
    const RESET: Verdict = Verdict::Move { reset: true, anew: true };

    fn retry(connect_seq: u32) -> Verdict {
        Verdict::Answer(SessionAnswer::Retry { connect_seq })
    }

    const RETRY_GLOBAL: Verdict = Verdict::Answer(SessionAnswer::RetryGlobal { global_seq: 10 });

    fn all(existing: Existing, wanted: Wanted, global_seq: u32) -> [Verdict; 2] {
        [false, true].map(|wins| judge(&existing, wanted, global_seq, wins))
    }

    #[test]
    fn v1_as_ceph_decides() {
        let call = |existing, connect_seq, global_seq| all(existing, Wanted::V1 { connect_seq }, global_seq);
        let checked = Existing { resetcheck: true, ..OPEN };
        let opening = Existing { standing: Standing::Opening, ..OPEN };
        assert_eq!(call(OPEN, 4, 9), [RETRY_GLOBAL; 2]);
        assert_eq!(call(OPEN, 4, 10), [STAYS; 2]);
        assert_eq!(call(Existing { standing: Standing::Replacing, ..OPEN }, 4, 11), [RETRY_GLOBAL; 2]);
        assert_eq!(call(Existing { lossy: true, ..OPEN }, 4, 11), [Verdict::End; 2]);
        assert_eq!(call(OPEN, 0, 11), [ANEW; 2]);
        assert_eq!(call(checked, 0, 11), [RESET; 2]);
        assert_eq!(call(Existing { is_confirmed: false, ..checked }, 0, 11), [ANEW; 2]);
        assert_eq!(call(OPEN, 2, 11), [retry(4); 2]);
        assert_eq!(call(OPEN, 3, 11), [retry(4); 2]);
        assert_eq!(call(Existing { standing: Standing::Standby, ..OPEN }, 3, 11), [retry(4); 2]);
        assert_eq!(call(opening, 3, 11), [Verdict::Wait, STAYS]);
        assert_eq!(call(Existing { server: true, ..opening }, 3, 11), [STAYS; 2]);
        assert_eq!(call(OPEN, 4, 11), [STAYS; 2]);
        let fresh = Existing { connect_seq: 0, ..checked };
        assert_eq!(call(fresh, 4, 11), [Verdict::Answer(SessionAnswer::Reset { full: true }); 2]);
        assert_eq!(call(Existing { resetcheck: false, ..fresh }, 4, 11), [STAYS; 2]);
        assert_eq!(call(fresh, 0, 11), [STAYS; 2]);
        assert_eq!(call(Existing { resetcheck: false, ..fresh }, 0, 11), [retry(1); 2]);
        assert_eq!(call(Existing { same_protocol: false, ..OPEN }, 4, 11), [Verdict::End; 2]);
    }

    #[test]
    fn v2_a_new_session_as_ceph_decides() {
        let call =
            |existing, client_cookie, global_seq| all(existing, Wanted::Ident { client_cookie }, global_seq);
        let opening = Existing { standing: Standing::Opening, server_cookie: 0, ..OPEN };
        let replacing = Existing { standing: Standing::Replacing, ..OPEN };
        assert_eq!(call(replacing, 7, 11), [Verdict::Answer(SessionAnswer::Wait); 2]);
        assert_eq!(call(OPEN, 7, 9), [Verdict::Answer(SessionAnswer::Stale); 2]);
        assert_eq!(call(OPEN, 7, 10), [ANEW; 2]);
        assert_eq!(call(Existing { lossy: true, ..OPEN }, 9, 11), [Verdict::End; 2]);
        assert_eq!(call(OPEN, 9, 11), [ANEW; 2]);
        assert_eq!(call(Existing { resetcheck: true, ..OPEN }, 9, 11), [RESET; 2]);
        assert_eq!(call(OPEN, 7, 11), [ANEW; 2]);
        assert_eq!(call(opening, 9, 11), [Verdict::Wait, ANEW]);
        assert_eq!(call(Existing { server: true, ..opening }, 9, 11), [ANEW; 2]);
        assert_eq!(call(Existing { standing: Standing::Standby, ..opening }, 9, 11), [ANEW; 2]);
    }

    #[test]
    fn v2_a_session_that_goes_on_as_ceph_decides() {
        let call = |existing, client_cookie, connect_seq, global_seq| {
            all(existing, Wanted::Reconnect { client_cookie, connect_seq }, global_seq)
        };
        let reset = |full| Verdict::Answer(SessionAnswer::Reset { full });
        let server = Existing { server: true, ..OPEN };
        assert_eq!(call(OPEN, 7, 4, 11), [STAYS; 2]);
        assert_eq!(call(Existing { standing: Standing::Replacing, ..OPEN }, 7, 4, 11), [RETRY_GLOBAL; 2]);
        assert_eq!(call(OPEN, 9, 4, 11), [reset(false); 2]);
        assert_eq!(call(Existing { resetcheck: true, ..OPEN }, 9, 4, 11), [reset(true); 2]);
        assert_eq!(call(Existing { server_cookie: 0, ..OPEN }, 7, 4, 11), [reset(false); 2]);
        assert_eq!(call(OPEN, 7, 4, 9), [RETRY_GLOBAL; 2]);
        assert_eq!(call(OPEN, 7, 4, 10), [STAYS; 2]);
        assert_eq!(call(OPEN, 7, 2, 11), [retry(3); 2]);
        assert_eq!(call(OPEN, 7, 3, 11), [Verdict::Wait, STAYS]);
        assert_eq!(call(server, 7, 3, 11), [STAYS; 2]);
    }
}
