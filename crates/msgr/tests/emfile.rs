//! The Accepter outlives a process without free file descriptors. Alone in its binary: it uses all of them up.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs::File;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use loligo_msgr::proto::Config;
use loligo_msgr::{BindAddr, Messenger, NoAuth, NodeOptions, Policy, PolicySet};
use loligo_wire::entity::EntityName;
use rustix::process::{Resource, Rlimit, setrlimit};

#[test]
fn calls_are_taken_again_when_there_are_files_again() {
    let policies = PolicySet::new(Policy::stateless_server());
    let server =
        Messenger::create(NodeOptions::new(Config::new(EntityName::osd(0), policies)), NoAuth).unwrap();
    let addr = server.bind(BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() }).unwrap();

    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: Some(64) }).unwrap();
    let mut files: Vec<_> = (0..64).map_while(|_| File::open("/dev/null").ok()).collect();
    assert!(File::open("/dev/null").is_err());
    // One for us, none for the server.
    files.pop();
    let mut stream = TcpStream::connect(addr.socket_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut greeting = [0; 9];
    assert!(stream.read_exact(&mut greeting).is_err());

    files.clear();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"ceph v027");
}
