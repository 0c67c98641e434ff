//! What `next_hop` says: one host, several that share the load or stand in for each other, or the DNS.
//!
//! ```text
//! "mail.example.org:25"                                      one host
//! "a.example weight 3, b.example; spare.example:2525"        three in four to a, the rest to b; spare when both fail
//! "mx"                                                       the mail exchangers of the recipient's domain
//! ```

use super::route::{EXAMPLE, SMTP_PORT, endpoint, name, shown};

/// Shares that one host may have; more tells nobody anything.
const WEIGHT_LIMIT: u32 = 1000;

/// Where mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NextHop {
    /// To the mail exchangers of its domain (RFC 5321 §5.1).
    Exchangers {
        /// Where they listen.
        port: u16,
    },
    /// To one of these. A group is tried when all hosts of those before it have failed.
    Hosts(Vec<Vec<Host>>),
}

/// A host that an administrator has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) host: String,
    pub(super) port: u16,
    /// Its share among its group.
    pub(super) weight: u32,
}

impl NextHop {
    /// Reads the setting.
    ///
    /// # Errors
    /// What is wrong, as the rest of a sentence that begins with the setting's name.
    pub(super) fn parse(text: &str) -> Result<NextHop, String> {
        if let Some(port) = exchangers(text)? {
            return Ok(NextHop::Exchangers { port });
        }
        if !text.contains([',', ';']) {
            return Ok(NextHop::Hosts(vec![vec![host(text)?]]));
        }
        let group = |group: &str| group.split(',').map(|one| host(one.trim())).collect();
        let groups: Result<Vec<Vec<Host>>, String> = text.split(';').map(group).collect();
        Ok(NextHop::Hosts(groups?))
    }

    /// All hosts, in the order of the text.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &Host> {
        let groups: &[Vec<Host>] = match self {
            NextHop::Exchangers { .. } => &[],
            NextHop::Hosts(groups) => groups,
        };
        groups.iter().flatten()
    }

    /// How it is written everywhere; the mail exchangers are those of `domain`.
    pub(super) fn name(&self, domain: &str) -> String {
        match self {
            NextHop::Exchangers { .. } => format!("mx:{domain}"),
            NextHop::Hosts(groups) => {
                let group = |group: &Vec<Host>| -> Vec<String> { group.iter().map(Host::name).collect() };
                let groups: Vec<String> = groups.iter().map(|hosts| group(hosts).join(", ")).collect();
                groups.join("; ")
            }
        }
    }
}

impl Host {
    /// `host:port`.
    pub(super) fn name(&self) -> String {
        name(&self.host, self.port)
    }
}

/// Puts hosts in an order in which each comes first as often as its share says.
pub(super) fn by_share(group: &[Host], mut random: impl FnMut() -> u64) -> Vec<&Host> {
    let mut left: Vec<&Host> = group.iter().collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let total: u64 = left.iter().map(|host| u64::from(host.weight)).sum();
        let mut draw = random() % total.max(1);
        let place = left.iter().position(|host| {
            let share = u64::from(host.weight);
            let is_here = draw < share;
            draw = draw.saturating_sub(share);
            is_here
        });
        order.push(left.remove(place.unwrap_or(0)));
    }
    order
}

/// A number nobody foresees; need not be secret. The standard library seeds its hashers for each map.
pub(super) fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8)
}

/// The port, when the text means the DNS.
fn exchangers(text: &str) -> Result<Option<u16>, String> {
    let text = text.to_ascii_lowercase();
    let Some(rest) = text.strip_prefix("mx") else {
        return Ok(None);
    };
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok(Some(SMTP_PORT)),
        None => Ok(None),
        // With a port as a host has it, and the same words about a wrong one.
        Some(_) => endpoint(&text).map(|(_, port)| Some(port)),
    }
}

fn host(text: &str) -> Result<Host, String> {
    let (place, weight) = match text.split_once(" weight ") {
        None => (text, 1),
        Some((place, weight)) => {
            let weight = weight.trim().parse().ok();
            let weight = weight.filter(|weight| (1..=WEIGHT_LIMIT).contains(weight));
            let wrong = || {
                format!(
                    "\"{}\" must have a weight from 1 to {WEIGHT_LIMIT}, like \"a.example weight 3, b.example\"",
                    shown(text)
                )
            };
            (place.trim(), weight.ok_or_else(wrong)?)
        }
    };
    if place.is_empty() && !text.is_empty() {
        return Err(format!("lacks a host before \"weight\", for example {EXAMPLE}"));
    }
    let (host, port) = endpoint(place)?;
    Ok(Host { host, port, weight })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<Vec<(String, u32)>> {
        let NextHop::Hosts(groups) = NextHop::parse(text).unwrap() else {
            panic!("{text} names hosts");
        };
        let pair = |host: Host| (host.name(), host.weight);
        groups
            .into_iter()
            .map(|group| group.into_iter().map(pair).collect())
            .collect()
    }

    fn one(name: &str, weight: u32) -> (String, u32) {
        (name.to_owned(), weight)
    }

    #[test]
    fn hosts_share_the_load_and_others_stand_in() {
        assert_eq!(names("a.example"), [[one("a.example:25", 1)]]);
        assert_eq!(
            names("a.example weight 3, [::1]:2525;spare.example"),
            [
                vec![one("a.example:25", 3), one("[::1]:2525", 1)],
                vec![one("spare.example:25", 1)]
            ]
        );
    }

    #[test]
    fn the_dns_is_asked_at_the_word_mx_and_at_no_other() {
        for (text, port) in [("mx", 25), ("MX", 25), ("mx:2525", 2525)] {
            assert_eq!(NextHop::parse(text), Ok(NextHop::Exchangers { port }), "{text}");
        }
        for text in ["mx.example", "mx1", "mx-out:25"] {
            assert!(matches!(NextHop::parse(text), Ok(NextHop::Hosts(_))), "{text}");
        }
        assert!(NextHop::parse("mx:0").is_err());
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (text, words) in [
            ("a.example weight 0, b", "weight from 1 to 1000"),
            ("a.example weight x", "weight from 1 to 1000"),
            ("a.example, ", "is missing"),
            ("a.example; ;b", "is missing"),
            ("a.example b.example", "host:port"),
            ("mx, a.example:x", "port from 1"),
        ] {
            let why = NextHop::parse(text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[test]
    fn each_host_comes_first_as_often_as_its_share_says() {
        let NextHop::Hosts(groups) = NextHop::parse("a weight 3, b").unwrap() else {
            panic!("hosts");
        };
        let mut first = Vec::new();
        for draw in 0..4 {
            let order = by_share(&groups[0], || draw);
            assert_eq!(order.len(), 2);
            first.push(order[0].host.clone());
        }
        assert_eq!(first, ["a", "a", "a", "b"]);
    }
}
