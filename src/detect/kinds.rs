//! What kinds of octets stand in a text, sixty-four at a time, without a branch for each.

/// Octets that are looked at together.
pub(super) const WIDTH: usize = 64;

/// A bit for each of [`WIDTH`] octets that is of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    pub lower: u64,
    pub upper: u64,
    pub digits: u64,
    /// Not ASCII.
    pub foreign: u64,
}

/// One in each octet of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// The kinds of the first [`WIDTH`] octets; those that are missing are of none.
pub(super) fn of(octets: &[u8]) -> Kinds {
    let mut kinds = Kinds::default();
    each_word(octets, |shift, word| {
        let low = word & !HIGH;
        let ascii = !word & HIGH;
        kinds.digits |= bits(between(low, b'0', b'9') & ascii) << shift;
        kinds.upper |= bits(between(low, b'A', b'Z') & ascii) << shift;
        kinds.lower |= bits(between(low, b'a', b'z') & ascii) << shift;
        kinds.foreign |= bits(word & HIGH) << shift;
    });
    kinds
}

/// A bit for each of the first [`WIDTH`] octets that is a digit.
pub(super) fn digits(octets: &[u8]) -> u64 {
    let mut digits = 0;
    each_word(octets, |shift, word| {
        digits |= bits(between(word & !HIGH, b'0', b'9') & !word & HIGH) << shift;
    });
    digits
}

/// Hands over eight octets after another, the first one lowest, and how many there were before.
fn each_word(octets: &[u8], mut hand_over: impl FnMut(usize, u64)) {
    let octets = octets.get(..WIDTH).unwrap_or(octets);
    let (words, rest) = octets.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        hand_over(place * 8, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let word = rest
            .iter()
            .rev()
            .fold(0, |word, octet| word << 8 | u64::from(*octet));
        hand_over(words.len() * 8, word);
    }
}

/// The high bit of each octet of seven bits that lies between two others, or is one of them.
fn between(low: u64, first: u8, last: u8) -> u64 {
    // What is added brings an octet to 128 exactly when it is large enough; none overflows into the next.
    let from = |least: u8| low + ONES * u64::from(128 - least);
    from(first) & !from(last + 1) & HIGH
}

/// The high bits of all octets, side by side.
fn bits(high: u64) -> u64 {
    // The product has the bit of each octet at its place in the highest one; no two summands meet.
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::{Kinds, WIDTH, digits, of};

    proptest::proptest! {
        #[test]
        fn each_octet_has_the_bit_of_its_kind(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let mut expected = Kinds::default();
            for (place, octet) in octets.iter().take(WIDTH).enumerate() {
                expected.lower |= u64::from(octet.is_ascii_lowercase()) << place;
                expected.upper |= u64::from(octet.is_ascii_uppercase()) << place;
                expected.digits |= u64::from(octet.is_ascii_digit()) << place;
                expected.foreign |= u64::from(!octet.is_ascii()) << place;
            }
            proptest::prop_assert_eq!(of(&octets), expected);
            proptest::prop_assert_eq!(digits(&octets), expected.digits);
        }
    }
}
