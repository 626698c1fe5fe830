//! The daemons as oracles: with the options that `up` sets, they complain or abort when a client breaks a rule.

use std::fs;

use anyhow::Result;

use super::cluster::Cluster;

/// What a daemon writes when a client, or the daemon itself because of one, is at fault.
const SIGNS: &[&str] = &[
    "misdirected",
    "FAILED ceph_assert",
    "Caught signal (Aborted)",
    "bad crc in",
    "BADAUTHORIZER",
    "Signature check failed",
    "got bad authorizer",
];

/// Lines of the daemons' logs that hold something against a client, and daemons that are gone.
pub(crate) fn complaints(cluster: &Cluster) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for daemon in cluster.daemons() {
        if daemon.process(&cluster.dir).is_none() {
            found.push(format!("{daemon} is gone"));
        }
    }
    for entry in fs::read_dir(cluster.dir.join("log"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        found.extend(bad_lines(&text).map(|line| format!("{name}: {line}")));
    }
    Ok(found)
}

fn bad_lines(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter(|line| SIGNS.iter().any(|sign| line.contains(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misdirected_op_is_seen() {
        let log = "x osd.0 boot\n\
                   y log_channel(cluster) log [WRN] : client.4105 misdirected client.4105.0:3 pg 1.7 to osd.2\n";
        assert_eq!(bad_lines(log).count(), 1);
    }
}
