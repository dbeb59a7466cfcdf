//! Which addresses may be connected to: public ones, and those an administrator allows.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A host or a network that may be asked although it is private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Allowed {
    /// A host by its name.
    Host(String),
    /// An address, or all of a network.
    Network(IpNet),
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        let is_odd = |c: char| !(c.is_alphanumeric() || c == '-' || c == '.' || c == '_');
        if text.is_empty() || text.contains(is_odd) {
            return Err(format!("{text:?} is neither a host's name nor an address nor a network"));
        }
        Ok(Self::Host(text.to_ascii_lowercase()))
    }
}

impl TryFrom<String> for Allowed {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Allowed> for String {
    fn from(allowed: Allowed) -> Self {
        allowed.to_string()
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Network(network) => network.fmt(f),
        }
    }
}

/// Knows what is allowed.
#[derive(Debug, Clone)]
pub(super) struct Guard(Vec<Allowed>);

impl Guard {
    pub(super) fn new(allowed: &[Allowed]) -> Self {
        Self(allowed.to_vec())
    }

    /// Whether `address`, which `host` stands for, may be connected to.
    pub(super) fn lets(&self, host: &str, address: IpAddr) -> bool {
        let is_it = |allowed: &Allowed| match allowed {
            Allowed::Host(name) => name.eq_ignore_ascii_case(host.trim_end_matches('.')),
            Allowed::Network(network) => network.contains(&address.to_canonical()),
        };
        is_public(address) || self.0.iter().any(is_it)
    }
}

/// Whether an address leads out into the internet (IANA's registries of special-purpose addresses, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        // Shared by a provider's customers (RFC 6598).
        || (a == 100 && b & 0xc0 == 64)
        // Protocol assignments (RFC 6890), benchmarks (RFC 2544), relays (RFC 7526), what is kept for later (RFC 1112).
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18)
        || (a == 192 && b == 88 && c == 99)
        || a >= 240;
    !is_special
}

/// The IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4 (RFC 3056), NAT64 (RFC 6052). In a network's own
/// NAT64 prefix (RFC 8215) nobody outside knows where it stands, so what is in there is never public.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        (0, 0) if (c, d, e) == (0, 0, 0) && (f == 0 || f == 0xffff) => Some(v4(g, h)),
        (0x2002, _) => Some(v4(b, c)),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => Some(v4(g, h)),
        _ => None,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3 alone (RFC 4291); in it are Teredo (RFC 4380) and documentation (RFC 3849, RFC 9637).
    a & 0xe000 == 0x2000 && !(a == 0x2001 && (b == 0 || b == 0xdb8)) && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets(allowed: &[&str], host: &str, address: &str) -> bool {
        let allowed: Vec<Allowed> = allowed.iter().map(|text| text.parse().unwrap()).collect();
        Guard::new(&allowed).lets(host, address.parse().unwrap())
    }

    #[test]
    fn what_is_not_public_is_refused() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fdff::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "64:ff9b:1::101:101",
            "64:ff9b:1:a00:0:100:101:101",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "fec0::1",
            "3fff::1",
        ] {
            assert!(!lets(&[], "tv.example", address), "{address}");
        }
    }

    #[test]
    fn what_is_public_is_let_through() {
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1",
            "2a00::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(lets(&[], "tv.example", address), "{address}");
        }
    }

    #[test]
    fn an_administrator_allows_hosts_addresses_and_networks() {
        assert!(lets(&["nas.lan"], "NAS.lan", "192.168.1.5"));
        assert!(!lets(&["nas.lan"], "evil.nas.lan", "192.168.1.5"));
        assert!(lets(&["192.168.1.0/24"], "tv", "192.168.1.5"));
        assert!(lets(&["192.168.1.5"], "tv", "::ffff:192.168.1.5"));
        assert!(!lets(&["192.168.1.5"], "tv", "192.168.1.6"));
        assert!("http://nas.lan".parse::<Allowed>().is_err());
    }
}
