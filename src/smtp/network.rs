//! Networks that may relay: parsing and matching. Knows nothing of SMTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Bits in front of the IPv4 address in an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2).
const MAPPED_BITS: u32 = 96;

/// An IP network, or a single address when the prefix has full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    V4 { address: u32, prefix: u32 },
    V6 { address: u128, prefix: u32 },
}

/// Why a text is no network, for the administrator who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NetworkError {
    #[error("this is not an IP address or a network like 192.0.2.0/24 or 2001:db8::/32")]
    Form,
    #[error("the prefix of an {family} network is 0 to {bits}")]
    Prefix { family: &'static str, bits: u32 },
    #[error("the address has bits set behind the prefix; write {0}")]
    HostBits(String),
}

impl Network {
    /// Whether `address` lies in the network. An IPv4-mapped IPv6 address counts as the IPv4 address that it is.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Network::V4 { address, prefix }, IpAddr::V4(other)) => {
                other.to_bits() & mask4(*prefix) == *address
            }
            (Network::V6 { address, prefix }, IpAddr::V6(other)) => {
                other.to_bits() & mask6(*prefix) == *address
            }
            _ => false,
        }
    }
}

/// Whether `address` lies in one of the networks.
pub(super) fn any_contains(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Form)?;
        match address {
            IpAddr::V4(address) => v4(address, prefix_length(prefix, "IPv4", 32)?),
            IpAddr::V6(address) => v6(address, prefix_length(prefix, "IPv6", 128)?),
        }
    }
}

fn prefix_length(text: Option<&str>, family: &'static str, bits: u32) -> Result<u32, NetworkError> {
    let Some(text) = text else { return Ok(bits) };
    // `parse` alone would take "+8".
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(length) if digits && length <= bits => Ok(length),
        _ => Err(NetworkError::Prefix { family, bits }),
    }
}

fn v4(address: Ipv4Addr, prefix: u32) -> Result<Network, NetworkError> {
    let network = address.to_bits() & mask4(prefix);
    if network != address.to_bits() {
        let right = Ipv4Addr::from_bits(network);
        return Err(NetworkError::HostBits(format!("{right}/{prefix}")));
    }
    Ok(Network::V4 {
        address: network,
        prefix,
    })
}

fn v6(address: Ipv6Addr, prefix: u32) -> Result<Network, NetworkError> {
    if let (Some(mapped), Some(prefix)) = (address.to_ipv4_mapped(), prefix.checked_sub(MAPPED_BITS)) {
        return v4(mapped, prefix);
    }
    let network = address.to_bits() & mask6(prefix);
    if network != address.to_bits() {
        let right = Ipv6Addr::from_bits(network);
        return Err(NetworkError::HostBits(format!("{right}/{prefix}")));
    }
    Ok(Network::V6 {
        address: network,
        prefix,
    })
}

/// A prefix of 0 would shift by the full width, which `checked_shl` answers with `None`.
fn mask4(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0)
}

fn mask6(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        let network: Network = network.parse().unwrap();
        network.contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_neighbours() {
        assert!(contains("10.0.0.0/8", "10.255.255.255"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("192.0.2.128/25", "192.0.2.128"));
        assert!(!contains("192.0.2.128/25", "192.0.2.127"));
        assert!(contains("192.0.2.7", "192.0.2.7"));
        assert!(!contains("192.0.2.7", "192.0.2.6"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::"));
        assert!(contains("::1", "::1"));
        assert!(!contains("::1", "::2"));
    }

    #[test]
    fn a_prefix_of_zero_holds_every_address_of_its_family_only() {
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "2001:db8::1"));
        assert!(!contains("::/0", "203.0.113.9"));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address_that_it_is() {
        assert!(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
        assert!(!contains("::/0", "::ffff:192.0.2.9"));
        assert!(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
        assert!(!contains("::ffff:192.0.2.0/120", "192.0.3.9"));
        assert!(contains("::ffff:0:0/96", "8.8.8.8"));
    }

    #[test]
    fn mistakes_are_named_with_their_cure() {
        let cases = [
            ("10.0.0.0/33", "the prefix of an IPv4 network is 0 to 32"),
            ("10.0.0.0/", "the prefix of an IPv4 network is 0 to 32"),
            ("10.0.0.0/+8", "the prefix of an IPv4 network is 0 to 32"),
            ("10.0.0.0/-1", "the prefix of an IPv4 network is 0 to 32"),
            ("2001:db8::/129", "the prefix of an IPv6 network is 0 to 128"),
            (
                "10.1.2.3/8",
                "the address has bits set behind the prefix; write 10.0.0.0/8",
            ),
            (
                "2001:db8::1/32",
                "the address has bits set behind the prefix; write 2001:db8::/32",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(
                text.parse::<Network>().unwrap_err().to_string(),
                message,
                "{text}"
            );
        }
        for text in [
            "",
            "/8",
            "10.0.0/8",
            "mail.example.com",
            "10.0.0.0 /8",
            "fe80::1%eth0",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Form), "{text}");
        }
    }
}
