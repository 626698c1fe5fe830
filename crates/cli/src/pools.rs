//! Commands about pools and the cluster.

use std::io::{self, Write as _};

use loligo::PoolOptions;
use serde_json::{Value, json};

use crate::args::Format;
use crate::context::Context;
use crate::fail::{About as _, Fail};
use crate::output;
use crate::patience::{Awaited, patiently, wait};

pub(crate) fn lspools(context: &Context) -> Result<(), Fail> {
    let pools = context.cluster.pools();
    let mut out = io::stdout().lock();
    if context.format == Format::Plain {
        for (_, name) in &pools {
            writeln!(out, "{name}")?;
        }
        return Ok(());
    }
    let rows: Value = pools.iter().map(|(id, name)| json!({ "poolnum": id.0, "poolname": name })).collect();
    writeln!(out, "{}", output::json(&rows, context.format))?;
    Ok(())
}

pub(crate) fn mkpool(
    context: &Context,
    pool: &str,
    pg_num: Option<u32>,
    size: Option<u32>,
) -> Result<(), Fail> {
    let create = || context.cluster.create_pool(pool, PoolOptions { pg_num, size });
    patiently(Awaited::Cluster, create).about(|| format!("mkpool {pool}"))?;
    writeln!(io::stdout(), "successfully created pool {pool}")?;
    Ok(())
}

pub(crate) fn rmpool(context: &Context, pool: &str, again: &str, sure: bool) -> Result<(), Fail> {
    if pool != again || !sure {
        return Err(Fail::Usage(format!(
            "this would PERMANENTLY DESTROY all data of pool {pool}; if that is what you want: loligo rmpool {pool} {pool} \
             --yes-i-really-really-mean-it"
        )));
    }
    patiently(Awaited::Cluster, || context.cluster.delete_pool(pool)).about(|| format!("rmpool {pool}"))?;
    writeln!(io::stdout(), "successfully deleted pool {pool}")?;
    Ok(())
}

/// Prints what the monitors say of themselves.
pub(crate) fn ask(context: &Context, prefix: &str) -> Result<(), Fail> {
    let format = match context.format {
        Format::Plain => "plain",
        Format::Json => "json",
        Format::JsonPretty => "json-pretty",
    };
    let command = json!({ "prefix": prefix, "format": format }).to_string();
    let reply =
        wait(context.cluster.mon_command(&command, bytes::Bytes::new())).about(|| prefix.to_owned())?;
    let mut out = io::stdout().lock();
    // Ceph's JSON begins with an empty line.
    let text = reply.data.trim_ascii_start();
    let text = if context.format == Format::Plain { &reply.data[..] } else { text };
    out.write_all(text)?;
    if !text.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    Ok(())
}
