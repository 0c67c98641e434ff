//! When a delivery that did not succeed is tried again. Pure: no clock, no random source of its own.

use jiff::{SignedDuration, Timestamp};

/// The wait after the first attempt. Greylisting servers want about five minutes, which the fourth attempt meets.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait; Postfix's `maximal_backoff_time` is of that size. RFC 5321 §4.5.4.1 leaves the strategy to us.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(60);
/// Doublings after which `LONGEST_WAIT` is reached in any case.
const DOUBLINGS: u32 = 6;

/// When to try again after `attempts` attempts, the last of which ended at `now`; `None` means give up.
///
/// The waits are 1, 2, 4, 8, 16, 32 and then 60 minutes, each up to a tenth shorter or longer as `jitter` (any
/// random number) says, so that mail that failed together does not come back together. The last attempt
/// falls on `created` plus `give_up_hours`; a delivery of that age or older gets no other.
pub fn next_attempt(
    attempts: u32,
    now: Timestamp,
    created: Timestamp,
    give_up_hours: u64,
    jitter: u64,
) -> Option<Timestamp> {
    let deadline = later(created, hours(give_up_hours));
    if now >= deadline {
        return None;
    }
    Some(later(now, wait(attempts, jitter)).min(deadline))
}

fn wait(attempts: u32, jitter: u64) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(DOUBLINGS);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    // From 900 to 1100 thousandths.
    let share = 900 + i32::try_from(jitter % 201).unwrap_or(100);
    SignedDuration::from_millis(wait.as_secs().saturating_mul(i64::from(share)))
}

fn hours(count: u64) -> SignedDuration {
    let count = i64::try_from(count).ok();
    count
        .and_then(SignedDuration::try_from_hours)
        .unwrap_or(SignedDuration::MAX)
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CREATED: Timestamp = Timestamp::constant(1_790_000_000, 0);
    /// The random number that leaves a wait as it is.
    const NO_JITTER: u64 = 100;

    fn minutes(from: Timestamp, to: Option<Timestamp>) -> i64 {
        to.unwrap().duration_since(from).as_mins()
    }

    #[test]
    fn waits_double_from_a_minute_to_an_hour() {
        let waits: Vec<i64> = (1..=9)
            .map(|attempts| minutes(CREATED, next_attempt(attempts, CREATED, CREATED, 120, NO_JITTER)))
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let never_tried = next_attempt(0, CREATED, CREATED, 120, NO_JITTER);
        assert_eq!(minutes(CREATED, never_tried), 1);
    }

    #[test]
    fn the_last_attempt_falls_on_the_deadline_and_then_it_is_given_up() {
        let deadline = later(CREATED, hours(120));
        let shortly_before = deadline.checked_sub(SignedDuration::from_secs(5)).unwrap();
        assert_eq!(next_attempt(90, shortly_before, CREATED, 120, 7), Some(deadline));
        assert_eq!(next_attempt(91, deadline, CREATED, 120, 7), None);
        assert_eq!(next_attempt(1, CREATED, CREATED, 0, 7), None);
    }

    #[test]
    fn a_clock_that_was_set_back_gives_nothing_up() {
        let earlier = CREATED.checked_sub(SignedDuration::from_hours(1000)).unwrap();
        assert_eq!(
            minutes(earlier, next_attempt(1, earlier, CREATED, 1, NO_JITTER)),
            1
        );
    }

    fn any_time() -> impl Strategy<Value = Timestamp> {
        let seconds = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
        seconds.prop_map(|second| Timestamp::from_second(second).unwrap())
    }

    proptest! {
        #[test]
        fn the_next_attempt_lies_ahead_and_never_past_the_deadline(
            attempts: u32, now in any_time(), created in any_time(), give_up: u64, jitter: u64,
        ) {
            let deadline = later(created, hours(give_up));
            match next_attempt(attempts, now, created, give_up, jitter) {
                None => prop_assert!(now >= deadline),
                Some(next) => prop_assert!(now < next && next <= deadline),
            }
        }

        #[test]
        fn jitter_moves_a_wait_by_a_tenth_at_most(attempts: u32, jitter: u64) {
            let plain = wait(attempts, NO_JITTER).as_millis();
            let moved = wait(attempts, jitter).as_millis();
            prop_assert!((plain * 9 / 10..=plain * 11 / 10).contains(&moved));
            prop_assert!(moved >= 54_000);
        }

        #[test]
        fn a_queue_that_always_fails_ends_after_a_bounded_number_of_attempts(give_up in 1u64..200, jitter: u64) {
            let (mut now, mut attempts) = (CREATED, 1);
            while let Some(next) = next_attempt(attempts, now, CREATED, give_up, jitter) {
                now = next;
                attempts += 1;
            }
            prop_assert_eq!(now, later(CREATED, hours(give_up)));
            prop_assert!(u64::from(attempts) <= 10 + give_up * 60 / 54);
        }
    }
}
