//! How much goes to one destination at once, and how fast, so that one that is slow does not take all room and one that is
//! strict is not offended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::deliver::Limits;

/// Destinations that are remembered before those are forgotten that nothing runs to.
const LANES: usize = 1000;
/// How much of a rate may be made up for at once: whoever starts deliveries looks once a second.
const GRACE: Duration = Duration::from_secs(2);

/// The destinations.
#[derive(Default)]
pub(super) struct Lanes(HashMap<String, Lane>);

struct Lane {
    /// As many others as transactions are under way.
    running: Arc<()>,
    /// When the next one may begin.
    next: Instant,
}

/// The right to one transaction, for as long as it is held.
pub(super) struct Turn {
    _running: Arc<()>,
}

impl Lanes {
    /// A turn, if there is one now.
    pub(super) fn enter(&mut self, destination: &str, limits: Limits, now: Instant) -> Option<Turn> {
        if self.0.len() >= LANES {
            self.0.retain(|_, lane| lane.is_used(now));
        }
        let lane = self.0.entry(destination.to_owned()).or_insert_with(|| Lane {
            running: Arc::default(),
            next: now,
        });
        if lane.running() >= limits.concurrency || lane.next > now {
            return None;
        }
        if limits.per_minute > 0 {
            let pause = Duration::from_secs(60) / limits.per_minute;
            let since = now.checked_sub(GRACE).unwrap_or(now);
            lane.next = lane.next.max(since) + pause;
        }
        Some(Turn {
            _running: Arc::clone(&lane.running),
        })
    }
}

impl Lane {
    fn running(&self) -> usize {
        Arc::strong_count(&self.running) - 1
    }

    fn is_used(&self, now: Instant) -> bool {
        self.running() > 0 || self.next > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(concurrency: usize, per_minute: u32) -> Limits {
        Limits {
            concurrency,
            per_minute,
        }
    }

    #[test]
    fn a_destination_gets_its_share_and_no_other_waits_for_it() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        let first = lanes.enter("a", limits(2, 0), now).unwrap();
        let second = lanes.enter("a", limits(2, 0), now);
        assert!(second.is_some() && lanes.enter("a", limits(2, 0), now).is_none());
        assert!(lanes.enter("b", limits(2, 0), now).is_some());
        drop(first);
        assert!(lanes.enter("a", limits(2, 0), now).is_some());
    }

    #[test]
    fn a_rate_is_kept_and_an_idle_time_is_not_saved_up() {
        let (mut lanes, start) = (Lanes::default(), Instant::now());
        let mut begun = |at: Instant| {
            (0..1000)
                .filter(|_| lanes.enter("a", limits(5, 60), at).is_some())
                .count()
        };
        assert_eq!(begun(start), 1);
        assert_eq!(begun(start + Duration::from_millis(900)), 0);
        assert_eq!(begun(start + Duration::from_secs(1)), 1);
        let much_later = start + Duration::from_secs(1000);
        assert_eq!(begun(much_later), 3);
        let whole: usize = (1..=60)
            .map(|second| begun(much_later + Duration::from_secs(second)))
            .sum();
        assert_eq!(whole, 60);
    }

    #[test]
    fn destinations_to_which_nothing_runs_are_forgotten() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        let kept = lanes.enter("kept", limits(1, 0), now);
        for number in 0..LANES * 2 {
            lanes.enter(&number.to_string(), limits(1, 0), now);
        }
        assert!(lanes.0.len() <= LANES && kept.is_some());
        assert!(lanes.enter("kept", limits(1, 0), now).is_none());
    }
}
