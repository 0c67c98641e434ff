//! Numbers whose digits somebody set apart, as programs that search for numbers do not expect: `5 3 6 - 2 2`,
//! `536_22_8145`, `4830.1277.55`. What is told is where the separators stand that nobody would miss.

use std::ops::Range;

use super::super::digits::Runs;

/// A group of more characters is a number of its own.
const LONGEST_GROUP: usize = 6;
/// More groups than this are no number: the longest IBAN has 34 characters.
const MOST_GROUPS: usize = 40;
/// More letters than this stand before no number's first digit: some of Washington's licenses have seven.
const MOST_LETTERS: usize = 8;
/// Fewer digits than this are no number of their own.
const FEWEST_DIGITS: usize = 6;

/// Finds the separators of all such numbers in order: stretches to take out, and what to put there instead.
pub(super) fn separators(bytes: &[u8], mut tell: impl FnMut(Range<usize>, Option<u8>)) {
    let (mut next, mut chain, mut runs) = (0, Chain::default(), Runs::default());
    for from in (0..bytes.len()).step_by(WINDOW) {
        runs.read(bytes, from, from + WINDOW);
        for run in runs.list() {
            // What was read may end within a run, or cut it in two.
            while next < run.end {
                let digit = run.start.max(next);
                next = chain.go_on(bytes, digit, next, &mut tell);
            }
        }
    }
}

/// Octets whose digits are looked for at a time.
const WINDOW: usize = 64 << 10;

fn is_part(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

fn end_of_group(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| is_part(**byte)).count()
}

fn start_of_group(bytes: &[u8], end: usize, least: usize) -> usize {
    let before = bytes.get(least..end).unwrap_or_default();
    end - before.iter().rev().take_while(|byte| is_part(**byte)).count()
}

/// What stands before the group of a digit, which begins at or after `least`; none when it begins there.
fn before_group(bytes: &[u8], digit: usize, least: usize) -> Option<u8> {
    let start = start_of_group(bytes, digit, least);
    let before = start.checked_sub(1).filter(|before| *before >= least)?;
    bytes.get(before).copied()
}

/// Whether an octet may be part of what stands between two groups.
fn joins(octet: &u8) -> bool {
    matches!(octet, b' ' | b'.' | b'/' | b'_' | b'-')
}

/// Whether a letter is the end of a label that was cut short and no beginning of a number: "D/L", "D.L.".
fn is_abbreviation(bytes: &[u8], group: &Range<usize>) -> bool {
    let before = bytes.get(..group.start).unwrap_or_default();
    let letter = bytes.get(group.start).is_some_and(u8::is_ascii_alphabetic);
    letter && matches!(before, [.., letter, b'/' | b'.' | b'&'] if letter.is_ascii_alphabetic())
}

/// What stands between two groups: the joining sign, if there is one, and whether spaces do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Joint {
    sign: Option<u8>,
    spaced: bool,
}

impl Joint {
    /// Reads what stands between two groups; none when it is nothing that joins: " - ", "_", " ".
    fn of(between: &[u8]) -> Option<Joint> {
        let spaces =
            |text: &[u8]| !text.is_empty() && text.len() <= 3 && text.iter().all(|byte| *byte == b' ');
        let (sign, spaced) = match between {
            [b' ', sign, b' '] | [b' ', b' ', sign, b' ', b' '] if *sign != b' ' => (Some(*sign), true),
            [sign] if *sign != b' ' => (Some(*sign), false),
            other if spaces(other) => (None, true),
            _ => return None,
        };
        let joins = sign.is_none_or(|sign| matches!(sign, b'.' | b'/' | b'_' | b'-'));
        joins.then_some(Joint { sign, spaced })
    }
}

/// Groups of digits and capital letters with joints between them.
#[derive(Debug, Default)]
struct Chain {
    groups: Vec<Range<usize>>,
    joints: Vec<Joint>,
}

impl Chain {
    /// Tells the separators of the number that holds a digit, and begins at or after `least`, if it is set apart; gives the
    /// place where to go on.
    fn go_on(
        &mut self,
        bytes: &[u8],
        digit: usize,
        least: usize,
        tell: &mut impl FnMut(Range<usize>, Option<u8>),
    ) -> usize {
        let end = end_of_group(bytes, digit);
        // Most groups stand for themselves.
        let alone = !bytes.get(end).is_some_and(joins);
        if alone && !before_group(bytes, digit, least).is_some_and(|before| joins(&before)) {
            return end;
        }
        self.read(bytes, digit, least);
        if self.is_number(bytes) {
            self.superfluous(bytes)
                .for_each(|(stretch, instead)| tell(stretch, instead));
        }
        self.end().max(end).max(digit + 1)
    }

    /// Reads the chain that holds the group of the digit at `digit`, and begins at or after `least`, in place of the one
    /// before.
    fn read(&mut self, bytes: &[u8], digit: usize, least: usize) {
        let start = start_of_group(bytes, digit, least);
        let end = end_of_group(bytes, digit);
        self.groups.clear();
        self.joints.clear();
        if end - start > LONGEST_GROUP {
            return;
        }
        self.groups.push(start..end);
        let forwards = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            let gap = rest.iter().take(6).take_while(|byte| !is_part(**byte)).count();
            let joint = Joint::of(rest.get(..gap)?)?;
            let group = from + gap..end_of_group(bytes, from + gap);
            // The next word is no part of the number: "9 Class".
            let word = bytes.get(group.end).is_some_and(u8::is_ascii_lowercase);
            Some((joint, group)).filter(|_| !word)
        };
        // Letters before the first digit: "G B 2 9", "S.482".
        let backwards = |to: usize| {
            let before = bytes.get(least..to).unwrap_or_default();
            let gap = before
                .iter()
                .rev()
                .take(6)
                .take_while(|byte| !is_part(**byte))
                .count();
            let joint = Joint::of(before.get(before.len() - gap..)?)?;
            let group = start_of_group(bytes, to - gap, least)..to - gap;
            Some((joint, group)).filter(|(_, group)| !is_abbreviation(bytes, group))
        };
        let mut end = end;
        while let Some((joint, group)) = forwards(end).filter(|(joint, group)| self.takes(*joint, group)) {
            end = group.end;
            self.groups.push(group);
            self.joints.push(joint);
        }
        let mut start = start;
        let mut before: Vec<(Joint, Range<usize>)> = Vec::new();
        // Longer words are a label: "SSN_536_22_8145".
        while let Some((joint, group)) = backwards(start).filter(|(joint, group)| {
            before.len() < MOST_LETTERS && group.len() < 3 && self.takes(*joint, group)
        }) {
            start = group.start;
            before.push((joint, group));
        }
        for (joint, group) in before {
            self.groups.insert(0, group);
            self.joints.insert(0, joint);
        }
    }

    fn end(&self) -> usize {
        self.groups.last().map_or(0, |group| group.end)
    }

    fn is_single(&self) -> bool {
        self.groups.iter().all(|group| group.len() == 1)
    }

    /// Whether a group goes on with the chain: one character after another, or groups with one kind of joint.
    fn takes(&self, joint: Joint, group: &Range<usize>) -> bool {
        let alike = self.joints.iter().all(|known| *known == joint) && joint.sign.is_some();
        let single = group.len() == 1 && self.is_single();
        self.groups.len() < MOST_GROUPS && (single || alike && (1..=LONGEST_GROUP).contains(&group.len()))
    }

    /// Whether the groups are a number together, written in an unusual way and no date, address or telephone
    /// number.
    fn is_number(&self, bytes: &[u8]) -> bool {
        let (Some(first), Some(last), Some(joint)) =
            (self.groups.first(), self.groups.last(), self.joints.first())
        else {
            return false;
        };
        let digits = bytes.get(first.start..last.end).unwrap_or_default();
        let digits = digits.iter().filter(|byte| byte.is_ascii_digit()).count();
        let unusual = match self.is_single() {
            true => self.groups.len() > FEWEST_DIGITS,
            false => match joint.sign {
                Some(b'_') => self.groups.len() > 1,
                Some(b'.' | b'/') => self.groups.len() > 2,
                Some(_) => joint.spaced,
                None => false,
            },
        };
        digits >= FEWEST_DIGITS && unusual && !self.is_something_else(bytes) && self.stands_free(bytes)
    }

    fn is_something_else(&self, bytes: &[u8]) -> bool {
        let lengths: Vec<usize> = self.groups.iter().map(|group| group.len()).collect();
        let is_octet = |group: &Range<usize>| {
            let text = bytes
                .get(group.clone())
                .and_then(|text| std::str::from_utf8(text).ok());
            text.is_some_and(|text| text.parse::<u8>().is_ok())
        };
        match lengths.as_slice() {
            [1 | 2, 1 | 2, 2 | 4] | [4, 1 | 2, 1 | 2] | [3, 3, 4] | [1, 3, 3, 4] => true,
            // Thousands: 8.605.632.
            [1 | 2, 3, 3] => {
                self.joints.iter().all(|joint| joint.sign == Some(b'.')) && self.begins_with_a_digit(bytes)
            }
            [_, _, _, _] => self.groups.iter().all(is_octet),
            _ => false,
        }
    }

    fn begins_with_a_digit(&self, bytes: &[u8]) -> bool {
        let first = self.groups.first().and_then(|group| bytes.get(group.start));
        first.is_some_and(u8::is_ascii_digit)
    }

    /// Whether the chain is no part of a path, an address or a word.
    fn stands_free(&self, bytes: &[u8]) -> bool {
        let (Some(first), Some(last)) = (self.groups.first(), self.groups.last()) else {
            return false;
        };
        let before = bytes.get(..first.start).unwrap_or_default();
        let after = bytes.get(last.end..).unwrap_or_default();
        let joins = |byte: u8| {
            matches!(
                byte,
                b'.' | b'/' | b'_' | b'-' | b'@' | b'\\' | b'+' | b'%' | b'~' | b'&'
            )
        };
        let free_before = match before {
            [.., near] => !near.is_ascii_alphanumeric() && !joins(*near) && *near != b'$',
            [] => true,
        };
        let free_after = match after {
            [near, far, ..] => !(near.is_ascii_alphanumeric() || joins(*near) && far.is_ascii_alphanumeric()),
            [near] => !near.is_ascii_alphanumeric(),
            [] => true,
        };
        free_before && free_after
    }

    /// What to take out. Where signs part the groups of single characters, or spaces stand around them, the
    /// signs say how the number is printed and stay.
    fn superfluous<'c>(&'c self, bytes: &'c [u8]) -> impl Iterator<Item = (Range<usize>, Option<u8>)> + 'c {
        let grouped = self.is_single() && self.joints.iter().any(|joint| joint.sign.is_none());
        let keeps = move |joint: &Joint| match joint.sign {
            Some(b'_') | None => false,
            Some(b'-') => grouped || joint.spaced,
            Some(_) => grouped,
        };
        // The groups of a Social Security number say what it is, so long as they are told apart.
        let lengths = self.groups.iter().map(|group| group.len());
        let instead = lengths.eq([3, 2, 4]).then_some(b'-').filter(|_| {
            let sign = self.joints.first().and_then(|joint| joint.sign);
            sign == Some(b'_')
        });
        let pairs = self
            .groups
            .iter()
            .zip(self.groups.iter().skip(1))
            .zip(&self.joints);
        pairs
            .flat_map(move |((left, right), joint)| {
                let between = left.end..right.start;
                let sign = bytes.get(between.clone()).unwrap_or_default();
                let sign = sign
                    .iter()
                    .position(|byte| *byte != b' ')
                    .map(|at| between.start + at);
                match sign.filter(|_| keeps(joint)) {
                    Some(sign) => [(between.start..sign, None), (sign + 1..between.end, None)],
                    None => [(between, instead), (0..0, None)],
                }
            })
            .filter(|(stretch, _)| !stretch.is_empty())
    }
}
