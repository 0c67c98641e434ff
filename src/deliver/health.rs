//! Which hosts did not answer lately, so that the next transaction begins with another one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a host that could not be reached is tried last.
const REST: Duration = Duration::from_secs(60);
/// Hosts that are remembered; beyond it, those whose rest is over are forgotten, then all.
const REMEMBERED: usize = 10_000;

/// What is remembered of hosts, by `host:port`.
#[derive(Default)]
pub(super) struct Health(Mutex<HashMap<String, Instant>>);

impl Health {
    /// The host could not be reached.
    pub(super) fn failed(&self, name: &str) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if resting.len() >= REMEMBERED {
            resting.retain(|_, end| *end > now);
        }
        if resting.len() >= REMEMBERED {
            resting.clear();
        }
        resting.insert(name.to_owned(), now + REST);
    }

    /// The host has answered.
    pub(super) fn answered(&self, name: &str) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        resting.remove(name);
    }

    /// Puts hosts that did not answer lately behind all others, and leaves the order as it is otherwise.
    pub(super) fn sort<T>(&self, hosts: &mut [T], name: impl Fn(&T) -> String) {
        if hosts.len() < 2 {
            return;
        }
        let resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        hosts.sort_by_key(|host| resting.get(&name(host)).is_some_and(|end| *end > now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_failed_comes_last_until_it_answers() {
        let health = Health::default();
        let order = |health: &Health| {
            let mut hosts = ["a", "b", "c"];
            health.sort(&mut hosts, |host| (*host).to_owned());
            hosts
        };
        health.failed("a");
        assert_eq!(order(&health), ["b", "c", "a"]);
        health.answered("a");
        assert_eq!(order(&health), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let health = Health::default();
        for number in 0..REMEMBERED + 5 {
            health.failed(&number.to_string());
        }
        assert!(health.0.lock().unwrap().len() <= REMEMBERED);
    }
}
