//! What may touch a value: a card number inside a longer number is no card number.

use super::rule_file::Boundary;

/// Whether the value between two octets stands free enough.
pub(super) fn stands_free(bytes: &[u8], start: usize, end: usize, boundary: Boundary) -> bool {
    may_begin(bytes, start, boundary) && may_end(bytes, end, boundary)
}

/// Whether what stands before an octet lets a value begin there, wherever it ends.
pub(super) fn may_begin(bytes: &[u8], start: usize, boundary: Boundary) -> bool {
    let before = Side::before(bytes, start);
    match boundary {
        Boundary::Word => {
            before.is_free()
                && !is_dialled(bytes, start)
                && !is_behind_apostrophe(bytes, start)
                && !ends_uuid(bytes, start)
        }
        Boundary::Loose => before.is_apart() && !is_dialled(bytes, start) && !ends_uuid(bytes, start),
        Boundary::Apart => before.is_free() && !before.is_a_number(),
        Boundary::Digits => {
            let word = || touching_word(bytes.get(..start).unwrap_or_default().iter().rev(), false);
            (before.is_free() || word()) && !is_in_parcel(bytes, start)
        }
    }
}

/// Whether what begins here is the rest of a word: the `s` of "it's 29847605". The value of `N'S48213907'` is none.
fn is_behind_apostrophe(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(..start).and_then(|before| before.strip_suffix(b"'"));
    let ends = matches!(
        bytes.get(start..start + 2),
        Some([b'a'..=b'z' | b'A'..=b'Z', b' '])
    );
    ends && before.is_some_and(|before| before.last().is_some_and(u8::is_ascii_alphabetic))
}

/// Whether a value that begins here is a piece of the number of a parcel, which carriers print in groups of four:
/// "9405 5422 4237 1692 1872 68".
fn is_in_parcel(bytes: &[u8], start: usize) -> bool {
    let is_group = |from: usize| {
        let group = bytes.get(from..from + 5);
        group.is_some_and(|group| group.ends_with(b" ") && group.iter().take(4).all(u8::is_ascii_digit))
    };
    // Of 22 digits, five groups may stand before.
    let earlier = (1..=6)
        .map_while(|groups| start.checked_sub(5 * groups))
        .take_while(|from| is_group(*from));
    let from = earlier.last().unwrap_or(start);
    let begins = matches!(bytes.get(from..from + 2), Some([b'9', b'1'..=b'6']));
    if from == start || !begins {
        return false;
    }
    let groups = (0..6).take_while(|group| is_group(start + 5 * group)).count();
    let rest = start + 5 * groups;
    let tail = bytes.get(rest..).unwrap_or_default().iter().take(5);
    let tail = tail.take_while(|byte| byte.is_ascii_digit()).count();
    (20..=22).contains(&((start - from) / 5 * 4 + groups * 4 + tail))
}

/// Whether what stands behind a value lets it end there.
fn may_end(bytes: &[u8], end: usize, boundary: Boundary) -> bool {
    let after = Side::after(bytes, end);
    match boundary {
        Boundary::Word => after.is_free() && !is_time(bytes, end) && !begins_uuid(bytes, end),
        Boundary::Loose => after.is_apart() && !is_time(bytes, end) && !begins_uuid(bytes, end),
        Boundary::Apart => after.is_free() && !after.is_a_number(),
        Boundary::Digits => {
            let word = || touching_word(bytes.get(end..).unwrap_or_default().iter(), true);
            after.is_free() || word()
        }
    }
}

/// Whether a country code stands before: "+44 20 7946 0528".
fn is_dialled(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(..start).unwrap_or_default();
    let Some((b' ' | b'-' | b'.' | b'(' | b')', before)) = before.split_last() else {
        return false;
    };
    let code = before
        .iter()
        .rev()
        .take(6)
        .skip_while(|byte| byte.is_ascii_digit() || **byte == b' ');
    before
        .last()
        .is_some_and(|byte| byte.is_ascii_digit() || *byte == b' ')
        && code.take(1).any(|byte| *byte == b'+')
}

/// How many digits the groups of a UUID have between its first and its last (RFC 9562 §4).
const MIDDLE: [usize; 3] = [4, 4, 4];

/// Whether what begins here is the last group of a UUID: "88380089-14e2-4ef0-8dbb-a33991683371".
fn ends_uuid(bytes: &[u8], start: usize) -> bool {
    let groups = [8].into_iter().chain(MIDDLE);
    let before = bytes.get(..start).filter(|before| before.ends_with(b"-"));
    let from = start.checked_sub("88380089-14e2-4ef0-8dbb-".len());
    before
        .zip(from)
        .and_then(|(before, from)| before.get(from..))
        .is_some_and(|text| has_groups(text, groups))
}

/// Whether what ends here is the first group of a UUID.
fn begins_uuid(bytes: &[u8], end: usize) -> bool {
    let groups = MIDDLE.into_iter().chain([12]);
    let after = bytes.get(end..).and_then(|after| after.strip_prefix(b"-"));
    after.is_some_and(|text| has_groups(text, groups))
}

/// Whether a text begins with groups of so many hexadecimal digits, a hyphen between each two.
fn has_groups(text: &[u8], groups: impl IntoIterator<Item = usize>) -> bool {
    let mut rest = text;
    groups.into_iter().all(|digits| {
        let Some((group, behind)) = rest.split_at_checked(digits) else {
            return false;
        };
        rest = behind.strip_prefix(b"-").unwrap_or(behind);
        group.iter().all(u8::is_ascii_hexdigit) && !behind.first().is_some_and(u8::is_ascii_alphanumeric)
    })
}

/// Whether what ends here ends with the hour of a time: "2 Aug 2002 09:29".
fn is_time(bytes: &[u8], end: usize) -> bool {
    let after = Side::after(bytes, end);
    let text = bytes.get(..end).unwrap_or_default().iter().rev();
    let digits = text.take(3).take_while(|byte| byte.is_ascii_digit()).count();
    after.next == b':' && after.beyond.is_ascii_digit() && digits <= 2
}

/// Where the run of digits that holds `at` ends.
pub(super) fn end_of_digits(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The two octets beside a value, nearest first. Zero stands for the edge of the text.
struct Side {
    next: u8,
    beyond: u8,
}

impl Side {
    fn before(bytes: &[u8], start: usize) -> Side {
        let at = |back: usize| {
            start
                .checked_sub(back)
                .and_then(|at| bytes.get(at))
                .copied()
                .unwrap_or(0)
        };
        Side {
            next: at(1),
            beyond: at(2),
        }
    }

    fn after(bytes: &[u8], end: usize) -> Side {
        let at = |ahead: usize| bytes.get(end + ahead).copied().unwrap_or(0);
        // A spreadsheet writes whole numbers as 536228145.0.
        let decimal = at(0) == b'.' && at(1) == b'0' && !at(2).is_ascii_alphanumeric();
        match decimal {
            true => Side { next: 0, beyond: 0 },
            false => Side {
                next: at(0),
                beyond: at(1),
            },
        }
    }

    /// No letter, no digit, nothing that makes it an amount or an address.
    fn is_apart(&self) -> bool {
        !self.next.is_ascii_alphanumeric() && !matches!(self.next, b'$' | b'%' | b'+' | b'@')
    }

    /// A space and a number.
    fn is_a_number(&self) -> bool {
        self.next == b' ' && self.beyond.is_ascii_digit()
    }

    /// Nor anything that makes it part of a longer number.
    fn is_free(&self) -> bool {
        let joined = matches!(self.next, b'-' | b'.' | b'/') && self.beyond.is_ascii_digit();
        self.is_apart() && !joined
    }
}

/// Whether the letters beside a value are a word of people (`Visa4111…`) and not part of a hexadecimal
/// number or a code. After a value another number may follow the word: `exp0829`.
fn touching_word<'b>(mut beside: impl Iterator<Item = &'b u8>, number_may_follow: bool) -> bool {
    let mut letters = 0;
    let mut hexadecimal = true;
    for byte in beside.by_ref().take(20) {
        if !byte.is_ascii_alphabetic() {
            return letters >= 2 && !hexadecimal && (number_may_follow || !byte.is_ascii_digit());
        }
        letters += 1;
        hexadecimal &= byte.is_ascii_hexdigit();
    }
    (2..20).contains(&letters) && !hexadecimal
}

#[cfg(test)]
mod tests {
    use super::super::rule_file::Boundary;
    use super::stands_free;

    fn free(text: &str, boundary: Boundary) -> bool {
        let start = text.find('4').unwrap();
        stands_free(text.as_bytes(), start, text.rfind('4').unwrap() + 1, boundary)
    }

    #[test]
    fn a_value_inside_something_longer_does_not_stand_free() {
        for text in [
            "1-4114", "4 14:30", "4114-5", "a4114", "4114b", "0.4114", "4114/9", "+4114", "$4114", "4114@x",
            "4114.25",
        ] {
            assert!(!free(text, Boundary::Word), "{text}");
        }
        for text in [
            "4114", "'4114'", "N'4114'", "4114's", "4114:30", "(4114)", "-4114-", "=4114&", "4114.",
            "4114, 5", "4114.0", "_4114",
        ] {
            assert!(free(text, Boundary::Word), "{text}");
        }
    }

    #[test]
    fn words_may_touch_where_the_pattern_says_so_and_codes_may_not() {
        for text in ["Visa4114", "x Visa4114exp", "card4114"] {
            assert!(free(text, Boundary::Digits), "{text}");
        }
        for text in ["deadbeef4114", "9xyz4114", "x4114", "4114fade"] {
            assert!(!free(text, Boundary::Digits), "{text}");
        }
        assert!(
            !stands_free(b"it's 4114", 3, 9, Boundary::Word)
                && stands_free(b"N'S4114'", 2, 7, Boundary::Word)
        );
        assert!(free("1/4114", Boundary::Loose));
        assert!(!free("+44 20 4114", Boundary::Word) && !free("+1 4114", Boundary::Loose));
        assert!(free("+ 4114", Boundary::Word) && free("a+b 4114", Boundary::Word));
    }

    #[test]
    fn a_piece_of_the_number_of_a_parcel_does_not_stand_free() {
        assert!(!free("9305 4237 1692 1872 6314 68", Boundary::Digits));
        for text in [
            "9305 4237 1692 1874",
            "1305 4237 1692 1872 6314 68",
            "9305 4237-1692-1872-6314",
        ] {
            assert!(free(text, Boundary::Digits), "{text}");
        }
    }

    #[test]
    fn a_group_of_a_uuid_does_not_stand_free() {
        for (text, value) in [
            ("88380089-14e2-4ef0-8dbb-a33991683371", "a33991683371"),
            ("id=88380089-a4e2-4ef0-8dbb-a33991683371\n", "88380089"),
        ] {
            let start = text.find(value).unwrap();
            let end = start + value.len();
            for boundary in [Boundary::Word, Boundary::Loose] {
                assert!(!stands_free(text.as_bytes(), start, end, boundary), "{text}");
            }
        }
        assert!(stands_free(b"DL-a33991683371", 3, 15, Boundary::Word));
        assert!(stands_free(b"88380089-a4e2", 0, 8, Boundary::Word));
    }

    #[test]
    fn a_value_apart_has_no_numbers_for_neighbours() {
        for text in ["808 4114", "4114 12"] {
            assert!(
                !free(text, Boundary::Apart) && free(text, Boundary::Word),
                "{text}"
            );
        }
        assert!(free("8, 4114 or", Boundary::Apart));
    }
}
