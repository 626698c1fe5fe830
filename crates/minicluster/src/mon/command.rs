//! Commands: what `ceph` says to a monitor, as far as a small cluster understands it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use loligo_base::Now;
use loligo_msgr_proto::ConId;
use loligo_wire::message::{MMonCommand, MMonCommandAck};
use loligo_wire::osdmap::{OSDMap, OsdMapFlags, PgPool};
use loligo_wire::types::ErrorCode;
use loligo_wire::{OsdId, PoolId, Text, Tid};
use serde_json::{Map, Value};

use super::{Mon, show};

/// The most PGs of a pool of the small cluster.
const MAX_PG_NUM: u32 = 1 << 12;

/// What a command gives: the text for people (`rs`) and the data.
pub(super) struct Done {
    pub(super) rs: String,
    pub(super) out: Vec<u8>,
}

impl Done {
    pub(super) fn said(rs: impl Into<String>) -> Self {
        Self { rs: rs.into(), out: Vec::new() }
    }

    pub(super) fn data(out: impl Into<Vec<u8>>) -> Self {
        Self { rs: String::new(), out: out.into() }
    }
}

/// Why a command fails.
pub(super) struct Failed {
    code: ErrorCode,
    why: String,
}

impl Failed {
    pub(super) fn new(code: ErrorCode, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

pub(super) type Outcome = Result<Done, Failed>;

/// The arguments of a command, as `ceph` sends them: one JSON object.
pub(super) struct Args(Map<String, Value>);

impl Args {
    fn parse(text: &str) -> Result<Self, Failed> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Failed::new(ErrorCode::EINVAL, "command is not a JSON object")),
        }
    }

    /// An argument as a text; numbers and switches in their JSON form, as programs send them either way.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    fn need(&self, name: &str) -> Result<String, Failed> {
        self.get(name)
            .ok_or_else(|| Failed::new(ErrorCode::EINVAL, format!("missing required parameter {name}")))
    }

    fn number<T: core::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failed> {
        let wrong =
            |text: &str| Failed::new(ErrorCode::EINVAL, format!("{name}: \"{text}\" is not a number"));
        self.get(name).map(|text| text.parse().map_err(|_| wrong(&text))).transpose()
    }

    pub(super) fn is_json(&self) -> bool {
        self.get("format").is_some_and(|format| format.starts_with("json"))
    }

    fn osds(&self) -> Result<Vec<OsdId>, Failed> {
        let wrong = || Failed::new(ErrorCode::EINVAL, "ids: a list of OSDs is needed");
        let ids = match self.0.get("ids") {
            Some(Value::Array(ids)) => {
                ids.iter().map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect()
            }
            Some(other) => alloc::vec![other.as_str().map_or_else(|| other.to_string(), str::to_owned)],
            None => return Err(wrong()),
        };
        ids.iter()
            .map(|id: &String| id.trim_start_matches("osd.").parse().map(OsdId).map_err(|_| wrong()))
            .collect()
    }
}

impl Mon {
    pub(super) fn command(&mut self, now: Now, con: ConId, tid: Tid, message: MMonCommand) {
        let outcome = message
            .cmd
            .first()
            .ok_or_else(|| Failed::new(ErrorCode::EINVAL, "no command"))
            .and_then(|text| Args::parse(text))
            .and_then(|args| self.dispatch(now, &args));
        let (r, done) = match outcome {
            Ok(done) => (ErrorCode::OK, done),
            Err(failed) => (failed.code, Done::said(failed.why)),
        };
        let ack = MMonCommandAck {
            version: u64::from(self.maps.epoch().0),
            r,
            rs: Text::from(done.rs.as_str()),
            cmd: message.cmd.iter().map(|part| Text::from(part.as_str())).collect(),
            outbl: bytes::Bytes::from(done.out).into(),
        };
        self.send(con, tid, ack);
    }

    fn dispatch(&mut self, now: Now, args: &Args) -> Outcome {
        let map = self.maps.current().clone();
        match args.need("prefix")?.as_str() {
            "osd pool create" => self.pool_create(now, args),
            "osd pool rm" | "osd pool delete" => self.pool_remove(now, args),
            "osd pool set" => self.pool_set(now, args),
            "osd pool application enable" => Ok(Done::said("enabled application")),
            "osd set" | "osd unset" => self.flag(now, args),
            "osd down" => {
                let osds = self.existing(args)?;
                self.maps
                    .osd_down(now.wall, &osds.into_iter().filter(|osd| map.is_up(*osd)).collect::<Vec<_>>());
                self.publish();
                Ok(Done::said("marked down"))
            }
            "osd out" => self.weigh(now, args, OSDMap::OUT, "marked out"),
            "osd in" => self.weigh(now, args, OSDMap::IN, "marked in"),
            "osd lspools" | "osd pool ls" => Ok(show::pools(&map, args)),
            "osd map" => show::osd_map(&map, args),
            "osd dump" => Ok(show::osd_dump(&map)),
            "osd stat" => Ok(show::osd_stat(&map, args)),
            "osd getmap" => Ok(Done::data(self.maps.history().full().to_vec())),
            "fsid" => Ok(Done::data(format!("{}\n", self.fsid))),
            "version" => Ok(Done::data("ceph version 16.2.15 (loligo small cluster) pacific (stable)\n")),
            "status" => Ok(show::status(&map, self.fsid, args)),
            "df" => Ok(show::df(&map, args)),
            "health" => Ok(show::health(&map, args)),
            other => Err(Failed::new(ErrorCode::EINVAL, format!("command not known: {other}"))),
        }
    }

    fn existing(&self, args: &Args) -> Result<Vec<OsdId>, Failed> {
        let osds = args.osds()?;
        match osds.iter().find(|osd| !self.maps.current().exists(**osd)) {
            Some(osd) => Err(Failed::new(ErrorCode::ENOENT, format!("osd.{osd} does not exist"))),
            None => Ok(osds),
        }
    }

    fn weigh(&mut self, now: Now, args: &Args, weight: u32, said: &str) -> Outcome {
        let osds = self.existing(args)?;
        self.maps.osd_weight(now.wall, &osds, weight);
        self.publish();
        Ok(Done::said(said))
    }

    fn pool_create(&mut self, now: Now, args: &Args) -> Outcome {
        let name = args.need("pool")?;
        if name.is_empty() {
            return Err(Failed::new(ErrorCode::EINVAL, "a pool needs a name"));
        }
        if self.maps.current().lookup_pg_pool_name(&name).is_some() {
            return Ok(Done::said(format!("pool '{name}' already exists")));
        }
        if args.get("pool_type").is_some_and(|kind| kind != "replicated") {
            return Err(Failed::new(ErrorCode::EOPNOTSUPP, "the small cluster has only replicated pools"));
        }
        let pg_num = check_pg_num(args.number("pg_num")?.unwrap_or(self.default_pg_num))?;
        let size = match args.number("size")?.unwrap_or(0) {
            0 => self.default_size,
            size @ 1..=10 => size,
            size => return Err(Failed::new(ErrorCode::EINVAL, format!("size {size} is not in 1..10"))),
        };
        self.maps.create_pool(now.wall, &name, pg_num, size);
        self.publish();
        Ok(Done::said(format!("pool '{name}' created")))
    }

    fn pool(&self, name: &str) -> Result<PoolId, Failed> {
        let missing = || Failed::new(ErrorCode::ENOENT, format!("unrecognized pool '{name}'"));
        self.maps.current().lookup_pg_pool_name(name).ok_or_else(missing)
    }

    fn pool_remove(&mut self, now: Now, args: &Args) -> Outcome {
        let name = args.need("pool")?;
        let Some(id) = self.maps.current().lookup_pg_pool_name(&name) else {
            return Ok(Done::said(format!("pool '{name}' does not exist")));
        };
        let sure = ["yes_i_really_really_mean_it", "sure"]
            .iter()
            .any(|word| args.get(word).is_some_and(|value| value != "false"));
        if args.get("pool2").as_ref() != Some(&name) || !sure {
            return Err(Failed::new(
                ErrorCode::EPERM,
                format!(
                    "WARNING: this will *PERMANENTLY DESTROY* all data stored in pool {name}.  If you are *ABSOLUTELY \
                     CERTAIN* that is what you want, pass the pool name *twice*, followed by \
                     --yes-i-really-really-mean-it."
                ),
            ));
        }
        self.maps.remove_pool(now.wall, id);
        self.publish();
        Ok(Done::said(format!("pool '{name}' removed")))
    }

    fn pool_set(&mut self, now: Now, args: &Args) -> Outcome {
        let name = args.need("pool")?;
        let id = self.pool(&name)?;
        let (var, val) = (args.need("var")?, args.need("val")?);
        let number = || {
            val.parse::<u32>().map_err(|_| Failed::new(ErrorCode::EINVAL, format!("'{val}' is not a number")))
        };
        match var.as_str() {
            "pg_num" | "pgp_num" => {
                let pg_num = check_pg_num(number()?)?;
                if self.maps.current().get_pg_pool(id).is_some_and(|pool| pool.pg_num > pg_num) {
                    return Err(Failed::new(ErrorCode::EOPNOTSUPP, "the small cluster does not merge PGs"));
                }
                self.maps.change_pool(now.wall, id, |pool, epoch| grow(pool, pg_num, epoch));
            }
            "min_size" | "size" => {
                let size = number()?;
                let size = u8::try_from(size)
                    .ok()
                    .filter(|size| (1..=10).contains(size))
                    .ok_or_else(|| Failed::new(ErrorCode::EINVAL, format!("{var} {size} is not in 1..10")))?;
                let is_size = var == "size";
                self.maps.change_pool(now.wall, id, |pool, _| {
                    if is_size { pool.size = size } else { pool.min_size = size }
                });
            }
            other => return Err(Failed::new(ErrorCode::EINVAL, format!("invalid variable: '{other}'"))),
        }
        self.publish();
        Ok(Done::said(format!("set pool {id} {var} to {val}")))
    }

    fn flag(&mut self, now: Now, args: &Args) -> Outcome {
        let set = args.need("prefix")? == "osd set";
        let key = args.need("key")?;
        let flags = match key.as_str() {
            "pause" => OsdMapFlags::PAUSERD | OsdMapFlags::PAUSEWR,
            name => OsdMapFlags::from_name(name)
                .ok_or_else(|| Failed::new(ErrorCode::EINVAL, format!("unrecognized flag '{name}'")))?,
        };
        let before = self.maps.current().flags;
        self.maps.set_flags(now.wall, if set { before | flags } else { before.without(flags) });
        self.publish();
        self.boot_waiting(now);
        let shown = if key == "pause" { "pauserd,pausewr" } else { &key };
        Ok(Done::said(format!("{shown} is {}", if set { "set" } else { "unset" })))
    }
}

fn check_pg_num(pg_num: u32) -> Result<u32, Failed> {
    if (1..=MAX_PG_NUM).contains(&pg_num) {
        Ok(pg_num)
    } else {
        Err(Failed::new(ErrorCode::ERANGE, format!("pg_num {pg_num} is not in 1..{MAX_PG_NUM}")))
    }
}

/// More PGs. Clients send again what was under way (`last_force_op_resend` and, by its own rule, a split).
fn grow(pool: &mut PgPool, pg_num: u32, epoch: loligo_wire::Epoch) {
    pool.set_pg_num(pg_num);
    pool.pgp_num = pg_num;
    pool.pg_num_target = pg_num;
    pool.pgp_num_target = pg_num;
    pool.set_last_force_op_resend(epoch);
}
