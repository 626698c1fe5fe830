//! `loligo bench`: what `rados bench` measures, in its words.

mod layout;
mod report;
mod slots;
mod stats;

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use bytes::Bytes;
use loligo::{Completion, Error, IoCtx};
use serde_json::{Value, json};

use crate::args::{Bench, BenchMode, Format};
use crate::context::Context;
use crate::fail::{About as _, Fail};
use crate::patience::wait;
use layout::Metadata;
use report::Kind;
use slots::Slots;
use stats::Run;

pub(crate) fn run(context: &Context, bench: &Bench) -> Result<(), Fail> {
    let io_ctx = context.io_ctx()?;
    let mut report = Report { format: context.format, fields: serde_json::Map::new(), ticks: Vec::new() };
    match bench.mode {
        BenchMode::Write => write(&io_ctx, bench, &mut report)?,
        BenchMode::Seq | BenchMode::Rand => read(&io_ctx, bench, &mut report)?,
    }
    report.finish()
}

/// What is printed: for people as it happens, for programs at the end.
struct Report {
    format: Format,
    fields: serde_json::Map<String, Value>,
    ticks: Vec<Value>,
}

impl Report {
    fn say(&self, text: &str) -> Result<(), Fail> {
        if self.format == Format::Plain {
            writeln!(io::stdout(), "{text}")?;
        }
        Ok(())
    }

    fn field(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }

    fn tick(&mut self, run: &mut Run, second: u64, elapsed: Duration) -> Result<(), Fail> {
        let tick = run.tick(second, elapsed);
        if second.is_multiple_of(20) {
            self.say(&report::columns())?;
        }
        self.say(&report::line(&tick))?;
        self.ticks.push(report::line_json(&tick));
        Ok(())
    }

    fn summary(&mut self, kind: Kind, run: &Run, object_size: u64, elapsed: Duration) -> Result<(), Fail> {
        if self.format == Format::Plain {
            write!(io::stdout(), "{}", report::summary(kind, run, object_size, elapsed))?;
        }
        self.fields.extend(report::summary_json(kind, run, object_size, elapsed));
        Ok(())
    }

    fn finish(mut self) -> Result<(), Fail> {
        if self.format != Format::Plain {
            self.fields.insert("datas".to_owned(), Value::Array(self.ticks));
            writeln!(io::stdout(), "{}", crate::output::json(&Value::Object(self.fields), self.format))?;
        }
        Ok(())
    }
}

/// Keeps as many operations under way as were asked for, until `next` gives no more, and prints a line each second.
/// `next` gives the next operation; `done` looks at what came of one.
fn drive<T: Unpin + Send + 'static>(
    bench: &Bench,
    run: &mut Run,
    report: &mut Report,
    mut next: impl FnMut(u64, Duration) -> Option<Completion<T>>,
    mut done: impl FnMut(u64, T),
) -> Result<Duration, Fail> {
    let mut slots = Slots::new(bench.concurrent_ios as usize);
    let start = Instant::now();
    let mut second = 0;
    report.tick(run, 0, Duration::ZERO)?;
    loop {
        while slots.has_room() {
            let Some(completion) = next(run.started, start.elapsed()) else { break };
            slots.insert(run.started, completion);
            run.started += 1;
        }
        if slots.is_empty() {
            return Ok(start.elapsed());
        }
        let until_tick = Duration::from_secs(second + 1).saturating_sub(start.elapsed());
        match slots.wait(until_tick) {
            Some(finished) => {
                run.finish(finished.latency);
                done(finished.op, finished.result?);
            }
            None => {
                second += 1;
                report.tick(run, second, start.elapsed())?;
            }
        }
    }
}

fn write(io_ctx: &IoCtx, bench: &Bench, report: &mut Report) -> Result<(), Fail> {
    let op_size = bench.block_size;
    let object_size = bench.object_size.unwrap_or(op_size);
    if op_size > object_size {
        return Err(Fail::Usage("an operation (-b) cannot be larger than an object (-O)".to_owned()));
    }
    let size = usize::try_from(op_size).map_err(|_| Fail::Usage("-b is too large".to_owned()))?;
    let pid = std::process::id();
    let prefix = layout::prefix(&host_name(), pid);
    report.say(&format!(
        "Maintaining {} concurrent writes of {op_size} bytes to objects of size {object_size} for up to {} seconds or {} \
         objects",
        bench.concurrent_ios, bench.seconds, bench.max_objects
    ))?;
    report.say(&format!("Object prefix: {prefix}"))?;
    report.field("concurrent_ios", json!(bench.concurrent_ios));
    report.field("seconds_to_run", json!(bench.seconds));
    report.field("max_objects", json!(bench.max_objects));
    report.field("object_prefix", json!(prefix));
    let limit = match bench.max_objects {
        0 => u64::MAX,
        objects => objects.saturating_mul(object_size / op_size),
    };
    let mut run = Run::new(op_size);
    let elapsed = drive(
        bench,
        &mut run,
        report,
        |op, elapsed| {
            let (object, offset) = layout::place(&prefix, op, object_size, op_size);
            let goes_on =
                op < limit && (op < bench.concurrent_ios.into() || elapsed.as_secs() < bench.seconds);
            goes_on.then(|| io_ctx.write(object, offset, layout::contents(op, size)))
        },
        |_, ()| {},
    )?;
    report.summary(Kind::Write, &run, object_size, elapsed)?;
    let ops = u32::try_from(run.finished).unwrap_or(u32::MAX);
    let metadata = Metadata { object_size, ops, pid, op_size };
    if bench.no_cleanup {
        let about = || format!("write {}", bench.run_name);
        return wait(io_ctx.write_full(&bench.run_name, metadata.encode())).about(about);
    }
    clean_up(io_ctx, bench, &prefix, &metadata, report)
}

fn clean_up(
    io_ctx: &IoCtx,
    bench: &Bench,
    prefix: &str,
    metadata: &Metadata,
    report: &Report,
) -> Result<(), Fail> {
    report.say("Cleaning up (deleting benchmark objects)")?;
    let start = Instant::now();
    let mut slots = Slots::new(bench.concurrent_ios as usize);
    let mut object = 0;
    loop {
        while slots.has_room() && object < metadata.objects() {
            slots.insert(object, io_ctx.remove(layout::object_name(prefix, object)));
            object += 1;
        }
        match slots.wait(Duration::from_secs(1)) {
            Some(finished) => {
                finished.result.about(|| format!("rm {}", layout::object_name(prefix, finished.op)))?
            }
            None if slots.is_empty() => break,
            None => {}
        }
    }
    report.say(&format!(
        "Clean up completed and total clean up time :{}",
        crate::output::general(start.elapsed().as_secs_f64())
    ))
}

fn read(io_ctx: &IoCtx, bench: &Bench, report: &mut Report) -> Result<(), Fail> {
    let metadata = fetch_metadata(io_ctx, &bench.run_name)?;
    let prefix = layout::prefix(&host_name(), metadata.pid);
    let size = usize::try_from(metadata.op_size)
        .map_err(|_| Fail::Usage("the run's size is too large".to_owned()))?;
    let expected = layout::contents(0, size);
    let (mut errors, mut dice) = (0_u64, Dice::new());
    let mut ops = std::collections::BTreeMap::new();
    let mut run = Run::new(metadata.op_size);
    let random = bench.mode == BenchMode::Rand;
    let elapsed = {
        let chosen = std::cell::RefCell::new(&mut ops);
        drive(
            bench,
            &mut run,
            report,
            |started, elapsed| {
                let total = u64::from(metadata.ops);
                let over = elapsed.as_secs() >= bench.seconds || (!random && started >= total) || total == 0;
                if over {
                    return None;
                }
                let op = if random { dice.below(total) } else { started };
                chosen.borrow_mut().insert(started, op);
                let (object, offset) = layout::place(&prefix, op, metadata.object_size, metadata.op_size);
                Some(io_ctx.read(object, offset, metadata.op_size))
            },
            |started, data: Bytes| {
                let op = chosen.borrow_mut().remove(&started).unwrap_or(started);
                if !bench.no_verify && !is_what_was_written(&data, op, &expected) {
                    errors += 1;
                }
            },
        )?
    };
    report.summary(Kind::Read, &run, metadata.object_size, elapsed)?;
    if errors > 0 { Err(Fail::Verify { reads: run.finished, errors }) } else { Ok(()) }
}

/// Compares the head, which has the operation's number, and the rest, which is the same for all.
fn is_what_was_written(data: &[u8], op: u64, expected: &Bytes) -> bool {
    const HEAD: usize = 64;
    let head = HEAD.min(expected.len());
    data.len() == expected.len()
        && data.get(head..) == expected.get(head..)
        && data.get(..head) == Some(&layout::contents(op, expected.len().min(HEAD))[..])
}

fn fetch_metadata(io_ctx: &IoCtx, name: &str) -> Result<Metadata, Fail> {
    match wait(io_ctx.read(name, 0, 0)) {
        Ok(bytes) if !bytes.is_empty() => {
            Metadata::decode(&bytes).map_err(Error::from).about(|| format!("object {name} of an earlier run"))
        }
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Err(Fail::Usage(
            "must write data before running a read benchmark: loligo bench SECS write --no-cleanup"
                .to_owned(),
        )),
    }
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Which operation is read next, in random order. Any seed will do.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        Self(u64::from(std::process::id()))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }
}
