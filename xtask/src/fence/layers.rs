//! The table of layers, as in the design: which crate may use which.

use std::collections::BTreeSet;

/// What a crate is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No sockets, no threads, no clock, no global randomness, no iteration in hash order, no `async`
    Pure,
    /// Everything else
    Edge,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Name of the package.
    pub(crate) package: &'static str,
    /// Whether it may touch the world.
    pub(crate) kind: Kind,
    /// Whether it must build without the standard library.
    pub(crate) is_no_std: bool,
    /// Our crates that it may use, and with each what that one uses.
    pub(crate) ours: &'static [&'static str],
    /// The crates of others that it may use.
    pub(crate) outside: &'static [&'static str],
}

/// Crates that any layer may use.
pub(crate) const ANYWHERE: &[&str] = &["thiserror", "tracing"];

/// Every layer, from the bottom up.
pub(crate) const LAYERS: &[Layer] = &[
    Layer { package: "loligo-base", kind: Kind::Pure, is_no_std: true, ours: &[], outside: &[] },
    Layer {
        package: "loligo-wire",
        kind: Kind::Pure,
        is_no_std: true,
        ours: &["loligo-base"],
        // zeroize: tickets and keys pass through messages.
        outside: &["bytes", "crc-fast", "smallvec", "zeroize"],
    },
    Layer {
        package: "loligo-placement",
        kind: Kind::Pure,
        is_no_std: true,
        ours: &["loligo-wire"],
        outside: &[],
    },
    Layer {
        package: "loligo-auth",
        kind: Kind::Pure,
        is_no_std: true,
        ours: &["loligo-wire"],
        outside: &[
            "aes",
            "aes-gcm",
            "aws-lc-rs",
            "base64",
            "cbc",
            "graviola",
            "hmac",
            "sha2",
            "subtle",
            "zeroize",
        ],
    },
    Layer {
        package: "loligo-msgr-proto",
        kind: Kind::Pure,
        is_no_std: false,
        ours: &["loligo-wire", "loligo-auth"],
        outside: &["lz4_flex", "miniz_oxide", "ruzstd", "slab", "snap"],
    },
    Layer {
        package: "loligo-msgr",
        kind: Kind::Edge,
        is_no_std: false,
        ours: &["loligo-msgr-proto"],
        // libc: the number of EINPROGRESS, which std has no name for. rustix: poll, for one socket that is being connected.
        outside: &["crossbeam-channel", "getrandom", "libc", "mio", "rustix", "socket2"],
    },
    Layer {
        package: "loligo-monclient",
        kind: Kind::Pure,
        is_no_std: false,
        ours: &["loligo-wire", "loligo-auth"],
        outside: &[],
    },
    Layer {
        package: "loligo-objecter",
        kind: Kind::Pure,
        is_no_std: false,
        ours: &["loligo-wire", "loligo-placement"],
        outside: &[],
    },
    Layer {
        package: "loligo-client",
        kind: Kind::Pure,
        is_no_std: false,
        ours: &["loligo-msgr-proto", "loligo-monclient", "loligo-objecter"],
        outside: &[],
    },
    Layer {
        package: "loligo-minicluster",
        kind: Kind::Pure,
        is_no_std: false,
        ours: &["loligo-msgr-proto", "loligo-auth", "loligo-placement"],
        // The words of a monitor command, and most answers, are JSON.
        outside: &["serde_json"],
    },
    Layer {
        package: "loligo-minicluster-net",
        kind: Kind::Edge,
        is_no_std: false,
        ours: &["loligo-minicluster", "loligo-msgr"],
        outside: &[],
    },
    Layer {
        package: "loligo-sim",
        kind: Kind::Pure,
        is_no_std: false,
        ours: &["loligo-client", "loligo-minicluster"],
        outside: &[],
    },
    Layer {
        package: "loligo",
        kind: Kind::Edge,
        is_no_std: false,
        ours: &["loligo-client", "loligo-msgr"],
        // The words of a monitor command, and most answers, are JSON.
        outside: &["serde_json"],
    },
    Layer {
        package: "loligo-cli",
        kind: Kind::Edge,
        is_no_std: false,
        ours: &["loligo", "loligo-minicluster-net", "loligo-sim"],
        // rustix: what CPU time a measurement took. signal-hook: a server that is interrupted says what it counted.
        outside: &["clap", "indicatif", "jiff", "rustix", "serde_json", "signal-hook"],
    },
];

/// Packages that are not layers: they may use anything and nothing may use them.
pub(crate) const TOOLS: &[&str] = &["xtask", "loligo-tests"];

/// The row of a package.
pub(crate) fn layer(package: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.package == package)
}

impl Layer {
    /// Every crate that it may use: those of its row, what those use, and those that are allowed anywhere.
    pub(crate) fn allowed(&self) -> BTreeSet<&'static str> {
        let mut allowed: BTreeSet<&str> = ANYWHERE.iter().chain(self.outside).copied().collect();
        for name in self.ours {
            allowed.insert(name);
            allowed.extend(layer(name).map(Layer::allowed).unwrap_or_default());
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_only_use_rows_above_them_and_no_pure_crate_uses_an_edge() {
        for (place, row) in LAYERS.iter().enumerate() {
            for used in row.ours {
                let below = LAYERS.iter().position(|other| other.package == *used).unwrap();
                assert!(below < place, "{} uses {used}", row.package);
                let is_sound = row.kind == Kind::Edge || LAYERS[below].kind == Kind::Pure;
                assert!(is_sound, "{} is pure and uses {used}", row.package);
            }
        }
    }

    #[test]
    fn what_a_used_crate_may_use_is_allowed_too() {
        let allowed = layer("loligo-objecter").unwrap().allowed();
        assert!(allowed.contains("loligo-base") && allowed.contains("bytes"));
        assert!(!allowed.contains("loligo-auth") && !allowed.contains("mio"));
    }
}
