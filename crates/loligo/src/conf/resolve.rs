//! From host names to addresses, in the time that there is.

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::MonHostError;

/// Asks what is known of a host. Blocks as long as it likes.
type Lookup = fn(&str) -> io::Result<Vec<IpAddr>>;

/// Asks the system's resolver, until a deadline where there is one.
#[derive(Clone, Copy)]
pub(super) struct Resolver {
    lookup: Lookup,
    deadline: Option<Instant>,
}

impl Resolver {
    /// For all names together, so long; 0 for no limit.
    pub(super) fn system(timeout: Duration) -> Self {
        let deadline = if timeout.is_zero() { None } else { Instant::now().checked_add(timeout) };
        Self { lookup: ask_system, deadline }
    }

    /// The addresses of a host, or the one that it is.
    pub(super) fn addrs(&self, host: &str) -> Result<Vec<IpAddr>, MonHostError> {
        if let Ok(ip) = host.parse() {
            return Ok(vec![ip]);
        }
        let found = match self.deadline {
            Some(deadline) => self.lookup_until(host, deadline),
            None => (self.lookup)(host).map(Some),
        };
        let unresolved = |why: String| MonHostError::Unresolved { host: host.to_owned(), why };
        let Some(found) = found.map_err(|error| unresolved(error.to_string()))? else {
            return Err(MonHostError::TimedOut { host: host.to_owned() });
        };
        let mut ips: Vec<IpAddr> = Vec::new();
        for ip in found {
            if !ips.contains(&ip) {
                ips.push(ip);
            }
        }
        if ips.is_empty() { Err(unresolved("it has no address".to_owned())) } else { Ok(ips) }
    }

    /// Nothing when the time is over. Nobody can call the resolver off: its thread ends when it answers.
    fn lookup_until(&self, host: &str, deadline: Instant) -> io::Result<Option<Vec<IpAddr>>> {
        let (tell, told) = mpsc::channel();
        let (lookup, asked) = (self.lookup, host.to_owned());
        thread::Builder::new().name("loligo-resolver".to_owned()).spawn(move || {
            // Nobody listens any more when the time is over.
            let _ = tell.send(lookup(&asked));
        })?;
        match told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(found) => found.map(Some),
            Err(_) => Ok(None),
        }
    }
}

fn ask_system(host: &str) -> io::Result<Vec<IpAddr>> {
    Ok((host, 0).to_socket_addrs()?.map(|addr| addr.ip()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(lookup: Lookup, timeout: Duration) -> Resolver {
        Resolver { lookup, ..Resolver::system(timeout) }
    }

    #[test]
    fn a_resolver_that_does_not_answer_is_waited_for_until_the_deadline() {
        let silent = within(
            |_| loop {
                thread::park();
            },
            Duration::from_millis(10),
        );
        let error = silent.addrs("mon.example").unwrap_err();
        assert_eq!(error, MonHostError::TimedOut { host: "mon.example".to_owned() });
        assert!(error.to_string().contains("\"mon.example\""), "{error}");
        // An address needs no resolver, also when no time is left.
        assert_eq!(silent.addrs("192.0.2.1"), Ok(vec!["192.0.2.1".parse().unwrap()]));
    }

    #[test]
    fn with_and_without_a_limit_the_answer_is_the_same() {
        let known: Lookup = |_| Ok(vec![[192, 0, 2, 1].into(), [192, 0, 2, 2].into(), [192, 0, 2, 1].into()]);
        let none: Lookup = |_| Ok(Vec::new());
        let fails: Lookup = |_| Err(io::Error::from(io::ErrorKind::NotFound));
        for timeout in [Duration::ZERO, Duration::from_secs(3_600)] {
            assert_eq!(within(known, timeout).addrs("a").unwrap().len(), 2);
            for lookup in [none, fails] {
                assert!(matches!(
                    within(lookup, timeout).addrs("a"),
                    Err(MonHostError::Unresolved { host, .. }) if host == "a"
                ));
            }
        }
    }
}
