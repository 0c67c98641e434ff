//! The check digits of an IBAN (ISO 13616-1, ISO/IEC 7064 MOD 97-10). Country lengths are forms of the rule.

use super::Check;

pub(super) const CHECK: Check = Check {
    name: "iban",
    passed: "passes the check of IBANs (mod 97)",
    test: passes,
};

fn passes(value: &[u8]) -> bool {
    let (Some(head), Some(rest)) = (value.get(..4), value.get(4..)) else {
        return false;
    };
    let remainder = rest.iter().chain(head).try_fold(0_u32, |sum, byte| match byte {
        b'0'..=b'9' => Some((sum * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((sum * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    });
    !rest.is_empty() && remainder == Some(1)
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn registry_examples_pass_and_one_changed_letter_fails() {
        for good in [
            "GB82WEST12345698765432",
            "DE89370400440532013000",
            "NO9386011117947",
        ] {
            assert!(passes(good.as_bytes()), "{good}");
        }
        for bad in [
            "GB82WEST12345698765433",
            "GB83WEST12345698765432",
            "GB82",
            "gb82WEST12345698765432",
        ] {
            assert!(!passes(bad.as_bytes()), "{bad}");
        }
    }
}
