//! The check digit of payment cards (ISO/IEC 7812-1, annex B).

use super::Check;

pub(super) const CHECK: Check = Check {
    name: "luhn",
    passed: "passes the Luhn check",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    let weighed = value.iter().rev().enumerate().map(|(place, byte)| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if place % 2 == 0 {
            digit
        } else {
            digit * 2 / 10 + digit * 2 % 10
        }
    });
    let sum: u32 = weighed.sum();
    !value.is_empty() && value.iter().all(u8::is_ascii_digit) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn published_card_numbers_pass_and_their_neighbours_fail() {
        for good in [&b"4111111111111111"[..], b"378282246310005", b"30569309025904"] {
            assert!(passes(good));
        }
        for bad in [&b"4111111111111112"[..], b"378282246310006", b"", b"41a1"] {
            assert!(!passes(bad));
        }
    }
}
