//! Values of letters only look like words, and words like them: "REQUIRED" is no licence number.

use super::super::names;
use super::Check;

pub(super) const CHECK: Check = Check {
    name: "no_word",
    passed: "is no English word",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    !names::is_word(value)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn words_fail_and_other_letters_pass() {
        assert!(!passes(b"REQUIRED") && !passes(b"ATTACHED"));
        assert!(passes(b"ABXQWKLM"));
    }
}
