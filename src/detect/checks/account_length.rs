//! How long account numbers of banks in the United States are: 6 to 17 digits (Nacha Operating Rules,
//! appendix three, DFI account number).

use super::Check;

pub(super) const CHECK: Check = Check {
    name: "account_length",
    passed: "has 6 to 17 digits",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    (6..=17).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn five_digits_are_too_few_and_eighteen_too_many() {
        assert!(passes(b"123456") && passes(b"12345678901234567"));
        assert!(!passes(b"12345") && !passes(b"123456789012345678") && !passes(b"12345a"));
    }
}
