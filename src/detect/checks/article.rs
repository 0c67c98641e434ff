//! Numbers of articles in shops, which are as long as the shortest cards (GS1 General Specifications §7.9).

use super::{Check, digits};

pub(super) const CHECK: Check = Check {
    name: "not_an_article",
    passed: "is not the number of an article (EAN-13)",
    test: is_no_article,
};

fn is_no_article(value: &[u8]) -> bool {
    let digits = digits(value);
    let weighed = digits.iter().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighed.map(|(digit, weight)| digit * weight).sum();
    digits.len() != 13 || !sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::is_no_article;

    #[test]
    fn only_thirteen_digits_with_the_check_digit_of_an_article_are_one() {
        for article in [&b"4006381333931"[..], b"9783161484100"] {
            assert!(!is_no_article(article));
        }
        for other in [&b"4006381333932"[..], b"40063813339310", b"4111111111111111", b""] {
            assert!(is_no_article(other));
        }
    }
}
