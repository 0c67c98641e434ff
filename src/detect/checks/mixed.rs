//! Numbers of letters and digits: what has too few of either is a word or a number of another kind.

use super::Check;

pub(super) const CHECK: Check = Check {
    name: "mixed",
    passed: "has letters and digits",
    test: passes,
};

/// Fewer digits turn up in words and names: "B2B", "M3".
const FEWEST_DIGITS: usize = 3;

fn passes(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits >= FEWEST_DIGITS && digits < value.len()
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn letters_and_digits_pass_together() {
        assert!(passes(b"S12345678") && passes(b"12ABC34567"));
        assert!(!passes(b"12345678") && !passes(b"ABXQWKLM") && !passes(b"AB12CD"));
    }
}
