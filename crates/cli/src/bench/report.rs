//! What a measurement prints, with the words and columns of `rados bench`.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::stats::{Run, Tick};
use crate::output::general;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Write,
    Read,
}

pub(super) fn columns() -> String {
    format!(
        "{:>5}{:>8}{:>10}{:>10}{:>10}{:>10}{:>12}{:>12}",
        "sec", "Cur ops", "started", "finished", "avg MB/s", "cur MB/s", "last lat(s)", "avg lat(s)"
    )
}

pub(super) fn line(tick: &Tick) -> String {
    let (current, last) = tick.current.map_or_else(
        || ("0".to_owned(), "-".to_owned()),
        |current| (general(current.mib_s), general(current.last_latency)),
    );
    format!(
        "{:>5} {:>7} {:>9} {:>9} {:>9} {:>9} {:>11} {:>11}",
        tick.second,
        tick.in_flight,
        tick.started,
        tick.finished,
        general(tick.average_mib_s),
        current,
        last,
        general(tick.average_latency)
    )
}

/// One second of a run for programs.
pub(super) fn line_json(tick: &Tick) -> Value {
    json!({
        "sec": tick.second,
        "cur_ops": tick.in_flight,
        "started": tick.started,
        "finished": tick.finished,
        "avg_bw": tick.average_mib_s,
        "cur_bw": tick.current.map_or(0.0, |c| c.mib_s),
        "last_lat": tick.current.map_or(0.0, |c| c.last_latency),
        "avg_lat": tick.average_latency,
    })
}

/// Each figure of the end of a run: the words for people, the field for programs, and the figure.
fn figures(
    kind: Kind,
    run: &Run,
    object_size: u64,
    elapsed: Duration,
) -> Vec<(&'static str, &'static str, f64)> {
    let per_second = run.finished as f64 / elapsed.as_secs_f64();
    let least =
        |series: &super::stats::Series, else_is: f64| if series.is_empty() { else_is } else { series.min };
    let mut rows = vec![("Total time run:         ", "total_time_run", elapsed.as_secs_f64())];
    match kind {
        Kind::Write => {
            rows.push(("Total writes made:      ", "total_writes_made", run.finished as f64));
            rows.push(("Write size:             ", "write_size", run.op_size as f64));
            rows.push(("Object size:            ", "object_size", object_size as f64));
            rows.push(("Bandwidth (MB/sec):     ", "bandwidth", run.bandwidth_over(elapsed)));
            rows.push(("Stddev Bandwidth:       ", "stddev_bandwidth", run.bandwidth.stddev()));
            rows.push(("Max bandwidth (MB/sec): ", "max_bandwidth", run.bandwidth.max));
            rows.push(("Min bandwidth (MB/sec): ", "min_bandwidth", least(&run.bandwidth, 9_999_999.0)));
        }
        Kind::Read => {
            rows.push(("Total reads made:     ", "total_reads_made", run.finished as f64));
            rows.push(("Read size:            ", "read_size", run.op_size as f64));
            rows.push(("Object size:          ", "object_size", object_size as f64));
            rows.push(("Bandwidth (MB/sec):   ", "bandwidth", run.bandwidth_over(elapsed)));
        }
    }
    let wide = kind == Kind::Write;
    let text = |write: &'static str, read: &'static str| if wide { write } else { read };
    rows.push((
        text("Average IOPS:           ", "Average IOPS:         "),
        "average_iops",
        per_second.floor(),
    ));
    rows.push((text("Stddev IOPS:            ", "Stddev IOPS:          "), "stddev_iops", run.iops.stddev()));
    let only = per_second.floor();
    let max_iops = if run.iops.is_empty() { only } else { run.iops.max };
    rows.push((text("Max IOPS:               ", "Max IOPS:             "), "max_iops", max_iops));
    rows.push((
        text("Min IOPS:               ", "Min IOPS:             "),
        "min_iops",
        least(&run.iops, only),
    ));
    rows.push((
        text("Average Latency(s):     ", "Average Latency(s):   "),
        "average_latency",
        run.latency.mean(),
    ));
    if wide {
        rows.push(("Stddev Latency(s):      ", "stddev_latency", run.latency.stddev()));
    }
    rows.push((text("Max latency(s):         ", "Max latency(s):       "), "max_latency", run.latency.max));
    rows.push((
        text("Min latency(s):         ", "Min latency(s):       "),
        "min_latency",
        least(&run.latency, 0.0),
    ));
    rows
}

/// The end of a run for people.
pub(super) fn summary(kind: Kind, run: &Run, object_size: u64, elapsed: Duration) -> String {
    let mut out = String::new();
    for (words, field, figure) in figures(kind, run, object_size, elapsed) {
        // Counts and sizes are whole numbers, which the general form would cut to six digits.
        let shown = if is_count(field) { format!("{figure:.0}") } else { general(figure) };
        let _ = writeln!(out, "{words}{shown}");
    }
    out
}

/// The end of a run for programs.
pub(super) fn summary_json(
    kind: Kind,
    run: &Run,
    object_size: u64,
    elapsed: Duration,
) -> serde_json::Map<String, Value> {
    figures(kind, run, object_size, elapsed)
        .into_iter()
        .map(|(_, field, figure)| {
            let value = if is_count(field) { json!(whole(figure)) } else { json!(figure) };
            (field.to_owned(), value)
        })
        .collect()
}

/// A figure that is a count.
#[expect(clippy::cast_possible_truncation, reason = "it was made of one")]
const fn whole(figure: f64) -> u64 {
    figure as u64
}

fn is_count(field: &str) -> bool {
    matches!(
        field,
        "total_writes_made"
            | "total_reads_made"
            | "write_size"
            | "read_size"
            | "object_size"
            | "average_iops"
            | "max_iops"
            | "min_iops"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_columns_of_rados_bench() {
        // As printed by rados 16.2.15.
        assert_eq!(
            columns(),
            "  sec Cur ops   started  finished  avg MB/s  cur MB/s last lat(s)  avg lat(s)"
        );
        let mut run = Run::new(4096);
        run.started = 16;
        let tick = run.tick(0, Duration::ZERO);
        assert_eq!(
            line(&tick),
            "    0      16        16         0         0         0           -           0"
        );
    }

    #[test]
    fn the_end_names_what_rados_bench_names() {
        let mut run = Run::new(4096);
        run.started = 1;
        run.finish(Duration::from_millis(2));
        let text = summary(Kind::Write, &run, 4096, Duration::from_secs(1));
        assert!(text.contains("Total writes made:      1\n"), "{text}");
        assert!(text.contains("Average IOPS:           1\n"), "{text}");
        assert!(text.contains("Average Latency(s):     0.002\n"), "{text}");
        let text = summary(Kind::Read, &run, 4096, Duration::from_secs(1));
        assert!(text.contains("Total reads made:     1\n"), "{text}");
        assert!(text.contains("Average IOPS:         1\n"), "{text}");
    }
}
