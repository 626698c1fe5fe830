//! The cluster that a command is about.

use std::time::Duration;

use loligo::{Cluster, Conf, ConfError, Error, IoCtx};

use crate::args::{Format, Global};
use crate::fail::Fail;
use crate::patience::{Awaited, patiently};

/// How long to wait for a cluster where neither the command line nor the configuration says. Ceph waits for five minutes,
/// which at a terminal is for ever.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A connected cluster, and what the command line said.
pub(crate) struct Context {
    pub(crate) cluster: Cluster,
    pub(crate) conf: Conf,
    pub(crate) format: Format,
    pool: Option<String>,
    namespace: String,
    locator: Option<String>,
}

impl Context {
    pub(crate) fn connect(global: &Global) -> Result<Self, Fail> {
        let conf = conf(global).map_err(Error::from)?;
        Ok(Self {
            cluster: patiently(Awaited::Monitors, || Cluster::connect(&conf))?,
            conf,
            format: global.format,
            pool: global.pool.clone(),
            namespace: global.namespace.clone(),
            locator: global.locator.clone(),
        })
    }

    /// The pool, namespace and locator key of the command line.
    pub(crate) fn io_ctx(&self) -> Result<IoCtx, Fail> {
        let pool = self.pool_name()?;
        let io_ctx =
            patiently(Awaited::Cluster, || self.cluster.io_ctx(pool))?.with_namespace(&self.namespace);
        Ok(match &self.locator {
            Some(key) => io_ctx.with_locator_key(key),
            None => io_ctx,
        })
    }

    pub(crate) fn pool_name(&self) -> Result<&str, Fail> {
        self.pool.as_deref().ok_or_else(no_pool)
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }
}

pub(crate) fn no_pool() -> Fail {
    Fail::Usage("this command needs a pool: name it with -p".to_owned())
}

/// The configuration: a file where there is one or one was named, and the command line over it.
fn conf(global: &Global) -> Result<Conf, ConfError> {
    let mut conf = match &global.conf {
        Some(path) => Conf::read(&global.name, path)?,
        None => match Conf::find(&global.name) {
            // With -m, everything that is needed is on the command line.
            Err(ConfError::NotFound { .. }) if global.mon_host.is_some() => Conf::new(&global.name)?,
            found => found?,
        },
    };
    if conf.get("client_mount_timeout").is_none() {
        conf.set("client_mount_timeout", CONNECT_TIMEOUT.as_secs_f64().to_string());
    }
    if let Some(keyring) = &global.keyring {
        conf.set("keyring", keyring.to_string_lossy());
    }
    if let Some(mon_host) = &global.mon_host {
        conf.set("mon_host", mon_host);
    }
    if let Some(timeout) = global.timeout {
        for option in ["client_mount_timeout", "rados_osd_op_timeout", "rados_mon_op_timeout"] {
            conf.set(option, timeout.as_secs_f64().to_string());
        }
    }
    set(global, &mut conf);
    Ok(conf)
}

/// What `--set` says.
pub(crate) fn set(global: &Global, conf: &mut Conf) {
    for (option, value) in &global.set {
        let name = option.replace([' ', '-'], "_");
        if !loligo::is_known_option(&name) {
            eprintln!("loligo: the option {name} has no effect here");
        }
        conf.set(option, value);
    }
}
