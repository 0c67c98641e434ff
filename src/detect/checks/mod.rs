//! Arithmetic that tells a real number from one that only looks like it.
//!
//! A check sees the compact value: upper case, without separators. A new check is one file here and one line
//! in [`ALL`]; rule files then name it in `checks`.

mod aba;
mod account_length;
mod article;
mod dated;
mod iban;
mod itin;
mod luhn;
mod mixed;
mod no_word;
mod ssn;
mod varied;

/// A check that rule files can name.
#[derive(Debug)]
pub(super) struct Check {
    /// How rule files call it.
    pub name: &'static str,
    /// What a finding says when it passed: "passes the Luhn check".
    pub passed: &'static str,
    /// Whether the compact value passes.
    pub test: fn(&[u8]) -> bool,
}

impl Check {
    /// Whether nothing without a digit passes, though the form may have none.
    pub fn wants_digits(&self) -> bool {
        self.name == mixed::CHECK.name
    }
}

/// Every check there is.
pub(super) static ALL: [Check; 11] = [
    luhn::CHECK,
    ssn::CHECK,
    aba::CHECK,
    iban::CHECK,
    varied::CHECK,
    dated::CHECK,
    account_length::CHECK,
    itin::CHECK,
    no_word::CHECK,
    mixed::CHECK,
    article::CHECK,
];

/// The check of this name.
pub(super) fn named(name: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.name == name)
}

/// The digits of a value as numbers; empty when anything else stands in it.
fn digits(value: &[u8]) -> Vec<u32> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    value
        .iter()
        .map(digit)
        .collect::<Option<Vec<u32>>>()
        .unwrap_or_default()
}

/// A run of digits as one number, for parts of at most nine digits.
fn number(value: Option<&[u8]>) -> Option<u32> {
    let value = value.filter(|value| !value.is_empty())?;
    value.iter().try_fold(0_u32, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
