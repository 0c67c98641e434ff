//! Numbers with a cell of a table for each of their groups: `536 | 22 | 8145`, as forms have boxes for them.

use std::ops::Range;

/// How long the groups are that a form has cells for, and what is put between them. Three or four figures of any table
/// may be that long, so what they make is a number that needs a keyword, and no card is told by its groups alone.
pub(super) const PRINTED: [(&[usize], Option<u8>); 4] = [
    (&[3, 2, 4], None),
    (&[4, 4, 4, 4], Some(b'/')),
    (&[4, 6, 5], Some(b'/')),
    (&[4, 6, 4], Some(b'/')),
];

/// The longest IBAN has nine groups.
const MOST_GROUPS: usize = 9;
/// The shortest has four that are full.
const FEWEST_FULL: usize = 4;
const LONGEST_GROUP: usize = 6;
/// Between two cells: tabs or bars, spaces, a hyphen in a cell of its own.
const LONGEST_GAP: usize = 9;

/// Finds what parts the cells of all such numbers, in order: stretches to take out, and what to put there instead.
pub(super) fn separators(bytes: &[u8], mut tell: impl FnMut(Range<usize>, Option<u8>)) {
    let mut done = 0;
    for mark in memchr::memchr2_iter(b'\t', b'|', bytes) {
        if mark < done {
            continue;
        }
        let Some(first) = group_before(bytes, mark).filter(|group| group.start >= done) else {
            continue;
        };
        let groups = groups(bytes, first);
        let Some((length, instead)) = number(bytes, &groups) else {
            continue;
        };
        let pairs = groups.iter().zip(groups.iter().skip(1));
        for (left, right) in pairs.take(length - 1) {
            tell(left.end..right.start, instead);
            done = right.end;
        }
    }
}

fn is_part(byte: &u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

/// The group in the cell that ends at a mark, if the cell holds nothing else.
fn group_before(bytes: &[u8], mark: usize) -> Option<Range<usize>> {
    let before = bytes.get(mark.saturating_sub(LONGEST_GROUP + 4)..mark)?;
    let end = mark - before.iter().rev().take_while(|byte| **byte == b' ').count();
    let text = bytes.get(end.saturating_sub(LONGEST_GROUP + 1)..end)?;
    let length = text.iter().rev().take_while(|byte| is_part(byte)).count();
    let start = end - length;
    let edge = start.checked_sub(1).and_then(|at| bytes.get(at));
    let fills = edge.is_none_or(|edge| matches!(edge, b'\t' | b'|' | b'\n' | b' '));
    ((1..=LONGEST_GROUP).contains(&length) && fills).then_some(start..end)
}

/// The groups of cells that follow each other.
fn groups(bytes: &[u8], first: Range<usize>) -> Vec<Range<usize>> {
    let mut groups = vec![first];
    while let Some(end) = groups
        .last()
        .map(|group| group.end)
        .filter(|_| groups.len() <= MOST_GROUPS)
    {
        let rest = bytes.get(end..).unwrap_or_default();
        let between = |byte: &&u8| matches!(byte, b'\t' | b'|' | b' ' | b'-');
        let gap = rest.iter().take(LONGEST_GAP + 1).take_while(between).count();
        let marked = rest.iter().take(gap).any(|byte| matches!(byte, b'\t' | b'|'));
        let length = rest
            .iter()
            .skip(gap)
            .take(LONGEST_GROUP + 1)
            .take_while(|byte| is_part(byte))
            .count();
        // Most cells are left after a look at the next one.
        let fits = groups.len() > 1 || matches!(length, 2 | 4 | 6);
        if !marked || !fits || gap > LONGEST_GAP || !(1..=LONGEST_GROUP).contains(&length) {
            break;
        }
        groups.push(end + gap..end + gap + length);
    }
    groups
}

/// How many groups make a number, and what is put between them.
fn number(bytes: &[u8], groups: &[Range<usize>]) -> Option<(usize, Option<u8>)> {
    let digits = |group: &Range<usize>| {
        let text = bytes.get(group.clone()).unwrap_or_default();
        text.iter().all(u8::is_ascii_digit)
    };
    let ends = |length: usize| {
        let end = groups.get(length - 1).map_or(0, |group| group.end);
        bytes.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric())
    };
    let printed = PRINTED.iter().find(|(lengths, _)| {
        let own = groups.get(..lengths.len());
        own.is_some_and(|own| {
            own.iter().all(digits) && own.iter().map(ExactSizeIterator::len).eq(lengths.iter().copied())
        })
    });
    let found = printed.map(|(lengths, instead)| (lengths.len(), *instead));
    found
        .or_else(|| iban(bytes, groups).map(|length| (length, None)))
        .filter(|(length, _)| ends(*length))
}

/// How many groups an IBAN has that begins with the first: a country and two digits, then groups of four.
fn iban(bytes: &[u8], groups: &[Range<usize>]) -> Option<usize> {
    let country = bytes.get(groups.first()?.clone())?;
    let begins = matches!(country, [a, b, c, d]
        if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit());
    let full = groups.iter().take_while(|group| group.len() == 4).count();
    let last = groups.get(full).filter(|group| group.len() < 4);
    (begins && full >= FEWEST_FULL).then_some(full + usize::from(last.is_some()))
}
