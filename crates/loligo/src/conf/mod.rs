//! What a cluster is reached with: `ceph.conf`, its metavariables, and the options of a caller.
//!
//! Follows `ConfFile`, `md_config_t` and `ceph_argparse_early_args` of Ceph: the sections that apply to a client are
//! `[global]`, `[client]` and `[client.NAME]`, the later ones winning; option names may be written with spaces, dashes
//! or underscores; values may hold metavariables as `$name` or `${name}`.

mod error;
mod expand;
mod file;
mod mon_host;
mod resolve;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use loligo_wire::entity::AuthEntityName;

use self::expand::Variable;

pub use error::ConfError;
pub use file::ConfFile;
pub(crate) use mon_host::parse_mon_host_within;
pub use mon_host::{MonHostError, parse_mon_host};
pub use value::size as parse_size;

/// The options of one client, from a file, the environment and the caller.
///
/// ```
/// use loligo::Conf;
///
/// let conf = Conf::parse("client.admin", "[global]\nmon host = 192.0.2.1\n[client]\nrun dir = /run/$cluster/$name\n")?;
/// assert_eq!(conf.get("mon_host").as_deref(), Some("192.0.2.1"));
/// assert_eq!(conf.get("run dir").as_deref(), Some("/run/ceph/client.admin"));
/// # Ok::<(), loligo::ConfError>(())
/// ```
#[derive(Clone)]
pub struct Conf {
    cluster: String,
    name: AuthEntityName,
    /// By normalised name; a value is expanded when it is read, so that it may name options set later.
    values: BTreeMap<String, String>,
    path: Option<PathBuf>,
}

impl Conf {
    /// No options but Ceph's defaults, for a client with this name (`client.admin`).
    ///
    /// # Errors
    ///
    /// When the name is not one.
    pub fn new(name: &str) -> Result<Self, ConfError> {
        Ok(Self { cluster: "ceph".to_owned(), name: parse_name(name)?, values: BTreeMap::new(), path: None })
    }

    /// Reads options from a text in the form of `ceph.conf`.
    ///
    /// # Errors
    ///
    /// When the name is not one, or a line of the text cannot be read.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfError> {
        let mut conf = Self::new(name)?;
        conf.apply(&ConfFile::parse(text)?);
        Ok(conf)
    }

    /// Reads options from a file. Its name without `.conf` is the cluster's name, as in Ceph.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn read(name: &str, path: impl AsRef<Path>) -> Result<Self, ConfError> {
        let path = path.as_ref();
        let mut conf = Self::new(name)?;
        let bytes = std::fs::read(path)
            .map_err(|source| ConfError::Read { path: path.to_owned(), source: source.into() })?;
        let text = String::from_utf8(bytes).map_err(|_| ConfError::NotUtf8 { path: path.to_owned() })?;
        if let Some(cluster) = cluster_of(path) {
            conf.cluster = cluster;
        }
        conf.apply(&ConfFile::parse(&text).map_err(|e| e.in_file(path))?);
        conf.path = Some(path.to_owned());
        Ok(conf)
    }

    /// Reads the first file that there is of `$CEPH_CONF`, `/etc/ceph/ceph.conf`, `~/.ceph/ceph.conf` and
    /// `./ceph.conf`.
    ///
    /// # Errors
    ///
    /// [`ConfError::NotFound`] when there is none, else as [`Self::read`].
    pub fn find(name: &str) -> Result<Self, ConfError> {
        if let Some(paths) = std::env::var_os("CEPH_CONF").filter(|v| !v.is_empty()) {
            let text = paths.to_string_lossy();
            let first = text.split([',', ';', ' ']).map(str::trim).find(|p| !p.is_empty());
            return Self::read(name, first.unwrap_or_default());
        }
        let tried = default_paths();
        match tried.iter().find(|path| path.exists()) {
            Some(path) => Self::read(name, path),
            None => Err(ConfError::NotFound { tried }),
        }
    }

    /// The client's name, `client.admin`.
    #[must_use]
    pub const fn name(&self) -> &AuthEntityName {
        &self.name
    }

    /// The cluster's name, `ceph` where nothing says otherwise.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The file that the options were read from.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Sets an option; the last one wins.
    pub fn set(&mut self, option: &str, value: impl Into<String>) -> &mut Self {
        self.values.insert(file::normalise(option), value.into());
        self
    }

    /// The value of an option with its metavariables expanded, if it was set.
    #[must_use]
    pub fn get(&self, option: &str) -> Option<String> {
        let option = file::normalise(option);
        let value = self.values.get(&option)?;
        Some(expand::expand(&option, value, &|name| self.metavariable(name)))
    }

    /// All options that were set, in order of name, not expanded.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// An option in seconds, as Ceph writes them: `30`, `0.5`, `5m`, `1h30m`.
    ///
    /// # Errors
    ///
    /// When the value is no duration.
    pub fn seconds(&self, option: &'static str, default: Duration) -> Result<Duration, ConfError> {
        self.typed(option, default, "a duration (30, 0.5, 5m)", value::seconds)
    }

    /// A size in bytes, as Ceph writes them: `4096`, `4K`, `100M`.
    ///
    /// # Errors
    ///
    /// When the value is no size.
    pub fn size(&self, option: &'static str, default: u64) -> Result<u64, ConfError> {
        self.typed(option, default, "a size (4096, 4K, 100M)", value::size)
    }

    /// A number.
    ///
    /// # Errors
    ///
    /// When the value is no number.
    pub fn number(&self, option: &'static str, default: u64) -> Result<u64, ConfError> {
        self.typed(option, default, "a number", |text| text.parse().ok())
    }

    /// A fraction or factor.
    ///
    /// # Errors
    ///
    /// When the value is no number.
    pub fn float(&self, option: &'static str, default: f64) -> Result<f64, ConfError> {
        self.typed(option, default, "a number", |text| text.parse().ok().filter(|n: &f64| n.is_finite()))
    }

    /// A switch.
    ///
    /// # Errors
    ///
    /// When the value is neither true nor false.
    pub fn flag(&self, option: &'static str, default: bool) -> Result<bool, ConfError> {
        self.typed(option, default, "true or false", value::flag)
    }

    /// One of a few words. `wanted` names them.
    pub(crate) fn choice<T: FromStr>(
        &self,
        option: &'static str,
        default: T,
        wanted: &'static str,
    ) -> Result<T, ConfError> {
        self.typed(option, default, wanted, |text| text.parse().ok())
    }

    fn typed<T>(
        &self,
        option: &'static str,
        default: T,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfError> {
        let Some(value) = self.get(option) else { return Ok(default) };
        parse(value.trim()).ok_or(ConfError::BadValue { option, value, wanted })
    }

    fn apply(&mut self, file: &ConfFile) {
        let sections = ["global".to_owned(), self.name.kind.name().to_owned(), self.name.to_string()];
        for section in sections {
            for (key, value) in file.section(&section) {
                self.values.insert(key.to_owned(), value.to_owned());
            }
        }
    }

    fn metavariable(&self, name: &str) -> Option<Variable> {
        let text = match name {
            "cluster" => self.cluster.clone(),
            "name" => self.name.to_string(),
            "type" => self.name.kind.name().to_owned(),
            "id" | "num" => self.name.id.clone(),
            "host" => host_name(),
            "pid" => std::env::var("PID").unwrap_or_else(|_| std::process::id().to_string()),
            "cctid" => std::process::id().to_string(),
            "home" => std::env::var("HOME").unwrap_or_default(),
            option => return self.values.get(option).cloned().map(Variable::Option),
        };
        Some(Variable::Text(text))
    }
}

/// Without the values: one of them may be a key.
impl fmt::Debug for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conf")
            .field("name", &self.name)
            .field("path", &self.path)
            .field("options", &self.values.keys())
            .finish_non_exhaustive()
    }
}

fn parse_name(name: &str) -> Result<AuthEntityName, ConfError> {
    name.parse().map_err(|_| ConfError::BadName { name: name.to_owned() })
}

fn cluster_of(path: &Path) -> Option<String> {
    (path.extension()? == "conf").then(|| path.file_stem()?.to_str().map(str::to_owned))?
}

fn default_paths() -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from("/etc/ceph/ceph.conf")];
    if let Some(home) = std::env::var_os("HOME") {
        paths.push(Path::new(&home).join(".ceph/ceph.conf"));
    }
    paths.push(PathBuf::from("ceph.conf"));
    paths
}

/// The name that the kernel knows this machine by, up to the first dot.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_that_is_nearest_wins_wherever_it_stands() {
        let conf = Conf::parse(
            "client.a",
            "[client.a]\nx = own\n[client]\nx = type\ny = type\n[global]\nx = all\ny = all\nz = all\n[osd]\nz = osd\n",
        )
        .unwrap();
        assert_eq!(conf.get("x").as_deref(), Some("own"));
        assert_eq!(conf.get("y").as_deref(), Some("type"));
        assert_eq!(conf.get("z").as_deref(), Some("all"));
    }

    #[test]
    fn names_are_the_same_with_spaces_dashes_and_underscores() {
        let mut conf = Conf::parse("client.a", "[global]\n  mon  host=h\n").unwrap();
        assert_eq!(conf.get("mon-host").as_deref(), Some("h"));
        conf.set("mon host", "g");
        assert_eq!(conf.get("mon_host").as_deref(), Some("g"));
    }

    #[test]
    fn values_name_metavariables_and_other_options() {
        let conf = Conf::parse(
            "client.rgw.a",
            "[global]\nkeyring = ${base}/$cluster.$name.keyring\nbase = /etc/$type/$id\nodd = $nothing $ 5$\n",
        )
        .unwrap();
        assert_eq!(conf.get("keyring").as_deref(), Some("/etc/client/rgw.a/ceph.client.rgw.a.keyring"));
        assert_eq!(conf.get("odd").as_deref(), Some("$nothing $ 5$"));
    }

    #[test]
    fn an_option_that_names_itself_ends() {
        let conf = Conf::parse("client.a", "[global]\na = x$b\nb = y$a\n").unwrap();
        assert!(conf.get("a").is_some());
    }

    #[test]
    fn a_wrong_value_names_the_option_and_what_it_takes() {
        let conf = Conf::parse("client.a", "[global]\nms_tcp_nodelay = perhaps\n").unwrap();
        let error = conf.flag("ms_tcp_nodelay", true).unwrap_err();
        assert_eq!(error.to_string(), "option ms_tcp_nodelay: \"perhaps\" is not true or false");
        assert!(conf.flag("ms_crc_data", true).unwrap());
    }

    #[test]
    fn a_key_is_not_shown() {
        let conf = Conf::parse("client.a", "[global]\nkey = AQBsecret==\n").unwrap();
        assert!(!format!("{conf:?}").contains("secret"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Conf::read("client.a", "/nonexistent/x.conf").unwrap_err();
        assert!(error.to_string().contains("/nonexistent/x.conf"), "{error}");
    }
}
