//! Making and removing pools.

use bytes::Bytes;
use loligo_wire::PoolId;
use serde_json::json;

use crate::{Cluster, Error};

/// What a new pool is like. What is not set is the cluster's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolOptions {
    /// How many placement groups (`osd_pool_default_pg_num`).
    pub pg_num: Option<u32>,
    /// How many copies of each object (`osd_pool_default_size`).
    pub size: Option<u32>,
}

impl Cluster {
    /// Creates a replicated pool, and blocks until the map with it is here (`rados_pool_create`). One that is there already
    /// is left as it is.
    ///
    /// # Errors
    ///
    /// When the monitors refuse it, or do not answer.
    pub fn create_pool(&self, name: &str, options: PoolOptions) -> Result<PoolId, Error> {
        let mut command = json!({ "prefix": "osd pool create", "pool": name });
        if let Some(fields) = command.as_object_mut() {
            for (field, value) in
                [("pg_num", options.pg_num), ("pgp_num", options.pg_num), ("size", options.size)]
            {
                if let Some(value) = value {
                    fields.insert(field.to_owned(), json!(value));
                }
            }
        }
        self.mon_command(&command.to_string(), Bytes::new()).wait()?;
        let map = self.wait_for_latest_osdmap().wait()?;
        map.lookup_pg_pool_name(name).ok_or_else(|| Error::NoSuchPool { pool: name.to_owned() })
    }

    /// Removes a pool with all its objects, and blocks until the map without it is here (`rados_pool_delete`). A cluster
    /// allows that only with the option `mon_allow_pool_delete`.
    ///
    /// # Errors
    ///
    /// When there is no such pool, or the monitors refuse it.
    pub fn delete_pool(&self, name: &str) -> Result<(), Error> {
        self.io_ctx(name)?;
        let command = json!({
            "prefix": "osd pool delete",
            "pool": name,
            "pool2": name,
            "yes_i_really_really_mean_it": true,
        });
        self.mon_command(&command.to_string(), Bytes::new()).wait()?;
        self.wait_for_latest_osdmap().wait()?;
        Ok(())
    }
}
