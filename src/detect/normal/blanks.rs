//! Numbers on a line to write on: `SSN ___536-22-8145___`, or between the signs of emphasis: `_536-22-8145_`.

use std::borrow::Cow;

/// A text with spaces for the strokes that touch a number and are none of its own signs. Every octet keeps its place, and a
/// line on which nothing was written stays a line.
pub(super) fn lifted(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let mut lifted = text;
    let mut from = 0;
    while let Some(start) = lifted
        .get(from..)
        .and_then(|rest| memchr::memchr(b'_', rest))
        .map(|at| from + at)
    {
        let rest = lifted.get(start..).unwrap_or_default();
        let end = start + rest.iter().take_while(|octet| **octet == b'_').count();
        let before = lifted.get(..start).unwrap_or_default();
        let after = lifted.get(end..).unwrap_or_default();
        let is_part = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
        // "536_22_8145", "user_48213907".
        let joins = end - start == 1 && is_part(before.last()) && is_part(after.first());
        let touches = holds_digit(before.iter().rev()) || holds_digit(after.iter());
        if touches && !joins {
            let run = lifted.to_mut().get_mut(start..end).unwrap_or_default();
            run.fill(b' ');
        }
        from = end;
    }
    lifted
}

/// Whether a digit stands in the word that a text begins with.
fn holds_digit<'t>(text: impl Iterator<Item = &'t u8>) -> bool {
    /// No number of a license is longer.
    const LONGEST: usize = 20;
    let mut word = text
        .take(LONGEST)
        .take_while(|octet| octet.is_ascii_alphanumeric());
    word.any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_around_a_number_go_away_and_others_stay() {
        for (text, expected) in [
            (
                "SSN ___536-22-8145___ Name ____",
                "SSN    536-22-8145    Name ____",
            ),
            ("_536-22-8145_", " 536-22-8145 "),
            ("license: ____S48213907____", "license:     S48213907    "),
            ("536_22_8145 user_4821", "536_22_8145 user_4821"),
            ("a__4821__b", "a  4821  b"),
            ("nothing here", "nothing here"),
        ] {
            let found = lifted(Cow::Borrowed(text.as_bytes()));
            assert_eq!(found, expected.as_bytes());
            let changed = text != expected;
            assert_eq!(
                matches!(found, Cow::Owned(_)),
                changed,
                "copied for nothing: {text}"
            );
        }
    }
}
