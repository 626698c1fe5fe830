//! Addresses as text, the way Ceph prints and reads them.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

use thiserror::Error;

use super::{AddrType, EntityAddr, EntityAddrVec, HostAddr};

/// Why a text is no name or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntityParseError {
    /// A name without a dot between type and id.
    #[error("a name is written type.id")]
    NoDot,
    /// A name whose type is none of mon, osd, mds, mgr, client, auth.
    #[error("unknown type of entity; known are mon, osd, mds, mgr, client, auth")]
    UnknownType,
    /// A name whose number is none.
    #[error("the part behind the dot is not a number")]
    NotANumber,
    /// An address that does not start with an IP address.
    #[error("not an IP address")]
    BadIp,
    /// A port that is none.
    #[error("a port is a number up to 65535")]
    BadPort,
    /// A nonce that is none.
    #[error("a nonce is a number of 32 bits")]
    BadNonce,
    /// A bracket that is not closed.
    #[error("a bracket is not closed")]
    OpenBracket,
    /// Something behind the end.
    #[error("something follows the address")]
    LeftOver,
}

impl fmt::Display for HostAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.socket_addr() {
            Some(SocketAddr::V4(addr)) => write!(f, "{addr}"),
            Some(SocketAddr::V6(addr)) => write!(f, "[{}]:{}", addr.ip(), addr.port()),
            None => write!(f, "(unrecognized address family {})", self.family()),
        }
    }
}

/// `v1:127.0.0.1:6789/0`; without `any:`, and `-` for none.
impl fmt::Display for EntityAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            AddrType::NONE => return f.write_str("-"),
            AddrType::ANY => {}
            kind => write!(f, "{kind}:")?,
        }
        write!(f, "{}/{}", self.host, self.nonce)
    }
}

/// One address as it is, several as `[v2:…,v1:…]`, none as nothing.
impl fmt::Display for EntityAddrVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => Ok(()),
            [one] => write!(f, "{one}"),
            [first, rest @ ..] => {
                write!(f, "[{first}")?;
                for addr in rest {
                    write!(f, ",{addr}")?;
                }
                f.write_str("]")
            }
        }
    }
}

impl EntityAddr {
    /// Reads an address off the front of a text and gives what follows it (`entity_addr_t::parse`): `v1:`, `v2:` or
    /// `any:`, else the type is `default`; an IP address, with or without brackets; `:port` and `/nonce`, each 0 where
    /// it is left out. `-` is no address.
    ///
    /// # Errors
    ///
    /// When the text does not start with an address.
    pub fn parse_prefix(text: &str, default: AddrType) -> Result<(Self, &str), EntityParseError> {
        if let Some(rest) = text.strip_prefix('-') {
            return Ok((Self::NONE, rest));
        }
        let (kind, text) = split_kind(text, default);
        let (ip, text) = split_ip(text)?;
        let (port, text) = split_number(text, ':', EntityParseError::BadPort)?;
        let (nonce, text) = split_number(text, '/', EntityParseError::BadNonce)?;
        Ok((Self::new(kind, SocketAddr::new(ip, port), nonce), text))
    }

    /// Reads an address that takes the whole text; its type is `default` where the text names none.
    ///
    /// # Errors
    ///
    /// When the text is not an address.
    pub fn parse(text: &str, default: AddrType) -> Result<Self, EntityParseError> {
        match Self::parse_prefix(text, default)? {
            (addr, "") => Ok(addr),
            _ => Err(EntityParseError::LeftOver),
        }
    }
}

fn split_kind(text: &str, default: AddrType) -> (AddrType, &str) {
    [AddrType::LEGACY, AddrType::MSGR2, AddrType::ANY]
        .into_iter()
        .find_map(|kind| Some((kind, text.strip_prefix(kind.name())?.strip_prefix(':')?)))
        .unwrap_or((default, text))
}

fn split_ip(text: &str) -> Result<(IpAddr, &str), EntityParseError> {
    let (bracketed, text) = text.strip_prefix('[').map_or((false, text), |inner| (true, inner));
    let v4 = text.split_once(|c: char| c != '.' && !c.is_ascii_digit()).map_or(text, |(head, _)| head);
    let v6 = text.split_once(|c: char| c != ':' && !c.is_ascii_hexdigit()).map_or(text, |(head, _)| head);
    let (ip, used) = if let Ok(ip) = v4.parse() {
        (IpAddr::V4(ip), v4.len())
    } else {
        (IpAddr::V6(v6.parse().map_err(|_| EntityParseError::BadIp)?), v6.len())
    };
    let rest = text.get(used..).unwrap_or_default();
    if bracketed {
        Ok((ip, rest.strip_prefix(']').ok_or(EntityParseError::OpenBracket)?))
    } else {
        Ok((ip, rest))
    }
}

/// Takes `mark` and the digits behind it off the front; 0 where the mark is not there.
fn split_number<T: FromStr + Default>(
    text: &str,
    mark: char,
    error: EntityParseError,
) -> Result<(T, &str), EntityParseError> {
    let Some(text) = text.strip_prefix(mark) else {
        return Ok((T::default(), text));
    };
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    Ok((digits.parse().map_err(|_| error)?, rest))
}

/// What [`fmt::Display`] wrote: an address without a type is of type any.
impl FromStr for EntityAddr {
    type Err = EntityParseError;

    fn from_str(text: &str) -> Result<Self, EntityParseError> {
        Self::parse(text, AddrType::ANY)
    }
}

impl EntityAddrVec {
    /// Reads one address, or several as `[v2:…,v1:…]`, off the front of a text and gives what follows
    /// (`entity_addrvec_t::parse`).
    ///
    /// # Errors
    ///
    /// When the text does not start with an address or a list of them.
    pub fn parse_prefix(text: &str, default: AddrType) -> Result<(Self, &str), EntityParseError> {
        let Some(mut rest) = text.strip_prefix('[') else {
            return EntityAddr::parse_prefix(text, default).map(|(addr, rest)| (addr.into(), rest));
        };
        // The bracket may also belong to an IPv6 address.
        if let Ok((addr, rest)) = EntityAddr::parse_prefix(text, default)
            && matches!(addr.host, HostAddr::V6(_))
        {
            return Ok((addr.into(), rest));
        }
        let mut addrs = Vec::new();
        loop {
            let (addr, tail) = EntityAddr::parse_prefix(rest, default)?;
            addrs.push(addr);
            if let Some(end) = tail.strip_prefix(']') {
                return Ok((Self(addrs), end));
            }
            rest = tail.strip_prefix(',').ok_or(EntityParseError::OpenBracket)?;
        }
    }
}

/// One address, or `[v2:…,v1:…]`; nothing is an empty vector. An address without a type is of type any.
impl FromStr for EntityAddrVec {
    type Err = EntityParseError;

    fn from_str(text: &str) -> Result<Self, EntityParseError> {
        if text.is_empty() {
            return Ok(Self::NONE);
        }
        match Self::parse_prefix(text, AddrType::ANY)? {
            (addrs, "") => Ok(addrs),
            _ => Err(EntityParseError::LeftOver),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for text in [
            "v1:127.0.0.1:6789/0",
            "v2:[fd00::1]:3300/12",
            "10.0.0.1:0/4155",
            "-",
            "[v2:127.0.0.1:3300/0,v1:127.0.0.1:6789/0]",
            "[v2:[::1]:3300/0,v1:[::1]:6789/0]",
            "",
        ] {
            let addrs: EntityAddrVec = text.parse().unwrap();
            assert_eq!(addrs.to_string(), text);
        }
        assert_eq!(
            EntityAddr { kind: AddrType::CIDR, ..EntityAddr::NONE }.to_string(),
            "cidr:(unrecognized address family 0)/0"
        );
    }

    #[test]
    fn a_part_that_is_left_out_is_0_and_the_type_is_the_default() {
        let addr = EntityAddr::parse("1.2.3.4", AddrType::MSGR2).unwrap();
        assert_eq!(addr, EntityAddr::msgr2("1.2.3.4:0".parse().unwrap(), 0));
        assert_eq!("1.2.3.4:6789".parse::<EntityAddr>().unwrap().kind, AddrType::ANY);
        assert_eq!("::1".parse::<EntityAddr>().unwrap().port(), 0);
        assert_eq!("[::1]:6789".parse::<EntityAddrVec>().unwrap().front().port(), 6789);
    }

    #[test]
    fn other_text_is_refused_with_its_reason() {
        for (text, why) in [
            ("host:6789", EntityParseError::BadIp),
            ("1.2.3.4:65536", EntityParseError::BadPort),
            ("1.2.3.4:", EntityParseError::BadPort),
            ("1.2.3.4:1/x", EntityParseError::BadNonce),
            ("1.2.3.4:1 ", EntityParseError::LeftOver),
            ("[1.2.3.4:1", EntityParseError::OpenBracket),
            ("[v2:1.2.3.4:1,v1:1.2.3.4:2", EntityParseError::OpenBracket),
            ("[]", EntityParseError::BadIp),
        ] {
            assert_eq!(text.parse::<EntityAddrVec>(), Err(why), "{text}");
        }
    }
}
