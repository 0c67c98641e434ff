//! Times written as digits (20240131, 202401312359, 20240131235959): log lines are full of them.

use super::{Check, number};

pub(super) const CHECK: Check = Check {
    name: "not_a_time",
    passed: "is not a date or time",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    if !matches!(value.len(), 8 | 10 | 12 | 14 | 17) {
        return true;
    }
    let part = |from: usize, to: usize| number(value.get(from..to));
    let year = part(0, 4).is_some_and(|year| (1900..2100).contains(&year));
    let month = part(4, 6).is_some_and(|month| (1..=12).contains(&month));
    let day = part(6, 8).is_some_and(|day| (1..=31).contains(&day));
    let hour = value.len() < 10 || part(8, 10).is_some_and(|hour| hour < 24);
    let minute = value.len() < 12 || part(10, 12).is_some_and(|minute| minute < 60);
    let second = value.len() < 14 || part(12, 14).is_some_and(|second| second < 61);
    !(year && month && day && hour && minute && second)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn times_fail_and_other_numbers_pass() {
        for bad in ["20240131", "202401312359", "20240131235959", "20240131235959123"] {
            assert!(!passes(bad.as_bytes()), "{bad}");
        }
        for good in ["20241331", "202401312461", "4539148803436467", "12345678"] {
            assert!(passes(good.as_bytes()), "{good}");
        }
    }
}
