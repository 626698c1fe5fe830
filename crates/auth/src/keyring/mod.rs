//! Keyrings: files that hold the keys of entities and what they may do (`KeyRing`).

mod parse;

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt::Write as _;

use loligo_wire::AuthEntityName;
use loligo_wire::cephx;
use loligo_wire::entity::EntityParseError;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::crypto::wire_to_base64;
use crate::{CryptoKey, KeyError};

/// The keys of entities and what they may do.
///
/// Keys are held as they are written: one of a type that cannot be used here does no harm to the others. It is told
/// when it is asked for.
///
/// ```
/// use loligo_auth::Keyring;
///
/// let text = b"[client.admin]\n\tkey = AQBx8yZnAAAAABAAJD4ao1vXoAOtXQZ3l8GqNA==\n\tcaps mon = \"allow *\"\n";
/// let keyring = Keyring::parse(text)?;
/// let key = keyring.key(&"client.admin".parse().unwrap())?;
/// assert_eq!(key.to_base64().as_str(), "AQBx8yZnAAAAABAAJD4ao1vXoAOtXQZ3l8GqNA==");
/// assert!(keyring.key(&"client.other".parse().unwrap()).is_err());
/// # Ok::<(), loligo_auth::KeyringError>(())
/// ```
#[derive(Debug, Default)]
pub struct Keyring {
    entries: BTreeMap<AuthEntityName, KeyringEntry>,
}

/// What a keyring says of one entity: Ceph's `EntityAuth`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KeyringEntry {
    /// Its key.
    pub key: Option<cephx::CryptoKey>,
    /// A new key that is not in use yet.
    pub pending_key: Option<cephx::CryptoKey>,
    /// What it may do, by service: `mon`, `osd`, …
    pub caps: BTreeMap<String, String>,
}

/// Why a key was not to be had from a keyring.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The text is not a keyring.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: KeyringLineError,
    },
    /// The keyring says nothing of the entity.
    #[error("the keyring has no section [{name}]")]
    NoEntity {
        /// The entity.
        name: AuthEntityName,
    },
    /// The keyring knows the entity, but not its key.
    #[error("section [{name}] has no key")]
    NoKey {
        /// The entity.
        name: AuthEntityName,
    },
    /// The key cannot be used.
    #[error("the key of {name}: {source}")]
    Key {
        /// The entity.
        name: AuthEntityName,
        /// Why.
        source: KeyError,
    },
}

/// What is wrong with a line of a keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyringLineError {
    /// Not a text.
    #[error("not UTF-8")]
    NotUtf8,
    /// Neither a section nor a field.
    #[error("neither [section] nor field = value")]
    NeitherSectionNorField,
    /// A field before the first section.
    #[error("a field outside of any section")]
    NoSection,
    /// A section's bracket is not closed, or something follows it.
    #[error("a section is written [name]")]
    BadSection,
    /// The section's name is not that of an entity.
    #[error("the section's name: {0}")]
    BadName(EntityParseError),
    /// A field that keyrings do not have.
    #[error("unknown field; known are key, caps SERVICE")]
    UnknownField,
    /// A quote is not closed, or something follows it.
    #[error("a quote is not closed, or something follows it")]
    BadQuote,
    /// The key cannot be read.
    #[error("the key: {0}")]
    BadKey(KeyError),
}

impl Keyring {
    /// A keyring that holds nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new() }
    }

    /// Reads a keyring: sections named by entity, fields `key` and `caps SERVICE`, comments behind `#` and `;`. A
    /// section `[global]` is skipped, and so is a field `auid`, as old keyrings have it.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Line`] with the first line that cannot be read, and why.
    pub fn parse(text: &[u8]) -> Result<Self, KeyringError> {
        parse::parse(text)
    }

    /// What the keyring says of an entity.
    #[must_use]
    pub fn get(&self, name: &AuthEntityName) -> Option<&KeyringEntry> {
        self.entries.get(name)
    }

    /// The key of an entity.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be used; a type that is not supported is named.
    pub fn key(&self, name: &AuthEntityName) -> Result<CryptoKey, KeyringError> {
        let entry = self.get(name).ok_or_else(|| KeyringError::NoEntity { name: name.clone() })?;
        let key = entry.key.as_ref().ok_or_else(|| KeyringError::NoKey { name: name.clone() })?;
        CryptoKey::from_wire(copy(key)).map_err(|source| KeyringError::Key { name: name.clone(), source })
    }

    /// Puts an entity in, in place of what was said of it before.
    pub fn insert(&mut self, name: AuthEntityName, entry: KeyringEntry) {
        self.entries.insert(name, entry);
    }

    /// All entities, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&AuthEntityName, &KeyringEntry)> {
        self.entries.iter()
    }

    /// The text of the keyring, as Ceph prints it. It holds the secrets.
    #[must_use]
    pub fn print(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::new());
        for (name, entry) in &self.entries {
            // Writing into a string cannot fail.
            let _ = writeln!(out, "[{name}]");
            if let Some(key) = &entry.key {
                let _ = writeln!(out, "\tkey = {}", *wire_to_base64(key));
            }
            if let Some(key) = &entry.pending_key {
                let _ = writeln!(out, "\tpending key = {}", *wire_to_base64(key));
            }
            for (service, caps) in &entry.caps {
                let _ = writeln!(out, "\tcaps {service} = \"{}\"", escape(caps));
            }
        }
        out
    }
}

impl KeyringEntry {
    /// An entity with that key, which may do that by service.
    #[must_use]
    pub fn new(key: &CryptoKey, caps: &[(&str, &str)]) -> Self {
        let caps = caps.iter().map(|(service, caps)| (String::from(*service), String::from(*caps))).collect();
        Self { key: Some(key.to_wire()), pending_key: None, caps }
    }
}

/// Puts a backslash before what would end the quote, and before what Ceph takes for a comment even in a quote.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '#' | ';') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn copy(key: &cephx::CryptoKey) -> cephx::CryptoKey {
    cephx::CryptoKey {
        key_type: key.key_type,
        created: key.created,
        secret: cephx::Secret::new(key.secret.expose()),
    }
}

#[cfg(test)]
mod tests;
