//! Which nine digits the Internal Revenue Service issues as an Individual Taxpayer Identification Number: area
//! 900–999 and a group of 50–65, 70–88, 90–92 or 94–99 (IRS Publication 1915; Internal Revenue Manual 3.21.263).

use super::{Check, number};

pub(super) const CHECK: Check = Check {
    name: "itin",
    passed: "is in a range that the Internal Revenue Service issues",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    let (area, group) = (number(value.get(..3)), number(value.get(3..5)));
    let issued = matches!(group, Some(50..=65 | 70..=88 | 90..=92 | 94..=99));
    value.len() == 9 && value.iter().all(u8::is_ascii_digit) && area >= Some(900) && issued
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn ranges_that_are_issued_pass_and_others_fail() {
        for good in ["900500000", "912701234", "999921234", "950880001", "987941234"] {
            assert!(passes(good.as_bytes()), "{good}");
        }
        for bad in [
            "899701234",
            "912491234",
            "912661234",
            "912891234",
            "912931234",
            "91270123",
            "91270123x",
        ] {
            assert!(!passes(bad.as_bytes()), "{bad}");
        }
    }
}
