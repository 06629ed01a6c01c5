//! Unions of networks: the fewest disjoint ones (CITE LIT-11, CAN-2).

use camshaft_value::address::Network;

/// Joins networks: none inside another, no two halves of one side by side; sorted.
pub(crate) fn join(mut networks: Vec<Network>) -> Vec<Network> {
    networks.sort_unstable();
    let mut joined: Vec<Network> = Vec::with_capacity(networks.len());
    for network in networks {
        if joined.last().is_some_and(|last| covers(*last, network)) {
            continue;
        }
        joined.push(network);
        // Sorted by address, so that a pair of halves ends up side by side as soon as both are whole.
        while let [.., a, b] = joined.as_slice() {
            let Some(whole) = union(*a, *b) else { break };
            joined.truncate(joined.len() - 2);
            joined.push(whole);
        }
    }
    joined
}

fn covers(a: Network, b: Network) -> bool {
    match (a, b) {
        (Network::V4(_, n), Network::V4(bits, m)) => n <= m && Network::v4(bits, n) == a,
        (Network::V6(_, n), Network::V6(bits, m)) => n <= m && Network::v6(bits, n) == a,
        _ => false,
    }
}

/// The network of which these are the two halves.
fn union(a: Network, b: Network) -> Option<Network> {
    let (whole, other) = match (a, b) {
        (Network::V4(low, n), Network::V4(high, m)) if n == m && a != b => {
            (Network::v4(low, n.checked_sub(1)?), Network::v4(high, n - 1))
        }
        (Network::V6(low, n), Network::V6(high, m)) if n == m && a != b => {
            (Network::v6(low, n.checked_sub(1)?), Network::v6(high, n - 1))
        }
        _ => return None,
    };
    (whole == other).then_some(whole)
}

/// How many addresses a network has.
pub(crate) fn size(network: Network) -> u128 {
    let free = match network {
        Network::V4(_, n) => 32 - u32::from(n.min(32)),
        Network::V6(_, n) => 128 - u32::from(n.min(128)),
    };
    1u128.checked_shl(free).unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use camshaft_value::address::Address;

    use super::*;
    use crate::testing::Dice;

    #[test]
    fn joins_to_the_fewest() {
        let joined = |texts: &[&str]| {
            let networks = texts.iter().map(|text| Network::parse(text).unwrap().0).collect();
            join(networks).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(joined(&["10.0.1.0/24", "10.0.0.0/24", "10.0.2.0/23", "10.0.0.7"]), "10.0.0.0/22");
        assert_eq!(joined(&["10.0.1.0/24", "10.0.2.0/24"]), "10.0.1.0/24 10.0.2.0/24");
        assert_eq!(joined(&["::/1", "8000::/1", "0.0.0.0/0"]), "0.0.0.0/0 ::/0");
    }

    #[test]
    fn keeps_the_union() {
        let mut dice = Dice(3);
        for _ in 0..2_000 {
            let networks: Vec<Network> = (0..1 + dice.below(12))
                .map(|_| Network::v4(dice.below(64) as u32, 26 + dice.below(7) as u8))
                .collect();
            let joined = join(networks.clone());
            for bits in 0..70 {
                let inside = |all: &[Network]| all.iter().filter(|n| n.contains(Address::V4(bits))).count();
                assert_eq!(inside(&joined), usize::from(inside(&networks) > 0), "{networks:?}");
            }
            assert_eq!(join(joined.clone()), joined);
        }
    }
}
