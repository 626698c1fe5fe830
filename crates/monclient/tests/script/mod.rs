//! The commands of the scenarios.

mod show;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::AuthClient;
use loligo_base::{Mono, Now, Prng, SeededEntropy, Wall};
use loligo_monclient::{FromMon, Input, MonClient, MonSession, Options, Request};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{AuthEntityName, EntityAddr, EntityAddrVec, Protocols};
use loligo_wire::message::{MAuthReply, MConfig, MMonCommandAck, MMonGetVersionReply, MMonSubscribeAck};
use loligo_wire::monmap::{MonInfo, MonMap};
use loligo_wire::types::ErrorCode;
use loligo_wire::{BufferList, Epoch, GlobalId, Tid, Uuid};

/// A monitor client, the time, and the requests by the names that the scenario gave them.
pub(crate) struct World {
    options: Options,
    client: Option<MonClient<String>>,
    mono: Duration,
    requests: BTreeMap<String, Tid>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { options: Options::default(), client: None, mono: Duration::ZERO, requests: BTreeMap::new() }
    }

    /// Carries out one command and says what came of it.
    pub(crate) fn command(&mut self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["hunt_parallel", n] => self.options.mon_client_hunt_parallel = n.parse().unwrap(),
            ["protocols", v1, v2] => {
                self.options.protocols = Protocols { v1: *v1 == "v1", v2: *v2 == "v2" };
            }
            ["hunt_interval", ms] => self.options.mon_client_hunt_interval = millis(ms),
            ["ping_interval", ms] => self.options.mon_client_ping_interval = millis(ms),
            ["mon_host", hosts @ ..] => self.make(hosts),
            ["start"] => {
                let now = self.now();
                self.client().start(now);
            }
            ["opened", s] => self.input(Input::Opened { session: session(s) }),
            ["lost", s] => self.input(Input::Lost { session: session(s) }),
            ["nothing_in_common", s] => self.input(Input::NothingInCommon { session: session(s) }),
            ["auth", s, rest @ ..] => self.message(s, Tid(0), FromMon::AuthReply(auth_reply(&Words(rest)))),
            ["monmap", s, rest @ ..] => self.message(s, Tid(0), FromMon::MonMap(Arc::new(monmap(rest)))),
            ["suback", s] => {
                let ack = MMonSubscribeAck { interval: 300, fsid: Uuid([7; 16]) };
                self.message(s, Tid(0), FromMon::SubscribeAck(ack));
            }
            ["versionreply", s, tid, newest, oldest] => {
                let reply = MMonGetVersionReply {
                    handle: tid.parse().unwrap(),
                    version: newest.parse().unwrap(),
                    oldest_version: oldest.parse().unwrap(),
                };
                self.message(s, Tid(0), FromMon::GetVersionReply(reply));
            }
            ["commandack", s, tid, retcode, outs] => {
                let ack = MMonCommandAck {
                    r: ErrorCode(retcode.parse().unwrap()),
                    rs: (*outs).into(),
                    outbl: Bytes::from_static(b"out").into(),
                    ..MMonCommandAck::default()
                };
                self.message(s, Tid(tid.parse().unwrap()), FromMon::CommandAck(ack));
            }
            ["config", s] => self.message(s, Tid(0), FromMon::Config(MConfig::default())),
            ["ask", name, rest @ ..] => self.ask(name, rest),
            ["cancel", name] => {
                let tid = self.requests[*name];
                self.client().cancel(tid);
            }
            ["want", what, start, once @ ..] => {
                self.client().sub_want(what, start.parse().unwrap(), once == ["once"]);
            }
            ["got", what, have] => self.client().sub_got(what, have.parse().unwrap()),
            ["renew"] => self.client().renew_subs(),
            ["after", secs] => return self.after(Duration::from_secs_f64(secs.parse().unwrap())),
            ["shutdown"] => self.client().shutdown(),
            _ => panic!("no such command: {line}"),
        }
        self.drain()
    }

    fn make(&mut self, hosts: &[&str]) {
        let auth = AuthClient::none(AuthEntityName::client("admin"));
        let entropy = Box::new(SeededEntropy::new(2));
        let hosts = hosts.iter().map(|host| addrs(host)).collect();
        self.client = Some(MonClient::new(self.options.clone(), hosts, auth, Prng::new(1), entropy));
    }

    fn client(&mut self) -> &mut MonClient<String> {
        self.client.as_mut().unwrap()
    }

    fn now(&self) -> Now {
        let wall = Wall::new(1_000_000, 0).saturating_add(self.mono);
        Now { mono: Mono::ZERO + self.mono, wall }
    }

    fn input(&mut self, input: Input) {
        let now = self.now();
        self.client().handle(now, input);
    }

    fn message(&mut self, name: &str, tid: Tid, message: FromMon) {
        self.input(Input::Message { session: session(name), tid, message });
    }

    fn ask(&mut self, name: &str, words: &[&str]) {
        let (request, rest) = match words {
            ["version", what, rest @ ..] => (Request::GetVersion { what: (*what).into() }, rest),
            ["command", cmd, rest @ ..] => {
                (Request::Command { cmd: vec![(*cmd).into()], inbl: BufferList::new() }, rest)
            }
            _ => panic!("no such request"),
        };
        let deadline = match rest {
            ["within", secs] => Some(self.now().mono + Duration::from_secs(secs.parse().unwrap())),
            _ => None,
        };
        let tid = self.client().submit(request, deadline, name.into());
        self.requests.insert(name.into(), tid);
    }

    /// Lets time pass; each timeout comes when it is due.
    fn after(&mut self, by: Duration) -> Vec<String> {
        let end = self.mono + by;
        let mut said = Vec::new();
        while let Some(due) =
            self.client().next_timeout().map(|due| due - Mono::ZERO).filter(|due| *due <= end)
        {
            self.mono = self.mono.max(due);
            self.input(Input::Timeout);
            said.extend(self.drain().into_iter().map(|line| format!("{:?} {line}", self.mono)));
        }
        self.mono = end;
        said
    }

    fn drain(&mut self) -> Vec<String> {
        let Some(client) = &mut self.client else { return Vec::new() };
        std::iter::from_fn(|| client.poll()).map(show::output).collect()
    }
}

/// Words of the form `name=value`.
struct Words<'a>(&'a [&'a str]);

impl Words<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

fn millis(text: &str) -> Duration {
    Duration::from_millis(text.parse().unwrap())
}

fn session(name: &str) -> MonSession {
    MonSession(name.strip_prefix('s').unwrap().parse().unwrap())
}

/// `1` is the monitor at 10.0.0.1.
fn addrs(host: &str) -> EntityAddrVec {
    let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, host.parse().unwrap()));
    EntityAddrVec(vec![
        EntityAddr::msgr2(SocketAddr::new(ip, 3300), 0),
        EntityAddr::legacy(SocketAddr::new(ip, 6789), 0),
    ])
}

fn auth_reply(words: &Words<'_>) -> MAuthReply {
    MAuthReply {
        protocol: AuthMethod::NONE.0,
        result: ErrorCode(words.get("err").map_or(0, |err| err.parse().unwrap())),
        global_id: GlobalId(words.get("gid").map_or(0, |gid| gid.parse().unwrap())),
        ..MAuthReply::default()
    }
}

/// `epoch=3 a=1 b=2`, and `fsid=9` for another cluster.
fn monmap(words: &[&str]) -> MonMap {
    let mut map = MonMap { fsid: Uuid([7; 16]), ..MonMap::default() };
    for (name, value) in words.iter().filter_map(|word| word.split_once('=')) {
        match name {
            "epoch" => map.epoch = Epoch(value.parse().unwrap()),
            "fsid" => map.fsid = Uuid([value.parse().unwrap(); 16]),
            _ => {
                let info = MonInfo { name: name.into(), public_addrs: addrs(value), ..MonInfo::default() };
                map.mon_info.insert(name.into(), info);
                map.ranks.push(name.into());
            }
        }
    }
    map
}
