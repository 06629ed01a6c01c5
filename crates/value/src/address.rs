//! Internet addresses and networks (CITE LIT-9 to LIT-13).

use core::net::{Ipv4Addr, Ipv6Addr};

/// An address; an IPv4-mapped IPv6 address is an IPv4 address (CITE LIT-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// IPv4.
    V4(u32),
    /// IPv6.
    V6(u128),
}

impl Address {
    /// Reads one whole address: no length, port, zone or blanks.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            let bits = text.parse::<Ipv6Addr>().ok()?.to_bits();
            return Some(match mapped(bits) {
                Some(v4) => Self::V4(v4),
                None => Self::V6(bits),
            });
        }
        Some(Self::V4(text.parse::<Ipv4Addr>().ok()?.to_bits()))
    }
}

fn mapped(bits: u128) -> Option<u32> {
    (bits >> 32 == 0xffff).then_some((bits & 0xffff_ffff) as u32)
}

/// A network: an address with its host bits masked, and the number of bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// IPv4, length 0 to 32.
    V4(u32, u8),
    /// IPv6, length 0 to 128.
    V6(u128, u8),
}

/// Why a network of a policy could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkFault {
    /// Neither an address nor `address/length`.
    Malformed,
    /// An IPv4-mapped address with a prefix that reaches outside the mapped range.
    ShortMapped,
}

impl Network {
    /// Reads an address or `address/length`; true when host bits had to be masked (CITE LIT-10).
    pub fn parse(text: &str) -> Result<(Self, bool), NetworkFault> {
        let (address, length) = split_length(text)?;
        if address.contains(':') {
            let bits = address.parse::<Ipv6Addr>().map_err(|_| NetworkFault::Malformed)?.to_bits();
            let length = length.unwrap_or(128);
            if length > 128 {
                return Err(NetworkFault::Malformed);
            }
            if let Some(v4) = mapped(bits) {
                let length = length.checked_sub(96).ok_or(NetworkFault::ShortMapped)?;
                let network = Self::v4(v4, length);
                return Ok((network, network != Self::V4(v4, length)));
            }
            let network = Self::v6(bits, length);
            return Ok((network, network != Self::V6(bits, length)));
        }
        let bits = address.parse::<Ipv4Addr>().map_err(|_| NetworkFault::Malformed)?.to_bits();
        let length = length.unwrap_or(32);
        if length > 32 {
            return Err(NetworkFault::Malformed);
        }
        let network = Self::v4(bits, length);
        Ok((network, network != Self::V4(bits, length)))
    }

    /// The IPv4 network of an address; `length` is at most 32.
    pub fn v4(bits: u32, length: u8) -> Self {
        let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
        Self::V4(bits & mask, length.min(32))
    }

    /// The IPv6 network of an address; `length` is at most 128.
    pub fn v6(bits: u128, length: u8) -> Self {
        let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
        Self::V6(bits & mask, length.min(128))
    }

    /// Whether the address lies in the network; the families never meet.
    pub fn contains(self, address: Address) -> bool {
        match (self, address) {
            (Self::V4(_, length), Address::V4(bits)) => Self::v4(bits, length) == self,
            (Self::V6(_, length), Address::V6(bits)) => Self::v6(bits, length) == self,
            _ => false,
        }
    }
}

impl core::fmt::Display for Network {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::V4(bits, length) => write!(f, "{}/{length}", Ipv4Addr::from_bits(bits)),
            Self::V6(bits, length) => write!(f, "{}/{length}", Ipv6Addr::from_bits(bits)),
        }
    }
}

/// The address text and the length behind the slash, a decimal without leading zeros.
fn split_length(text: &str) -> Result<(&str, Option<u8>), NetworkFault> {
    let Some((address, length)) = text.split_once('/') else { return Ok((text, None)) };
    let sound = (1..=3).contains(&length.len())
        && length.bytes().all(|b| b.is_ascii_digit())
        && (length == "0" || !length.starts_with('0'));
    let length = length.parse().ok().filter(|_| sound).ok_or(NetworkFault::Malformed)?;
    Ok((address, Some(length)))
}

/// An IPv4 value in which whole octets are `*` (CITE LIT-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OctetWildcard {
    /// The octets; `None` for `*`.
    pub octets: [Option<u8>; 4],
    /// The bits that count, 0 to 32.
    pub length: u8,
}

impl OctetWildcard {
    /// Reads a value with at least one whole octet `*`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = split_length(text).ok()?;
        let length = length.unwrap_or(32);
        let mut octets = [None; 4];
        let mut parts = address.split('.');
        for octet in &mut octets {
            *octet = match parts.next()? {
                "*" => None,
                digits if digits == "0" || (!digits.starts_with('0') && digits.len() <= 3) => {
                    let plain = digits.bytes().all(|b| b.is_ascii_digit());
                    Some(digits.parse().ok().filter(|_| plain)?)
                }
                _ => return None,
            };
        }
        let sound = parts.next().is_none() && length <= 32 && octets.contains(&None);
        sound.then_some(Self { octets, length })
    }

    /// How many networks the value is when trailing wildcards have become a shorter length.
    pub fn count(&self) -> u64 {
        let (shape, _) = self.shape();
        shape.iter().filter(|octet| octet.is_none()).fold(1, |n, _| n * 256)
    }

    /// The networks, in order, the fewest that make up the value. There are [`OctetWildcard::count`] of
    /// them: ask first.
    pub fn networks(&self) -> impl Iterator<Item = Network> + use<> {
        let (shape, length) = self.shape();
        (0..self.count()).map(move |index| {
            // The last wildcard octet counts fastest.
            let (bits, _) =
                shape.iter().rev().enumerate().fold((0u32, index), |(bits, index), (at, octet)| {
                    let shift = 8 * at as u32;
                    match octet {
                        Some(value) => (bits | u32::from(*value) << shift, index),
                        None => (bits | ((index & 0xff) as u32) << shift, index >> 8),
                    }
                });
            Network::v4(bits, length)
        })
    }

    /// Octets and length with everything behind the length fixed to 0 and trailing wildcards cut.
    ///
    /// An octet that the length cuts keeps its leading bits: its 256 values make 2ⁿ networks, which
    /// join to one shorter prefix, so a wildcard there is the same as cutting it whole.
    fn shape(&self) -> ([Option<u8>; 4], u8) {
        let mut octets = self.octets;
        let mut length = self.length;
        for (at, octet) in octets.iter_mut().enumerate().rev() {
            let first = 8 * at as u8;
            if length <= first {
                *octet = Some(0);
            } else if octet.is_none() {
                *octet = Some(0);
                length = first;
            } else {
                break;
            }
        }
        (octets, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        assert_eq!(Address::parse("10.0.0.1"), Some(Address::V4(0x0a00_0001)));
        assert_eq!(Address::parse("::ffff:10.0.0.1"), Some(Address::V4(0x0a00_0001)));
        assert_eq!(Address::parse("::1"), Some(Address::V6(1)));
        for bad in ["", "10.0.0", "10.0.0.01", "10.0.0.1/32", "10.0.0.1 ", "::1%eth0", "[::1]", "1.2.3.256"] {
            assert_eq!(Address::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn networks_mask_and_fold() {
        let text = |t: &str| Network::parse(t).map(|(n, masked)| (n.to_string(), masked));
        assert_eq!(text("10.217.182.3/24"), Ok(("10.217.182.0/24".into(), true)));
        assert_eq!(text("10.0.0.1"), Ok(("10.0.0.1/32".into(), false)));
        assert_eq!(text("0.0.0.0/0"), Ok(("0.0.0.0/0".into(), false)));
        assert_eq!(text("::ffff:10.0.0.1/104"), Ok(("10.0.0.0/8".into(), true)));
        assert_eq!(text("2001:db8::1/32"), Ok(("2001:db8::/32".into(), true)));
        assert_eq!(Network::parse("::ffff:10.0.0.1/64"), Err(NetworkFault::ShortMapped));
        for bad in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "::/129", "10.0.0.0/+8", "10.*.0.0"] {
            assert_eq!(Network::parse(bad), Err(NetworkFault::Malformed), "{bad}");
        }
    }

    #[test]
    fn octet_wildcards_are_unions() {
        let read = |t: &str| OctetWildcard::parse(t).unwrap();
        let all = |t: &str| read(t).networks().map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(all("10.*.*.10/24"), ["10.0.0.0/8"]);
        assert_eq!(all("*.*.*.*"), ["0.0.0.0/0"]);
        assert_eq!(read("10.*.5.0/24").count(), 256);
        assert_eq!(all("10.*.5.0/24")[..2], ["10.0.5.0/24", "10.1.5.0/24"]);
        assert_eq!(all("10.*.*.0/12"), ["10.0.0.0/8"]);
        assert_eq!(read("*.*.1.1").count(), 65_536);
        for bad in ["10.0.0.1", "10.1*.0.0", "10.*.0", "10.*.0.0.0", "10.***.0.0", "10.*.0.0/33", "*"] {
            assert_eq!(OctetWildcard::parse(bad), None, "{bad}");
        }
    }
}
