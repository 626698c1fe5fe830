//! The ways over which a client can speak with a cluster, and which of them it took, as the daemons have it.

use std::collections::BTreeSet;
use std::time::Duration;

use loligo::{Cluster, Conf};

use crate::ceph::Ceph;
use crate::load::{self, Load, OBJECTS};

/// A messenger, and how its connections are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Messenger v1.
    Legacy,
    /// Messenger v2, with checksums.
    Crc,
    /// Messenger v2, sealed.
    Secure,
}

/// For how long the daemons tell of their connections: some cuts, and so some new connections with each of them.
const TOLD: Duration = Duration::from_secs(6);

impl Way {
    /// Its name, as a value of `ms_mode`.
    #[must_use]
    pub const fn ms_mode(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Crc => "crc",
            Self::Secure => "secure",
        }
    }

    /// `client.admin` by this way alone, with these options.
    #[must_use]
    pub fn connect(self, ceph: &Ceph, options: &[(&str, &str)]) -> Cluster {
        let mut conf = Conf::read("client.admin", ceph.conf()).unwrap();
        for (option, value) in [&[("ms_mode", self.ms_mode())][..], options].concat() {
            conf.set(option, value);
        }
        Cluster::connect(&conf).unwrap()
    }

    /// While connections are cut and made again, the monitor and each OSD that the load meets says by which way this client
    /// came: by this one alone.
    ///
    /// # Panics
    ///
    /// When one of them knows of another way, or of none.
    pub fn is_taken(self, ceph: &Ceph, cluster: &Cluster, load: &Load) {
        let daemons: BTreeSet<String> = primaries(load).into_iter().chain(["mon.a".to_owned()]).collect();
        for daemon in &daemons {
            let _ = ceph.daemon(daemon, &["config", "set", "debug_ms", "1"]);
        }
        load.go_on(8, TOLD);
        for daemon in &daemons {
            let _ = ceph.daemon(daemon, &["config", "set", "debug_ms", "0"]);
        }
        let logs: Vec<_> = daemons.iter().map(|daemon| (daemon, ceph.log(daemon))).collect();
        // A monitor does not name a client that it does not know yet.
        let client = format!(" <== client.{} ", cluster.instance_id());
        let addr = logs.iter().find_map(|(_, log)| addr_of(log, &client)).expect("a message of this client");
        for (daemon, log) in &logs {
            let ways: Vec<_> = log.lines().filter_map(|line| way_of(line, addr)).collect();
            println!("{daemon} has seen {addr} come {} times", ways.len());
            let ways: BTreeSet<_> = ways.into_iter().collect();
            assert_eq!(ways, BTreeSet::from([self]), "the ways by which {addr} came to {daemon}");
        }
    }
}

/// The OSDs that serve a load.
fn primaries(load: &Load) -> BTreeSet<String> {
    let osd = |number| load.io().map(load::object(number)).unwrap().acting_primary.unwrap();
    (0..OBJECTS).map(|number| format!("osd.{}", osd(number).0)).collect()
}

/// The address of a client in a line ` <== client.4123 127.0.0.1:0/660689842 1 ==== osd_op(…`. Messenger v1 puts its name before it.
fn addr_of<'a>(log: &'a str, client: &str) -> Option<&'a str> {
    let (_, rest) = log.split_once(client)?;
    let addr = rest.split(' ').next()?;
    Some(addr.strip_prefix("v1:").unwrap_or(addr))
}

/// The way of the connection with that address of which this line of a daemon's log tells: at messenger v2 one that has come about,
/// at v1 one that had.
///
/// A line begins with the messenger and `[OUR ADDRESSES] >> ADDRESS conn(NUMBER NUMBER MODE :PORT s=READY …).WHAT`; v1 has no mode.
fn way_of(line: &str, addr: &str) -> Option<Way> {
    let (is_v2, line) = match (line.split_once(" --2- "), line.split_once(" --1- ")) {
        (Some((_, line)), _) => (true, line),
        (None, Some((_, line))) => (false, line),
        (None, None) => return None,
    };
    let (_, line) = line.split_once(" >> ")?;
    let (peer, connection) = line.split_once(" conn(")?;
    if peer.trim_start_matches("v1:") != addr {
        return None;
    }
    match connection.split(' ').nth(2)? {
        _ if !is_v2 => connection.contains(" s=OPENED ").then_some(Way::Legacy),
        _ if !connection.contains(").ready entity=") => None,
        "crc" => Some(Way::Crc),
        "secure" => Some(Way::Secure),
        other => panic!("{other:?} is no mode: {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_says_by_which_way_a_client_came() {
        let v2 = |mode: &str| {
            format!(
                "2026-11-22T07:16:42.274+0000 7f7f  1 --2- [v2:127.0.0.1:6820/1,v1:127.0.0.1:6821/1] >> 127.0.0.1:0/25 \
                 conn(0x5 0x6 {mode} :-1 s=READY pgs=2 cs=0 l=1 rev1=1 crypto rx=0 tx=0).ready entity=client.4119 client_cookie=0"
            )
        };
        assert_eq!(way_of(&v2("crc"), "127.0.0.1:0/25"), Some(Way::Crc));
        assert_eq!(way_of(&v2("secure"), "127.0.0.1:0/25"), Some(Way::Secure));
        assert_eq!(way_of(&v2("crc"), "127.0.0.1:0/2"), None);
        let v1 = "2026-11-22 07:16:42.222 7f65  1 --1- [v2:127.0.0.1:6808/9,v1:127.0.0.1:6809/9] >> v1:127.0.0.1:0/44 \
                  conn(0x5 0x5 :6809 s=OPENED pgs=2 cs=1 l=1).handle_message read tag failed";
        assert_eq!(way_of(v1, "127.0.0.1:0/44"), Some(Way::Legacy));
        let message =
            " 1 -- [v2:127.0.0.1:6808/9] <== client.41 v1:127.0.0.1:0/44 1 ==== osd_op(client.41.0:1)";
        assert_eq!(addr_of(message, " <== client.41 "), Some("127.0.0.1:0/44"));
        assert_eq!(way_of(message, "127.0.0.1:0/44"), None);
    }
}
