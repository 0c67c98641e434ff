//! What another reading of a long text says that the first one does not: reading all of it again would cost as much
//! time as the text itself, for a line or two.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// Shorter readings are searched whole.
const LONG: usize = 256 << 10;
/// Lines that are kept before and behind one that is new: what gives it its meaning, a name or the header of a table.
const AROUND: usize = 60;

/// One line in so many is few.
const FEW: usize = 2_000;
/// How many lines ahead a line is looked for where the two readings go apart.
const APART: usize = 4;

/// The lines of `second` that are not in `first`, with the lines around them and the first ones of the text. Short
/// texts stay whole, and so does one that is new in most places.
pub(super) fn of(first: &str, second: String) -> String {
    if second.len() < LONG {
        return second;
    }
    let lines: Vec<&str> = second.split_inclusive('\n').collect();
    match excerpt(&new_lines(first, &lines), &lines) {
        Some(excerpt) => excerpt,
        None => second,
    }
}

/// The lines of a text that `tell` and those around them, when it is long and tells in few places; else the text.
pub(super) fn telling(text: &str, tell: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if text.len() < LONG {
        return Cow::Borrowed(text);
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let numbered = lines.iter().enumerate();
    let telling: Vec<usize> = numbered
        .filter(|(_, line)| tell(line))
        .map(|(number, _)| number)
        .collect();
    excerpt(&telling, &lines).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The lines around some, by their numbers; none when these are most.
fn excerpt(numbers: &[usize], lines: &[&str]) -> Option<String> {
    let kept = around(numbers, lines.len());
    if kept.iter().map(ExactSizeIterator::len).sum::<usize>() * 2 > lines.len() {
        return None;
    }
    let mut excerpt = String::new();
    for range in kept {
        let range = lines.get(range).into_iter().flatten();
        range.for_each(|line| excerpt.push_str(line));
        // What follows is another place of the text.
        excerpt.push('\n');
    }
    Some(excerpt)
}

/// The numbers of the lines that stand nowhere in the first reading, and few others.
fn new_lines(first: &str, lines: &[&str]) -> Vec<usize> {
    // Most lines stand where they stood: only where the two go apart is it looked for elsewhere.
    let mut beside = first;
    let elsewhere = lines.iter().enumerate().filter(|(_, line)| {
        // What is the same to the octet is the rule, and quickest to see.
        if let Some(rest) = beside.strip_prefix(**line).filter(|_| line.ends_with('\n')) {
            beside = rest;
            return false;
        }
        let mut read = 0;
        let known = beside.split_inclusive('\n').take(APART).any(|known| {
            read += known.len();
            known.trim_end() == line.trim_end()
        });
        if known {
            beside = beside.get(read..).unwrap_or_default();
        }
        !known
    });
    let mut new: Vec<usize> = elsewhere.map(|(number, _)| number).collect();
    // A few lines too many cost less than to know all lines of the first reading.
    if new.len() * FEW > lines.len() {
        let hasher = RandomState::new();
        let known: HashSet<u64> = first
            .lines()
            .map(|line| hasher.hash_one(line.trim_end()))
            .collect();
        let is_new = |number: &usize| {
            let line = lines.get(*number).copied().unwrap_or_default();
            !known.contains(&hasher.hash_one(line.trim_end()))
        };
        new.retain(is_new);
    }
    new
}

/// The first lines of a text and those around the new ones.
fn around(new: &[usize], lines: usize) -> Vec<Range<usize>> {
    let beginning = 0..AROUND.min(lines);
    let mut kept = Vec::from([beginning]);
    for number in new {
        let (from, to) = (number.saturating_sub(AROUND), (number + AROUND + 1).min(lines));
        match kept.last_mut() {
            Some(last) if from <= last.end => last.end = to.max(last.end),
            _ => kept.push(from..to),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{AROUND, LONG, of, telling};

    #[test]
    fn of_a_long_reading_what_is_new_is_kept_with_the_lines_around_it() {
        let line = |number: usize| format!("an ordinary line with the number {number} in it\n");
        let first: String = (0..20_000).map(line).collect();
        assert!(first.len() > LONG);
        let second: String = (0..20_000)
            .map(|number| match number {
                9_000 | 9_010 => format!("SSN 536-22-{number}\n"),
                _ => line(number),
            })
            .collect();
        let excerpt = of(&first, second);
        assert!(excerpt.contains("SSN 536-22-9000\n") && excerpt.contains("SSN 536-22-9010\n"));
        assert!(excerpt.starts_with(&line(0)) && excerpt.contains(&line(9_010 + AROUND)));
        assert_eq!(excerpt.lines().count(), AROUND + 1 + (2 * AROUND + 11) + 1);
    }

    #[test]
    fn of_a_long_text_the_lines_that_tell_are_kept_with_those_around_them() {
        let line = |number: usize| format!("an ordinary line with the number {number} in it\n");
        let text: String = (0..20_000).map(line).collect();
        let told = telling(&text, |line| line.contains("number 9000 "));
        assert!(
            told.starts_with(&line(0)) && told.contains(&line(9_000)) && told.contains(&line(9_000 + AROUND))
        );
        assert_eq!(told.lines().count(), AROUND + 1 + (2 * AROUND + 1) + 1);
        assert_eq!(telling(&text, |_| true), text);
        assert_eq!(telling("short\n", |_| false), "short\n");
    }

    #[test]
    fn short_readings_and_those_that_are_all_new_stay_whole() {
        assert_eq!(of("a\n", "b\n".to_owned()), "b\n");
        let (first, second) = ("a line\n".repeat(100_000), "b line\n".repeat(100_000));
        assert_eq!(of(&first, second.clone()), second);
    }
}
