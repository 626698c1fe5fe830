//! An OSD that goes and comes back while writes are under way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use loligo::{Cluster, Completion, IoCtx};
use loligo_minicluster_net::MiniCluster;

use crate::Failure;

/// The OSD that is stopped.
const STOPPED: u16 = 1;
/// Objects that are appended to or written to, each with one operation under way.
const LANES: usize = 16;
/// How long the cluster is whole, has an OSD less, and is whole again.
const PHASE: Duration = Duration::from_millis(600);

/// One object, and the operation on it that is under way.
struct Lane {
    name: String,
    appends: bool,
    acknowledged: u64,
    submitted: Instant,
    under_way: Completion<()>,
}

/// The same length for each number, so that its place in an object is known.
fn record(number: u64) -> String {
    format!("{number:>15}\n")
}

fn record_len() -> u64 {
    record(0).len() as u64
}

impl Lane {
    fn start(pool: &IoCtx, number: usize) -> Self {
        let appends = number.is_multiple_of(2);
        let name = format!("{}{number}", if appends { "append" } else { "write" });
        let under_way = submit(pool, &name, appends, 0);
        Self { name, appends, acknowledged: 0, submitted: Instant::now(), under_way }
    }

    /// Waits for the operation, and starts the next. Gives how long it took.
    fn step(&mut self, pool: &IoCtx) -> Result<Duration, Failure> {
        let next = submit(pool, &self.name, self.appends, self.acknowledged + 1);
        std::mem::replace(&mut self.under_way, next).wait()?;
        self.acknowledged += 1;
        let took = self.submitted.elapsed();
        self.submitted = Instant::now();
        Ok(took)
    }

    fn end(self) -> Result<(String, u64), Failure> {
        self.under_way.wait()?;
        Ok((self.name, self.acknowledged + 1))
    }
}

fn submit(pool: &IoCtx, name: &str, appends: bool, number: u64) -> Completion<()> {
    let data = record(number);
    if appends { pool.append(name, data) } else { pool.write(name, number * record_len(), data) }
}

/// Keeps operations under way until told to end. Gives each object with the number of its records, and the longest wait.
fn load(pool: &IoCtx, end: &AtomicBool, done: &AtomicU64) -> Result<(Vec<(String, u64)>, Duration), Failure> {
    let mut lanes: Vec<_> = (0..LANES).map(|number| Lane::start(pool, number)).collect();
    let mut longest = Duration::ZERO;
    while !end.load(Ordering::Relaxed) {
        for lane in &mut lanes {
            longest = longest.max(lane.step(pool)?);
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
    let objects = lanes.into_iter().map(Lane::end).collect::<Result<_, _>>()?;
    Ok((objects, longest))
}

/// Stops an OSD under load, starts it again, and verifies all that was acknowledged.
pub(crate) fn stop_an_osd(mini: &MiniCluster, cluster: &Cluster, pool: &IoCtx) -> Result<(), Failure> {
    println!(
        "{LANES} objects are appended to and written to without pause; osd.{STOPPED} is stopped, and started again."
    );
    let (end, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let (objects, longest) = thread::scope(|scope| {
        let load = scope.spawn(|| load(pool, &end, &done));
        let changes = || -> Result<(), Failure> {
            let mut before = 0;
            let mut phase = |what: &str| {
                thread::sleep(PHASE);
                let now = done.load(Ordering::Relaxed);
                println!("    {what:<24}{:>9} writes acknowledged", now - before);
                before = now;
            };
            phase("all OSDs up");
            mini.stop_osd(STOPPED)?;
            phase(&format!("osd.{STOPPED} stopped"));
            mini.start_osd(STOPPED)?;
            phase(&format!("osd.{STOPPED} back"));
            Ok(())
        };
        let changed = changes();
        end.store(true, Ordering::Relaxed);
        let loaded = load.join().map_err(|_| "the load has panicked")??;
        changed.map(|()| loaded)
    })?;
    let records =
        objects.iter().map(|(name, records)| verify(pool, name, *records)).sum::<Result<u64, _>>()?;
    let epoch = cluster.osdmap().epoch;
    println!(
        "{records} writes acknowledged: none lost, none twice. The longest took {longest:.0?}. Now at epoch {epoch}.\n"
    );
    Ok(())
}

/// Each record is there once, in order: with appends, one that was lost or applied twice would move the others.
fn verify(pool: &IoCtx, name: &str, records: u64) -> Result<u64, Failure> {
    let wanted: String = (0..records).map(record).collect();
    if pool.read(name, 0, 0).wait()? == wanted {
        Ok(records)
    } else {
        Err(format!("{name}: an acknowledged write is lost, or was applied twice").into())
    }
}
