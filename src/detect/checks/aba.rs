//! ABA routing numbers: the first two digits name a Federal Reserve district or a special range, the last
//! is a check digit with weights 3, 7, 1 (ABA Routing Number Policy).

use super::{Check, digits, number};

pub(super) const CHECK: Check = Check {
    name: "aba",
    passed: "passes the check of ABA routing numbers",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    if value.len() != 9 {
        return false;
    }
    let digits = digits(value);
    let Some(first_two) = number(value.get(..2)) else {
        return false;
    };
    let issued = matches!(first_two, 0..=12 | 21..=32 | 61..=72 | 80);
    let weighed = digits
        .iter()
        .zip([3, 7, 1].iter().cycle())
        .map(|(digit, weight)| digit * weight);
    let sum: u32 = weighed.sum();
    digits.len() == 9 && issued && sum != 0 && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn published_routing_numbers_pass_and_others_fail() {
        for good in ["011000015", "021000021", "122105155"] {
            assert!(passes(good.as_bytes()), "{good}");
        }
        for bad in ["011000016", "000000000", "991000015", "01100001", "0110000150"] {
            assert!(!passes(bad.as_bytes()), "{bad}");
        }
    }
}
