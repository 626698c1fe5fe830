//! What a client says when a real Ceph, or nobody, lets it in.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use loligo_auth::{AuthClient, AuthError, CryptoKey};
use loligo_base::Wall;
use loligo_client::ConnectError;
use loligo_msgr::SystemEntropy;
use loligo_tests::live::{self, LiveClient, PATIENCE};
use loligo_wire::entity::{AuthEntityName, EntityAddr, EntityAddrVec};

fn stranger(name: &str) -> AuthClient {
    let key = CryptoKey::generate(Wall::new(1_700_000_000, 0), &mut SystemEntropy);
    AuthClient::cephx(AuthEntityName::client(name), key, live::wanted())
}

fn refusal(auth: AuthClient) -> Option<ConnectError> {
    let conf = live::conf()?;
    let client = LiveClient::new(live::mon_host(&conf), auth);
    let error = client.connect(PATIENCE).unwrap_err();
    client.shutdown();
    println!("{error}");
    Some(error)
}

#[test]
fn a_wrong_key_is_refused_with_eacces() {
    let Some(error) = refusal(stranger("admin")) else { return };
    assert_eq!(error.errno(), 13);
    assert!(error.to_string().contains("client.admin"), "{error}");
}

/// Ceph does not tell an unknown name from a wrong key, so that names cannot be found out.
#[test]
fn an_unknown_name_is_refused_with_eacces() {
    let Some(error) = refusal(stranger("nobody")) else { return };
    assert_eq!(error.errno(), 13);
    assert!(error.to_string().contains("client.nobody"), "{error}");
}

#[test]
fn a_method_that_the_monitors_do_not_allow_is_refused() {
    let Some(error) = refusal(AuthClient::none(AuthEntityName::client("admin"))) else { return };
    assert!(
        matches!(error, ConnectError::Refused { error: AuthError::Refused { errno: 95 }, .. }),
        "{error:?}"
    );
}

/// Tries an address for a second and gives what is said about it.
fn try_for_a_second(addr: SocketAddr) -> String {
    let mon_host = vec![EntityAddrVec::from(EntityAddr::legacy(addr, 0))];
    let client = LiveClient::new(mon_host, stranger("admin"));
    let start = Instant::now();
    let error = client.connect(Duration::from_secs(1)).unwrap_err();
    assert!((1.0..2.0).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    client.shutdown();
    assert_eq!(error.errno(), 110);
    println!("{error}");
    error.to_string()
}

#[test]
fn nothing_behind_an_address_is_said_within_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let said = try_for_a_second(addr);
    assert!(said.contains("connection refused") && said.contains(&addr.to_string()), "{said}");
}

#[test]
fn silence_behind_an_address_is_said_within_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let said = try_for_a_second(listener.local_addr().unwrap());
    assert!(said.contains("no answer"), "{said}");
}

#[test]
fn something_else_behind_an_address_is_said_within_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The client may have gone already.
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        }
    });
    let said = try_for_a_second(addr);
    assert!(said.contains("not Ceph"), "{said}");
}

#[test]
fn without_monitors_there_is_nothing_to_wait_for() {
    let client = LiveClient::new(Vec::new(), stranger("admin"));
    match client.connect(PATIENCE) {
        Err(ConnectError::NoMonitors) => client.shutdown(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn monitors_that_cannot_be_called_are_not_waited_for() {
    let mon_host = vec![EntityAddrVec(vec![EntityAddr::NONE])];
    let client = LiveClient::new(mon_host, stranger("admin"));
    match client.connect(PATIENCE) {
        Err(ConnectError::NoAddress) => client.shutdown(),
        other => panic!("{other:?}"),
    }
}
