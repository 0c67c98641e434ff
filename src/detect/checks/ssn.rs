//! Which nine digits the Social Security Administration may have issued: the area is never 000, 666 or
//! 900–999, the group never 00, the serial never 0000 (20 CFR 422.103; SSN randomization, June 2011).

use super::{Check, number};

pub(super) const CHECK: Check = Check {
    name: "ssn",
    passed: "is in a range that the Social Security Administration issues",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    let (area, group, serial) = (value.get(..3), value.get(3..5), value.get(5..9));
    let (Some(area), Some(group), Some(serial)) = (number(area), number(group), number(serial)) else {
        return false;
    };
    value.len() == 9 && area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn numbers_that_were_never_issued_fail() {
        for bad in [
            "000121234",
            "666121234",
            "900121234",
            "987654321",
            "123001234",
            "123120000",
            "12312123",
        ] {
            assert!(!passes(bad.as_bytes()), "{bad}");
        }
        for good in ["001010001", "665121234", "667121234", "899121234", "734121234"] {
            assert!(passes(good.as_bytes()), "{good}");
        }
    }
}
