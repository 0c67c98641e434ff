//! Numbers as a workbook shows them, where that is more than their digits: `000-00-0000` ([MS-XLS] §2.4.126).

/// Longer masks are prose.
const LONGEST: usize = 60;

/// The digits of a number, without an exponent unless it is beyond all numbers that people write.
pub(super) fn plain(number: f64) -> String {
    match number.abs() < 1e18 {
        true => format!("{number}"),
        false => format!("{number:e}"),
    }
}

/// A number in the form of a mask, when that keeps all of its digits.
pub(super) fn shown(number: f64, mask: &str) -> Option<String> {
    if mask.len() > LONGEST || number.fract() != 0.0 || !(0.0..1e18).contains(&number) {
        return None;
    }
    let slots = slots(mask)?;
    let digits = plain(number);
    let zeros = slots.iter().filter(|slot| **slot == Slot::Zero).count();
    if zeros == 0 {
        return None;
    }
    let mut digits = digits.chars().rev().peekable();
    let mut shown = Vec::new();
    let first = slots.iter().position(|slot| !matches!(slot, Slot::Literal(_)));
    for (place, slot) in slots.iter().enumerate().rev() {
        match slot {
            Slot::Literal(character) => shown.push(*character),
            Slot::Zero => shown.push(digits.next().unwrap_or('0')),
            Slot::Digit => shown.extend(digits.next()),
        }
        if Some(place) == first {
            // What the mask has no place for stands before its first digit.
            shown.extend(digits.by_ref());
        }
    }
    Some(shown.into_iter().rev().collect())
}

/// A place of a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// A digit, or a zero.
    Zero,
    /// A digit, or nothing.
    Digit,
    Literal(char),
}

/// The places of the mask for positive numbers; none when it shows something else than the number's digits.
fn slots(mask: &str) -> Option<Vec<Slot>> {
    let mut slots = Vec::new();
    let mut characters = mask.chars();
    while let Some(character) = characters.next() {
        match character {
            '0' => slots.push(Slot::Zero),
            '#' | '?' => slots.push(Slot::Digit),
            ';' => break,
            '\\' => slots.extend(characters.next().map(Slot::Literal)),
            '"' => slots.extend(characters.by_ref().take_while(|c| *c != '"').map(Slot::Literal)),
            '[' => characters.by_ref().take_while(|c| *c != ']').for_each(drop),
            '_' | '*' => {
                characters.next();
            }
            '-' | '/' | ' ' | '(' | ')' | '+' | ':' | '$' | '\u{a0}' => slots.push(Slot::Literal(character)),
            _ => return None,
        }
    }
    Some(slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_all_their_digits() {
        for (number, mask, text) in [
            (536_228_145.0, "000-00-0000", Some("536-22-8145")),
            (1_234_567.0, "000\\-00\\-0000", Some("001-23-4567")),
            (1_234_567.0, "000000000", Some("001234567")),
            (6_175_551_234.0, "(###) ###-####", None),
            (6_175_551_234.0, "(000) 000-0000", Some("(617) 555-1234")),
            (536_228_145.0, "\"XXX-XX-\"0000", Some("XXX-XX-536228145")),
            (536_228_145.0, "[Red]000-00-0000;@", Some("536-22-8145")),
            (536_228_145.0, "#,##0", None),
            (45_000.0, "yyyy-mm-dd", None),
            (0.5, "000", None),
            (-5.0, "000", None),
        ] {
            assert_eq!(shown(number, mask).as_deref(), text, "{mask}");
        }
        assert_eq!(plain(4_539_148_803_436_467.0), "4539148803436467");
        assert_eq!(plain(-0.25), "-0.25");
        assert_eq!(plain(1e300), "1e300");
    }
}
