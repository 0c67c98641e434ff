//! Fillers such as 0000 0000 0000 0000: they pass sums and belong to nobody.

use super::Check;

pub(super) const CHECK: Check = Check {
    name: "varied",
    passed: "is not one digit over and over",
    test: passes,
};

/// At least three different characters.
fn passes(value: &[u8]) -> bool {
    let Some(first) = value.first() else { return false };
    let mut others = value.iter().filter(|byte| *byte != first);
    let Some(second) = others.next() else { return false };
    others.any(|byte| byte != second)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn fillers_fail_and_numbers_pass() {
        for bad in ["0000000000000000", "1111222211", "00000001"] {
            assert!(!passes(bad.as_bytes()), "{bad}");
        }
        assert!(passes(b"4539148803436467"));
    }
}
