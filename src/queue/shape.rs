//! How much waits for whom, and for how long: what `qshape` is for Postfix's queue.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Where one age ends and the next begins, in minutes. The last age has no end.
pub const MINUTES: [i64; 9] = [5, 10, 20, 40, 80, 160, 320, 640, 1280];
/// How many ages there are.
pub const AGES: usize = MINUTES.len() + 1;

/// What deliveries are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The domain of the recipient.
    Domain,
    /// The recipient, in one writing.
    Recipient,
    /// The sender, in one writing; a group without a name is mail without one.
    Sender,
    /// The domain of the sender.
    SenderDomain,
}

impl By {
    /// All of them.
    pub const ALL: [By; 4] = [By::Domain, By::Recipient, By::Sender, By::SenderDomain];

    /// The name that commands take and print.
    pub fn name(self) -> &'static str {
        match self {
            By::Domain => "domain",
            By::Recipient => "recipient",
            By::Sender => "sender",
            By::SenderDomain => "sender-domain",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<By> {
        By::ALL.into_iter().find(|by| by.name() == name)
    }
}

/// Deliveries that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What they have in common; empty when it is that there is no sender.
    pub name: String,
    /// How many there are.
    pub count: u64,
    /// How many of each age, the youngest first.
    pub ages: [u64; AGES],
}

/// Adds up what a store has counted.
#[derive(Debug)]
pub struct Tally {
    by: By,
    groups: HashMap<String, [u64; AGES]>,
}

impl Tally {
    /// With nothing in it.
    pub fn new(by: By) -> Tally {
        Tally {
            by,
            groups: HashMap::new(),
        }
    }

    /// Adds `count` deliveries with this key (a domain or an address) and of this age, which is a place in
    /// [`Group::ages`]. One beyond the last counts as the last.
    pub fn add(&mut self, key: &str, age: i64, count: i64) {
        let name = match self.by {
            By::SenderDomain => key.rsplit_once('@').map_or(key, |(_, domain)| domain),
            By::Domain | By::Recipient | By::Sender => key,
        };
        let ages = match self.groups.get_mut(name) {
            Some(ages) => ages,
            None => self.groups.entry(name.to_owned()).or_default(),
        };
        let place = usize::try_from(age).unwrap_or(0).min(AGES - 1);
        if let Some(age) = ages.get_mut(place) {
            *age = age.saturating_add(u64::try_from(count).unwrap_or(0));
        }
    }

    /// The groups, the biggest first and those of one size by name.
    pub fn groups(self) -> Vec<Group> {
        let group = |(name, ages): (String, [u64; AGES])| Group {
            count: ages.iter().sum(),
            name,
            ages,
        };
        let mut groups: Vec<Group> = self.groups.into_iter().map(group).collect();
        groups.sort_unstable_by(|one, other| {
            let by_size = other.count.cmp(&one.count);
            by_size.then_with(|| one.name.cmp(&other.name))
        });
        groups
    }
}

/// The latest time of acceptance of each age but the first: what was accepted at it or before is that old.
pub fn limits(now: Timestamp) -> [Timestamp; AGES - 1] {
    MINUTES.map(|minutes| {
        now.checked_sub(SignedDuration::from_mins(minutes))
            .unwrap_or(Timestamp::MIN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_added_up_and_the_biggest_comes_first() {
        let mut tally = Tally::new(By::SenderDomain);
        tally.add("ann@one.example", 0, 2);
        tally.add("\"b@x\"@two.example", 9, 3);
        tally.add("carl@two.example", 99, 4);
        tally.add("", 1, 2);
        let groups = tally.groups();
        let told: Vec<_> = groups.iter().map(|group| (&*group.name, group.count)).collect();
        assert_eq!(told, [("two.example", 7), ("", 2), ("one.example", 2)]);
        assert_eq!(groups[0].ages[9], 7);
    }

    #[test]
    fn names_of_groupings_are_read_as_they_are_printed() {
        for by in By::ALL {
            assert_eq!(By::named(by.name()), Some(by));
        }
        assert_eq!(By::named("colour"), None);
    }
}
