//! Numbers that a mail program broke over two lines, whose digits somebody set apart or whose groups have cells of
//! their own, made whole.
//!
//! A second reading beside the plain one: what it finds counts only when something was taken out of it.

use std::ops::Range;

use super::map::Map;
use super::{apart, cells};

/// Octets with the line ends and unusual separators inside numbers taken out.
pub(super) struct Joined {
    pub bytes: Vec<u8>,
    pub map: Map,
    /// Where something was taken out.
    pub at: Vec<u32>,
}

/// Joins; none when there is nothing to take out. `goes_on` tells of the line end at an octet, which digits stand
/// around, whether a number may go on behind it; it is asked in order.
pub(super) fn join(bytes: &[u8], mut goes_on: impl FnMut(usize) -> bool) -> Option<Joined> {
    let mut out: Vec<(Range<usize>, Option<u8>)> = Vec::new();
    apart::separators(bytes, |stretch, instead| out.push((stretch, instead)));
    cells::separators(bytes, |stretch, instead| out.push((stretch, instead)));
    let ends = memchr::memchr_iter(b'\n', bytes);
    let inside = ends.filter_map(|end| inside_number(bytes, end).filter(|_| goes_on(end)));
    out.extend(inside.map(|stretch| {
        let space = between_groups(bytes, &stretch).then_some(b' ');
        (stretch, space)
    }));
    out.sort_by_key(|(stretch, _)| stretch.start);
    if out.is_empty() {
        return None;
    }
    let mut joined = Joined {
        bytes: Vec::with_capacity(bytes.len()),
        map: Map::default(),
        at: Vec::with_capacity(out.len()),
    };
    let mut done = 0;
    for (stretch, instead) in out {
        if stretch.start < done {
            continue;
        }
        joined.copy(bytes, done, stretch.start);
        joined
            .at
            .push(u32::try_from(joined.bytes.len()).unwrap_or(u32::MAX));
        if let Some(sign) = instead {
            joined.map.push(joined.bytes.len(), stretch.start, 1, 1);
            joined.bytes.push(sign);
        }
        done = stretch.end;
    }
    joined.copy(bytes, done, bytes.len());
    Some(joined)
}

impl Joined {
    fn copy(&mut self, bytes: &[u8], from: usize, to: usize) {
        if from < to {
            self.map.push(self.bytes.len(), from, 1, 1);
            self.bytes
                .extend_from_slice(bytes.get(from..to).unwrap_or_default());
        }
    }
}

/// Whether the line ends where a space stood between two groups of a number: "4230 0517 4840\n8835".
fn between_groups(bytes: &[u8], stretch: &Range<usize>) -> bool {
    const GROUPS: [(usize, usize); 8] = [(4, 4), (3, 2), (2, 4), (4, 3), (4, 6), (6, 5), (6, 4), (3, 3)];
    let left = bytes.get(..stretch.start).unwrap_or_default();
    let right = bytes.get(stretch.end..).unwrap_or_default();
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let before = left.iter().rev().take(8).take_while(is_digit).count();
    let after = right.iter().take(8).take_while(is_digit).count();
    let goes_on = |mut rest: std::slice::Iter<u8>| {
        rest.next() == Some(&b' ') && rest.next().is_some_and(u8::is_ascii_digit)
    };
    let mut earlier = left.iter().rev().skip(before);
    let begun = earlier.next() == Some(&b' ') && earlier.next().is_some_and(u8::is_ascii_digit);
    GROUPS.contains(&(before, after)) && (begun || goes_on(right.get(after..).unwrap_or_default().iter()))
}

/// What to take out around the line feed at `end`, when a number goes on after it: spaces, the line end, and
/// the marks of a quoted reply; and hyphens there, as far as they only say that the number goes on.
fn inside_number(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let (before, after) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let spaces = before
        .iter()
        .rev()
        .take(4)
        .take_while(|byte| matches!(byte, b' ' | b'\r' | b'='))
        .count();
    let marks = after
        .iter()
        .take(8)
        .take_while(|byte| matches!(byte, b' ' | b'>' | b'|' | b'\t'))
        .count();
    let (from, to) = (end - spaces, end + 1 + marks);
    let mut left = bytes.get(..from)?.iter().rev();
    let mut right = bytes.get(to..)?.iter();
    let joins = match (left.next()?, right.next()?) {
        (b'0'..=b'9', b'0'..=b'9') => {
            let line = bytes.get(to..)?;
            let year = is_of_a_year(line) && is_long(bytes.get(..from)?);
            !year && !is_month(line) && !is_date(line) && !is_entry(line)
        }
        (b'-', b'A'..=b'Z') if is_of_code(bytes, &(from..to)) => return hyphenated(bytes, from..to),
        (b'A'..=b'Z' | b'0'..=b'9', b'A'..=b'Z') => is_of_code(bytes, &(from..to)),
        (b'-', b'0'..=b'9' | b'-') | (b'0'..=b'9', b'-') => return hyphenated(bytes, from..to),
        (b'.' | b'/', b'0'..=b'9') => left.next()?.is_ascii_digit(),
        // The letters that some licences begin with.
        (b'A'..=b'Z', b'0'..=b'9') => {
            let letters = left
                .by_ref()
                .take_while(|byte| byte.is_ascii_alphanumeric())
                .take(3);
            letters.count() < 2
        }
        (b'0'..=b'9', b'.' | b'/') => right.next()?.is_ascii_digit(),
        _ => false,
    };
    joins.then_some(from..to)
}

/// Whether a line begins with a year and a word, as "2024 contribution" does.
fn is_of_a_year(line: &[u8]) -> bool {
    matches!(line, [b'1', b'9', a, b, b' ', word, ..] | [b'2', b'0', a, b, b' ', word, ..]
        if a.is_ascii_digit() && b.is_ascii_digit() && word.is_ascii_alphabetic())
}

/// Whether a text ends with digits that are a number by themselves.
fn is_long(text: &[u8]) -> bool {
    const DIGITS: usize = 6;
    text.iter()
        .rev()
        .take(DIGITS)
        .filter(|byte| byte.is_ascii_digit())
        .count()
        == DIGITS
}

/// Whether a line is the month in which a card expires, as it stands below the card's number: `06/35`.
fn is_month(line: &[u8]) -> bool {
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let month = line.iter().take(3).take_while(is_digit).count();
    let year = line.iter().skip(month + 1).take(5).take_while(is_digit).count();
    let rest = line.get(month + 1 + year..).unwrap_or_default();
    let ends = !matches!(
        rest,
        [b'/' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z', ..]
    );
    matches!(month, 1 | 2) && line.get(month) == Some(&b'/') && matches!(year, 2 | 4) && ends
}

/// Whether a line begins with its own number, as those of tax forms and lists do: `36   applied to 2025`, `2) Ann Lee`.
fn is_entry(line: &[u8]) -> bool {
    const MOST: usize = 3;
    let digits = line
        .iter()
        .take(MOST + 1)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let rest = match line.get(digits..) {
        Some([b' ', b' ', rest @ ..] | [b')' | b'.', b' ', rest @ ..]) => rest.trim_ascii_start(),
        _ => return false,
    };
    digits <= MOST && rest.first().is_some_and(u8::is_ascii_alphabetic)
}

/// Whether a line begins with a date or the time of day, as the lines of a chat do: `08/24/2025, 8:45`.
fn is_date(line: &[u8]) -> bool {
    let line = line.get(..line.len().min(12)).unwrap_or_default();
    let signs: Vec<u8> = line
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_digit())
        .collect();
    let mut parts = line.split(|byte| !byte.is_ascii_digit());
    let mut number = |most: u32, digits: &[usize]| {
        let part = parts.next().filter(|part| digits.contains(&part.len()));
        let value = part.and_then(|part| std::str::from_utf8(part).ok()?.parse().ok());
        value.is_some_and(|value: u32| value <= most)
    };
    match signs.as_slice() {
        [b'/', b'/', ..] => number(12, &[1, 2]) && number(31, &[1, 2]) && number(2100, &[2, 4]),
        [b':', ..] => number(23, &[1, 2]) && number(59, &[2]),
        _ => false,
    }
}

/// Whether what stands beside a gap are two pieces of a code of digits and capital letters, such as the number of a
/// license: `WKLTXB X201S0`.
fn is_of_code(bytes: &[u8], gap: &Range<usize>) -> bool {
    const LONGEST: usize = 18;
    let is_part = |byte: &&u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() || **byte == b'-';
    let (Some(left), Some(right)) = (bytes.get(..gap.start), bytes.get(gap.end..)) else {
        return false;
    };
    let before = left.iter().rev().take(LONGEST).take_while(is_part).count();
    let after = right.iter().take(LONGEST).take_while(is_part).count();
    let small = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_lowercase);
    let touched = small(left.iter().rev().nth(before)) || small(right.get(after));
    let halves = [left.get(left.len() - before..), right.get(..after)];
    let mut digits = halves.into_iter().flatten().flatten();
    before > 0 && before + after <= LONGEST && !touched && digits.any(u8::is_ascii_digit)
}

/// Hyphens at the end of a line and at the beginning of the next: at most so many stand there.
const MOST_HYPHENS: usize = 2;

/// What to take out where a line ends within a number and hyphens stand beside its end. Of two hyphens, one was
/// there before the line was broken.
fn hyphenated(bytes: &[u8], gap: Range<usize>) -> Option<Range<usize>> {
    let is_hyphen = |byte: &&u8| **byte == b'-';
    let (left, right) = (bytes.get(..gap.start)?, bytes.get(gap.end..)?);
    let before = left.iter().rev().take_while(is_hyphen).count();
    let after = right.iter().take_while(is_hyphen).count();
    let left = left.get(..left.len() - before)?;
    let right = right.get(after..)?;
    let first = right.first()?;
    let goes_on =
        left.last()?.is_ascii_alphanumeric() && (first.is_ascii_digit() || first.is_ascii_uppercase());
    if !goes_on || before + after > MOST_HYPHENS {
        return None;
    }
    let kept = usize::from(before + after > 1 || !breaks_a_group(left, right));
    let whole = gap.start - before..gap.end + after;
    // The hyphen that stays is the first one; where both stand in the next line, none is left before it.
    Some(match before > 0 {
        true => whole.start + kept..whole.end,
        false => whole.start..whole.end - kept,
    })
}

/// Whether a hyphen between two texts stands within a group of a number, where none is printed: without it the
/// groups have lengths that numbers are printed in, or there is only one group, too long to be printed as two.
fn breaks_a_group(left: &[u8], right: &[u8]) -> bool {
    const MOST: usize = 40;
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let is_part = |byte: &&u8| is_digit(byte) || **byte == b'-';
    let length = left.iter().rev().take(MOST).take_while(is_part).count();
    let left = left.get(left.len() - length..).unwrap_or_default();
    let length = right.iter().take(MOST).take_while(is_part).count();
    let right = right.get(..length).unwrap_or_default();
    let right = right.strip_suffix(b"-").unwrap_or(right);
    let groups = |text: &[u8]| -> Vec<usize> { text.split(|byte| *byte == b'-').map(<[u8]>::len).collect() };
    let (mut lengths, mut rest) = (groups(left), groups(right));
    if let ([first], [second]) = (lengths.as_slice(), rest.as_slice()) {
        return first + second > 8 && *first.max(second) > 4;
    }
    if let (Some(last), Some(first)) = (lengths.last_mut(), rest.first()) {
        *last += first;
        lengths.extend(rest.drain(1..));
    }
    let mut printed = cells::PRINTED.iter();
    printed.any(|(groups, _)| *groups == lengths.as_slice())
}
