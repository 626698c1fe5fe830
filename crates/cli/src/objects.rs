//! Commands about objects.

use std::io::{self, BufWriter, Write as _};
use std::time::SystemTime;

use jiff::tz::TimeZone;
use loligo::{ListObject, Placement};
use serde_json::{Value, json};

use crate::args::Format;
use crate::context::Context;
use crate::fail::{self, About as _, Fail};
use crate::output;
use crate::patience::{Awaited, Watch, wait};

pub(crate) fn stat(context: &Context, object: &str) -> Result<(), Fail> {
    let pool = context.pool_name()?;
    let stat = wait(context.io_ctx()?.stat(object)).about(|| fail::on("stat", pool, object))?;
    let mtime = local_time(stat.modified);
    let text = match context.format {
        Format::Plain => format!("{pool}/{object} mtime {mtime}, size {}", stat.size),
        format => output::json(&json!({ "name": object, "size": stat.size, "mtime": mtime }), format),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// A time as `utime_t` prints it, in whole seconds as `rados stat` has them.
fn local_time(time: SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S.000000%z").to_string(),
        Err(_) => "out of range".to_owned(),
    }
}

pub(crate) fn rm(context: &Context, objects: &[String], force_full: bool) -> Result<(), Fail> {
    let pool = context.pool_name()?;
    let mut io_ctx = context.io_ctx()?;
    if force_full {
        io_ctx = io_ctx.with_full_force();
    }
    let mut first = Ok(());
    for object in objects {
        let removed = wait(io_ctx.remove(object)).about(|| fail::on("rm", pool, object));
        // The others are removed all the same; each failure is told.
        if let Err(fail) = removed {
            match first {
                Ok(()) => first = Err(fail),
                Err(_) => eprintln!("loligo: {fail}"),
            }
        }
    }
    first
}

pub(crate) fn truncate(context: &Context, object: &str, length: u64) -> Result<(), Fail> {
    let pool = context.pool_name()?;
    wait(context.io_ctx()?.truncate(object, length)).about(|| fail::on("truncate", pool, object))
}

pub(crate) fn create(context: &Context, object: &str) -> Result<(), Fail> {
    let pool = context.pool_name()?;
    wait(context.io_ctx()?.create_exclusive(object)).about(|| fail::on("create", pool, object))
}

pub(crate) fn ls(context: &Context, all: bool) -> Result<(), Fail> {
    let pool = context.pool_name()?;
    let io_ctx = context.io_ctx()?;
    let mut list = if all { io_ctx.list_all() } else { io_ctx.list() };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut rows = Vec::new();
    let watch = Watch::over(Awaited::Cluster);
    while let Some(object) = watch.during(|| list.next()) {
        let object = object.about(|| format!("ls {pool}"))?;
        match context.format {
            Format::Plain => write_line(&mut out, &object, all)?,
            _ => rows.push(row(&object)),
        }
    }
    if context.format != Format::Plain {
        writeln!(out, "{}", output::json(&Value::Array(rows), context.format))?;
    }
    Ok(out.flush()?)
}

fn write_line(out: &mut impl io::Write, object: &ListObject, all: bool) -> io::Result<()> {
    if all {
        out.write_all(&object.nspace)?;
        out.write_all(b"\t")?;
    }
    out.write_all(&object.oid)?;
    if !object.locator.is_empty() {
        out.write_all(b"\t")?;
        out.write_all(&object.locator)?;
    }
    out.write_all(b"\n")
}

fn row(object: &ListObject) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut row = json!({ "namespace": text(&object.nspace), "name": text(&object.oid) });
    if let Some(fields) = row.as_object_mut().filter(|_| !object.locator.is_empty()) {
        fields.insert("locator".to_owned(), json!(text(&object.locator)));
    }
    row
}

pub(crate) fn map(context: &Context, object: &str) -> Result<(), Fail> {
    let pool = context.pool_name()?;
    let io_ctx = context.io_ctx()?;
    let placed = io_ctx.map(object).about(|| fail::on("map", pool, object))?;
    let name = match context.namespace() {
        "" => object.to_owned(),
        namespace => format!("{namespace}/{object}"),
    };
    let text = match context.format {
        Format::Plain => map_text(pool, &name, &placed),
        format => output::json(&map_json(pool, &name, &placed), format),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

fn map_json(pool: &str, name: &str, placed: &Placement) -> Value {
    let ids = |osds: &[loligo_wire::OsdId]| osds.iter().map(|osd| osd.0).collect::<Vec<_>>();
    json!({
        "epoch": placed.epoch.0,
        "pool": pool,
        "pool_id": placed.pg.pool.0,
        "objname": name,
        "raw_pgid": placed.raw_pg.to_string(),
        "pgid": placed.pg.to_string(),
        "up": ids(&placed.up),
        "up_primary": placed.up_primary.map_or(-1, |osd| osd.0),
        "acting": ids(&placed.acting),
        "acting_primary": placed.acting_primary.map_or(-1, |osd| osd.0),
    })
}

fn map_text(pool: &str, name: &str, placed: &Placement) -> String {
    let list = |osds: &[loligo_wire::OsdId]| {
        let ids: Vec<_> =
            osds.iter().map(|osd| if osd.is_osd() { osd.to_string() } else { "NONE".to_owned() }).collect();
        format!("[{}]", ids.join(","))
    };
    format!(
        "osdmap e{} pool '{pool}' ({}) object '{name}' -> pg {} ({}) -> up ({}, p{}) acting ({}, p{})",
        placed.epoch,
        placed.pg.pool,
        placed.raw_pg,
        placed.pg,
        list(&placed.up),
        placed.up_primary.map_or(-1, |osd| osd.0),
        list(&placed.acting),
        placed.acting_primary.map_or(-1, |osd| osd.0),
    )
}
