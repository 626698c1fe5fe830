//! What both ends say when they are done.

use std::time::Duration;

use loligo_msgr::proto::Fault;
use loligo_wire::entity::EntityAddr;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use thiserror::Error;

use super::args::{ClientArgs, Mode, ServerArgs};
use super::count::Count;
use super::histogram::Histogram;
use super::server::Seen;
use super::window::Told;
use crate::args::Format;
use crate::fail::Fail;
use crate::output;

/// What went wrong with a measurement.
#[derive(Debug, Error)]
pub(crate) enum PerfError {
    /// The first connection never stood.
    #[error("no connection to the server: {}", said(why.as_ref()))]
    NoConnection {
        /// What the messenger says.
        why: Option<Fault>,
    },
    /// There were answers, and then no more.
    #[error("no more answers: {}", said(why.as_ref()))]
    NoAnswers {
        /// What the messenger said last.
        why: Option<Fault>,
    },
    /// Not each message was answered once, in order.
    #[error(
        "of the answers, {missing} are missing, {out_of_order} came out of order, {unasked} came unasked"
    )]
    Wrong {
        /// Messages without an answer.
        missing: u64,
        /// Answers before one that was due.
        out_of_order: u64,
        /// Answers to nothing that was asked.
        unasked: u64,
    },
}

fn said(why: Option<&Fault>) -> String {
    why.map_or_else(|| "it says nothing".to_owned(), ToString::to_string)
}

/// The CPU time of this process until now, user and system, all threads together.
pub(super) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (secs, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(secs.unwrap_or(0), nanos.unwrap_or(0))
}

fn print(format: Format, value: &Value, lines: &str) -> Result<(), Fail> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match format {
        Format::Plain => write!(out, "{lines}")?,
        Format::Json | Format::JsonPretty => writeln!(out, "{}", output::json(value, format))?,
    }
    Ok(out.flush()?)
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Crc => "crc",
        Mode::Secure => "secure",
    }
}

/// What a client says.
pub(super) struct ClientReport {
    protocol: &'static str,
    mode: &'static str,
    messages: u64,
    length: u32,
    took: Duration,
    cpu: Duration,
    /// Of all jobs together.
    told: Told,
}

impl ClientReport {
    pub(super) fn new(args: &ClientArgs, took: Duration, cpu: Duration, jobs: Vec<Told>) -> Self {
        Self {
            protocol: args.addr.protocol.unwrap_or(args.common.protocol).name(),
            mode: mode_name(args.common.mode),
            messages: args.ios * u64::from(args.jobs),
            length: args.length,
            took,
            cpu,
            told: sum(jobs),
        }
    }

    fn missing(&self) -> u64 {
        self.messages.saturating_sub(self.told.answered)
    }

    fn per_second(&self) -> f64 {
        self.told.answered as f64 / self.took.as_secs_f64().max(1e-9)
    }

    fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / (self.told.answered.max(1)) as f64
    }

    pub(super) fn print(&self, format: Format) -> Result<(), Fail> {
        let Told { answered, out_of_order, unasked, resets, remote_resets, connects, resent, latency } =
            &self.told;
        let us = |percent: f64| rounded(latency.percentile(percent).as_secs_f64() * 1e6);
        let max = rounded(latency.max().as_secs_f64() * 1e6);
        let mb_s = self.per_second() * f64::from(self.length) / 1e6;
        let value = json!({
            "protocol": self.protocol, "mode": self.mode, "messages": self.messages, "length": self.length,
            "seconds": self.took.as_secs_f64(), "messages_per_second": rounded(self.per_second()),
            "megabytes_per_second": rounded(mb_s), "cpu_us_per_message": rounded(self.cpu_us()),
            "latency_us": { "p50": us(50.0), "p99": us(99.0), "max": max },
            "answered": answered, "missing": self.missing(), "out_of_order": out_of_order, "unasked": unasked,
            "connects": connects, "resets": resets, "remote_resets": remote_resets, "resent": resent,
        });
        let lines = format!(
            " Total op {} run time {}us.\n {} {}: {:.0} messages/s, {mb_s:.1} MB/s, {:.2} us of CPU each\n \
             latency p50 {} us, p99 {} us, max {max} us\n \
             answered {answered}, missing {}, out of order {out_of_order}, unasked {unasked}\n \
             connects {connects}, resets {resets}, remote resets {remote_resets}, resent {resent}\n",
            self.messages,
            self.took.as_micros(),
            self.protocol,
            self.mode,
            self.per_second(),
            self.cpu_us(),
            us(50.0),
            us(99.0),
            self.missing(),
        );
        print(format, &value, &lines)
    }

    /// Whether each message was answered once, in order.
    pub(super) fn check(&self) -> Result<(), Fail> {
        let Told { out_of_order, unasked, .. } = self.told;
        if self.missing() + out_of_order + unasked == 0 {
            return Ok(());
        }
        Err(PerfError::Wrong { missing: self.missing(), out_of_order, unasked }.into())
    }
}

fn sum(jobs: Vec<Told>) -> Told {
    let mut all = Told { latency: Histogram::default(), ..Told::default() };
    for job in jobs {
        all.answered += job.answered;
        all.out_of_order += job.out_of_order;
        all.unasked += job.unasked;
        all.resets += job.resets;
        all.remote_resets += job.remote_resets;
        all.connects += job.connects;
        all.resent += job.resent;
        all.latency.merge(&job.latency);
    }
    all
}

/// As many digits as mean something.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// What a server says.
pub(super) struct ServerReport {
    mode: &'static str,
    addr: EntityAddr,
    connections: Vec<Seen>,
}

impl ServerReport {
    pub(super) fn new(args: &ServerArgs, addr: EntityAddr, connections: Vec<Seen>) -> Self {
        Self { mode: mode_name(args.common.mode), addr, connections }
    }

    pub(super) fn print(&self, format: Format) -> Result<(), Fail> {
        let mut lines = String::new();
        let mut values = Vec::new();
        for seen in &self.connections {
            let (by, count) = by(seen);
            let Count { total, first, last, gaps, again } = *count;
            let (name, addr) = seen
                .peer
                .as_ref()
                .map_or_else(Default::default, |peer| (peer.name.to_string(), peer.addrs.to_string()));
            let order = if count.is_in_order() { "in order" } else { "NOT IN ORDER" };
            lines.push_str(&format!(
                " {name} {addr}: {total} messages, {order}: {by} {first} to {last}, gaps {gaps}, again {again}; accepts {}, \
                 remote resets {}\n",
                seen.accepts, seen.remote_resets,
            ));
            values.push(json!({
                "peer": name, "addr": addr, "messages": total, "counted_by": by, "first": first, "last": last,
                "gaps": gaps, "again": again, "accepts": seen.accepts, "remote_resets": seen.remote_resets,
                "is_reset": seen.is_reset,
            }));
        }
        let total: u64 = self.connections.iter().map(|seen| seen.by_seq.total).sum();
        lines.push_str(&format!(" {total} messages by {} connections\n", self.connections.len()));
        let value = json!({
            "addr": self.addr.to_string(), "mode": self.mode, "messages": total, "connections": values,
        });
        print(format, &value, &lines)
    }
}

/// What tells the messages of a connection apart: Ceph's client gives all of its messages the same transaction.
fn by(seen: &Seen) -> (&'static str, &Count) {
    if seen.by_tid.last == 0 { ("seq", &seen.by_seq) } else { ("tid", &seen.by_tid) }
}
