//! Reading a keyring. The grammar is that of `ceph.conf` (`common/ConfUtils.cc`), the fields those of
//! `KeyRing::set_modifier`.

use alloc::string::String;
use core::str::Chars;

use loligo_wire::AuthEntityName;
use zeroize::Zeroizing;

use super::{Keyring, KeyringEntry, KeyringError, KeyringLineError};
use crate::KeyError;
use crate::crypto::wire_from_base64;

pub(super) fn parse(text: &[u8]) -> Result<Keyring, KeyringError> {
    let mut parser = Parser { keyring: Keyring::new(), section: Section::None };
    let mut joined = Zeroizing::new(String::new());
    let mut start = 1;
    for (line, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let fail = |line, reason| KeyringError::Line { line, reason };
        let part = core::str::from_utf8(bytes).map_err(|_| fail(line, KeyringLineError::NotUtf8))?;
        let part = part.strip_suffix('\r').unwrap_or(part);
        if joined.is_empty() {
            start = line;
        }
        if let Some(part) = part.strip_suffix('\\') {
            joined.push_str(part);
            joined.push(' ');
            continue;
        }
        joined.push_str(part);
        parser.line(&joined).map_err(|reason| fail(start, reason))?;
        joined = Zeroizing::new(String::new());
    }
    parser.line(&joined).map_err(|reason| KeyringError::Line { line: start, reason })?;
    Ok(parser.keyring)
}

struct Parser {
    keyring: Keyring,
    section: Section,
}

enum Section {
    /// Before the first.
    None,
    /// One that is skipped.
    Global,
    /// An entity's.
    Entity(AuthEntityName),
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), KeyringLineError> {
        let line = line.trim();
        if line.is_empty() || is_comment(line) {
            return Ok(());
        }
        if let Some(heading) = line.strip_prefix('[') {
            return self.heading(heading);
        }
        let (field, value) = line.split_once('=').ok_or(KeyringLineError::NeitherSectionNorField)?;
        match &self.section {
            Section::None => Err(KeyringLineError::NoSection),
            Section::Global => Ok(()),
            Section::Entity(name) => {
                let entry = self.keyring.entries.entry(name.clone()).or_default();
                entry.set(field, value.trim())
            }
        }
    }

    fn heading(&mut self, heading: &str) -> Result<(), KeyringLineError> {
        let (name, rest) = heading.split_once(']').ok_or(KeyringLineError::BadSection)?;
        let rest = rest.trim();
        if !rest.is_empty() && !is_comment(rest) {
            return Err(KeyringLineError::BadSection);
        }
        self.section = match name.trim() {
            "global" => Section::Global,
            name => {
                let name: AuthEntityName = name.parse().map_err(KeyringLineError::BadName)?;
                self.keyring.entries.entry(name.clone()).or_default();
                Section::Entity(name)
            }
        };
        Ok(())
    }
}

impl KeyringEntry {
    /// Takes one field. Between the words of its name, any blanks and underscores stand.
    fn set(&mut self, field: &str, value: &str) -> Result<(), KeyringLineError> {
        let mut words = field.split([' ', '\t', '_']).filter(|word| !word.is_empty());
        match (words.next(), words.next(), words.next()) {
            (Some("key"), None, _) => self.key = Some(key(value)?),
            (Some("pending"), Some("key"), None) => self.pending_key = Some(key(value)?),
            (Some("caps"), Some(service), None) => {
                let caps = unquote(value)?;
                self.caps.insert(String::from(service), String::clone(&caps));
            }
            (Some("auid"), None, _) => {}
            _ => return Err(KeyringLineError::UnknownField),
        }
        Ok(())
    }
}

fn key(value: &str) -> Result<loligo_wire::cephx::CryptoKey, KeyringLineError> {
    let value = unquote(value)?;
    if value.is_empty() {
        return Err(KeyringLineError::BadKey(KeyError::Empty));
    }
    wire_from_base64(&value).map_err(KeyringLineError::BadKey)
}

fn is_comment(text: &str) -> bool {
    text.starts_with(['#', ';'])
}

/// Takes quotes, escapes and comments away.
fn unquote(value: &str) -> Result<Zeroizing<String>, KeyringLineError> {
    let mut chars = value.chars();
    match chars.clone().next() {
        Some(quote @ ('"' | '\'')) => {
            chars.next();
            let text = take_until(&mut chars, |c| c == quote).ok_or(KeyringLineError::BadQuote)?;
            let rest = chars.as_str().trim();
            if rest.is_empty() || is_comment(rest) { Ok(text) } else { Err(KeyringLineError::BadQuote) }
        }
        _ => {
            let text = take_until(&mut chars, |c| matches!(c, '#' | ';'));
            let text = text.unwrap_or_else(|| unescape(value));
            Ok(Zeroizing::new(String::from(text.trim_end())))
        }
    }
}

/// Takes all before a character that is not escaped, and that character; nothing if there is none.
fn take_until(chars: &mut Chars<'_>, is_end: impl Fn(char) -> bool) -> Option<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    loop {
        match chars.next()? {
            '\\' => text.push(chars.next()?),
            c if is_end(c) => return Some(text),
            c => text.push(c),
        }
    }
}

fn unescape(value: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}
