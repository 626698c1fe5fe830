//! What the checks found.

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::workspace;

/// One thing that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// File below the workspace's root, or a package.
    pub(crate) place: String,
    /// Line from 1, or 0 where the whole file or package is meant.
    pub(crate) line: usize,
    /// What is wrong and why that matters.
    pub(crate) what: String,
}

impl Finding {
    /// A finding in a line of a file.
    pub(crate) fn at(file: &Path, line: usize, what: impl Into<String>) -> Finding {
        Finding { place: workspace::below_root(file), line, what: what.into() }
    }

    /// A finding about a whole file or package.
    pub(crate) fn of(place: impl Into<String>, what: impl Into<String>) -> Finding {
        Finding { place: place.into(), line: 0, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.place, self.what),
            line => write!(f, "{}:{line}: {}", self.place, self.what),
        }
    }
}

/// Prints what `check` found; any finding makes an error.
pub(crate) fn conclude(check: &str, mut findings: Vec<Finding>) -> Result<()> {
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("{check}: all in order");
            Ok(())
        }
        count => bail!("{check}: {count} findings"),
    }
}
