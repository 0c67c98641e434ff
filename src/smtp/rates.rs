//! Counts what happens within the last minute or hour, for each of many keys.
//!
//! Two numbers for each key, of the window under way and the one before it, the latter counted by the part of it that is
//! still within the time asked for. It is exact enough for limits, and takes the same room however much happens.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Keys that are told apart at most. Beyond it, those that are not known yet share one count.
const MOST_KEYS: usize = 100_000;

/// A limit on how often something may happen.
#[derive(Debug)]
pub(super) struct Rate {
    /// 0 means no limit.
    limit: u64,
    window: Duration,
    start: Instant,
    counts: Mutex<HashMap<String, Count>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// Which window, counted from the start.
    window: u64,
    now: u64,
    before: u64,
}

impl Rate {
    /// At most `limit` in `window`; 0 is no limit.
    pub(super) fn new(limit: u32, window: Duration, start: Instant) -> Rate {
        Rate {
            limit: u64::from(limit),
            window,
            start,
            counts: Mutex::default(),
        }
    }

    /// Counts one more, unless it would be more than the limit; then it is false, and nothing is counted.
    pub(super) fn take(&self, key: &str, at: Instant) -> bool {
        if self.limit == 0 {
            return true;
        }
        let mut counts = self.counts();
        let (count, sum) = self.count(&mut counts, key, at);
        if sum >= self.limit {
            return false;
        }
        count.now += 1;
        true
    }

    /// Counts one more, whatever the limit is.
    pub(super) fn add(&self, key: &str, at: Instant) {
        if self.limit > 0 {
            let mut counts = self.counts();
            self.count(&mut counts, key, at).0.now += 1;
        }
    }

    /// Whether the limit is reached.
    pub(super) fn is_reached(&self, key: &str, at: Instant) -> bool {
        self.limit > 0 && {
            let counts = self.counts();
            let count = counts.get(key).copied().unwrap_or_default();
            self.sum(self.moved(count, at), at) >= self.limit
        }
    }

    fn count<'a>(
        &self,
        counts: &'a mut HashMap<String, Count>,
        key: &str,
        at: Instant,
    ) -> (&'a mut Count, u64) {
        if counts.len() >= MOST_KEYS && !counts.contains_key(key) {
            counts.retain(|_, count| self.sum(self.moved(*count, at), at) > 0);
        }
        let key = if counts.len() >= MOST_KEYS && !counts.contains_key(key) {
            ""
        } else {
            key
        };
        let count = counts.entry(key.to_owned()).or_default();
        *count = self.moved(*count, at);
        let sum = self.sum(*count, at);
        (count, sum)
    }

    /// The count as it is in the window of `at`.
    fn moved(&self, count: Count, at: Instant) -> Count {
        let window = self.nanoseconds(at) / self.width();
        match window.saturating_sub(count.window) {
            0 => count,
            1 => Count {
                window,
                now: 0,
                before: count.now,
            },
            _ => Count {
                window,
                ..Count::default()
            },
        }
    }

    fn sum(&self, count: Count, at: Instant) -> u64 {
        let left = self.width() - self.nanoseconds(at) % self.width();
        let before = u128::from(count.before) * u128::from(left) / u128::from(self.width());
        count
            .now
            .saturating_add(u64::try_from(before).unwrap_or(u64::MAX))
    }

    fn width(&self) -> u64 {
        u64::try_from(self.window.as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    fn nanoseconds(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.start);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whom an address belongs to: itself, or for IPv6 the /64 of which one customer has all addresses.
pub(super) fn owner(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_limit_holds_within_any_minute_and_ends_with_it() {
        let start = Instant::now();
        let rate = Rate::new(10, MINUTE, start);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!((0..20).filter(|_| rate.take("a", at(50))).count(), 10);
        assert!(rate.is_reached("a", at(59)) && !rate.is_reached("b", at(59)));
        // A sixth of the minute before is past: ten sixths of the ten are free again.
        assert_eq!((0..20).filter(|_| rate.take("a", at(70))).count(), 2);
        assert_eq!((0..20).filter(|_| rate.take("b", at(70))).count(), 10);
        assert_eq!((0..20).filter(|_| rate.take("a", at(600))).count(), 10);
    }

    #[test]
    fn no_limit_counts_nothing() {
        let rate = Rate::new(0, MINUTE, Instant::now());
        assert!((0..1000).all(|_| rate.take("a", Instant::now())));
        rate.add("a", Instant::now());
        assert!(!rate.is_reached("a", Instant::now()) && rate.counts().is_empty());
    }

    #[test]
    fn however_many_keys_come_the_room_for_them_is_bounded() {
        let start = Instant::now();
        let rate = Rate::new(5, MINUTE, start);
        let refused = (0..MOST_KEYS + 50).filter(|key| !rate.take(&key.to_string(), start));
        assert_eq!(refused.count(), 45, "what is too much shares one count");
        assert!(rate.counts().len() <= MOST_KEYS + 1);
        let later = start + 3 * MINUTE;
        assert!(rate.take("new", later));
        assert_eq!(rate.counts().len(), 1, "what is past makes room");
    }

    #[test]
    fn all_addresses_of_one_ipv6_customer_are_one() {
        let owner = |text: &str| owner(text.parse().unwrap());
        assert_eq!(owner("2001:db8::1"), owner("2001:db8::ffff:1"));
        assert_ne!(owner("2001:db8::1"), owner("2001:db8:0:1::1"));
        assert_ne!(owner("192.0.2.1"), owner("192.0.2.2"));
        assert_eq!(owner("::ffff:192.0.2.1"), owner("192.0.2.1"));
    }
}
