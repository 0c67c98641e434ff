//! One line → its cells.

use std::ops::Range;

/// What separates cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    Tab,
    Pipe,
    Comma,
    Semicolon,
    /// Two or more spaces, as in a table that was aligned by hand.
    Spaces,
    /// A slash with spaces around it.
    Slash,
    /// Rows of a database, each in parentheses.
    Values,
}

impl Delimiter {
    /// Whether prose never uses it.
    pub fn is_certain(self) -> bool {
        matches!(self, Delimiter::Tab | Delimiter::Pipe | Delimiter::Values)
    }
}

/// The cells of a line, without the spaces and quotation marks around them.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub delimiter: Delimiter,
    /// Whether a space stands behind a delimiter, as in a sentence.
    pub spaced: bool,
    pub list: Vec<Range<usize>>,
}

/// What separates "SSN / DOB / phone", but not a date.
const SLASH: &[u8] = b" / ";
/// So many digits make a cell data.
const DIGITS_OF_DATA: usize = 4;
/// A label with a year in it has at least so many letters.
const LETTERS_BESIDE_YEARS: usize = 3;
/// Most rows have fewer cells.
const CELLS: usize = 16;
/// A label is short.
const LONGEST_LABEL: usize = 40;

/// Splits a line into cells; none when it has only one. In a document's table only tabs separate. Of what may
/// separate in running text, that counts which gives most cells.
pub(super) fn cells(line: &[u8], start: usize, table: bool) -> Option<Cells> {
    let line = line.trim_ascii_end();
    let has = |wanted: u8| memchr::memchr(wanted, line).is_some();
    match () {
        () if has(b'\t') => return cells_by(line, start, Delimiter::Tab),
        () if table => return None,
        () if has(b'|') => return cells_by(line, start, Delimiter::Pipe),
        () => {}
    }
    let spaced = memchr::memmem::find(line.trim_ascii_start(), b"  ").is_some();
    let possible = [
        (spaced, Delimiter::Spaces),
        (has(b';'), Delimiter::Semicolon),
        (has(b','), Delimiter::Comma),
        (memchr::memmem::find(line, SLASH).is_some(), Delimiter::Slash),
    ];
    let split = possible.into_iter().filter(|(fits, _)| *fits);
    let split = split.filter_map(|(_, delimiter)| {
        let list = raw(line, delimiter);
        let fits = delimiter == Delimiter::Spaces || looks_like_csv(&list);
        fits.then(|| made(line, start, delimiter, list)).flatten()
    });
    split.max_by_key(|cells| cells.list.len())
}

/// Splits a line at a delimiter; none when it does not occur.
pub(super) fn cells_by(line: &[u8], start: usize, delimiter: Delimiter) -> Option<Cells> {
    let line = line.trim_ascii_end();
    made(line, start, delimiter, raw(line, delimiter))
}

/// The cells of a line with all that stands between two delimiters.
fn raw(line: &[u8], delimiter: Delimiter) -> Vec<Range<usize>> {
    match delimiter {
        Delimiter::Tab => by_octet(line, b'\t', false),
        Delimiter::Pipe => by_octet(line, b'|', false),
        Delimiter::Comma => by_octet(line, b',', true),
        Delimiter::Semicolon => by_octet(line, b';', true),
        Delimiter::Spaces => by_spaces(line),
        Delimiter::Slash => by_slashes(line),
        // `sql` reads them.
        Delimiter::Values => Vec::new(),
    }
}

fn made(line: &[u8], start: usize, delimiter: Delimiter, mut list: Vec<Range<usize>>) -> Option<Cells> {
    let is_spaced = |cell: &Range<usize>| line.get(cell.start) == Some(&b' ');
    let spaced = list.iter().skip(1).any(is_spaced);
    for cell in &mut list {
        *cell = trimmed(line, cell.clone(), start);
    }
    (list.len() > 1).then_some(Cells {
        delimiter,
        spaced,
        list,
    })
}

/// Which columns of the screen a stretch of the line from `line_start` takes, counted in characters.
pub(super) fn columns(bytes: &[u8], line_start: usize, stretch: &Range<usize>) -> Range<usize> {
    let width = |from: usize, to: usize| {
        let text = bytes.get(from..to).unwrap_or_default();
        if text.is_ascii() {
            return text.len();
        }
        // Octets that go on with a character of several (RFC 3629 §3) take no room.
        text.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
    };
    let from = width(line_start, stretch.start);
    from..from + width(stretch.start, stretch.end)
}

/// The words of a stretch of text, between spaces.
pub(super) fn words(bytes: &[u8], stretch: &Range<usize>) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let text = bytes.get(stretch.clone()).unwrap_or_default();
    for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte != b' ') {
        let at = stretch.start + at;
        match words.last_mut().filter(|word| word.end == at) {
            Some(word) => word.end = at + 1,
            None => words.push(at..at + 1),
        }
    }
    words
}

/// Whether a line holds a number that no label has, which is quicker to see than its cells.
pub(super) fn holds_data(line: &[u8]) -> bool {
    let runs = line.split(|byte| !byte.is_ascii_digit());
    runs.into_iter()
        .any(|run| run.len() >= DIGITS_OF_DATA && !is_year_or_form(run))
}

/// Whether digits may stand in a label, as a year or the number of a form do: "2024 wages", "1099 amount".
fn is_year_or_form(run: &[u8]) -> bool {
    matches!(run, [b'1', b'0' | b'1' | b'9', _, _] | [b'2', b'0', _, _])
}

/// Whether a line is no row of any table, and draws none: nothing in it separates.
pub(super) fn is_no_row(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let separates = |byte: &u8| matches!(byte, b'\t' | b'|' | b';' | b',' | b'/');
    let spaced = |pair: &[u8]| pair.iter().all(u8::is_ascii_whitespace);
    !line.iter().any(separates) && !line.windows(2).any(spaced) && !is_rule(line)
}

/// Whether a line only draws: `-----+-----`.
pub(super) fn is_rule(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    !line.is_empty()
        && line
            .iter()
            .all(|byte| matches!(byte, b'-' | b'=' | b'+' | b'|' | b':' | b'_' | b' ' | b'\t'))
}

/// Prose has commas too, but spaces behind them, and not so many columns below as many labels.
const COLUMNS_OF_TABLES: usize = 3;
const COLUMNS_OF_SPACED_TABLES: usize = 5;

impl Cells {
    /// Whether the line may be a sentence with commas.
    pub fn may_be_prose(&self) -> bool {
        let columns = if self.spaced {
            COLUMNS_OF_SPACED_TABLES
        } else {
            COLUMNS_OF_TABLES
        };
        !self.delimiter.is_certain() && self.list.len() < columns
    }

    /// The cell that holds these octets, and its column.
    pub fn at(&self, start: usize, end: usize) -> Option<(usize, Range<usize>)> {
        let after = self.list.partition_point(|cell| cell.start <= start);
        let column = after.checked_sub(1)?;
        let cell = self.list.get(column)?;
        (end <= cell.end).then(|| (column, cell.clone()))
    }

    /// Whether these are labels and no data: short, and without numbers to speak of.
    pub fn are_labels(&self, bytes: &[u8]) -> bool {
        let filled: Vec<&[u8]> = self
            .list
            .iter()
            .filter(|cell| !cell.is_empty())
            .filter_map(|cell| bytes.get(cell.clone()))
            .collect();
        let is_label = |cell: &&[u8]| {
            let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
            let letters = || cell.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
            let dated = || {
                let mut runs = cell
                    .split(|byte| !byte.is_ascii_digit())
                    .filter(|run| !run.is_empty());
                digits == DIGITS_OF_DATA && runs.all(is_year_or_form) && letters() >= LETTERS_BESIDE_YEARS
            };
            (digits < DIGITS_OF_DATA || dated())
                && cell.len() <= LONGEST_LABEL
                && cell
                    .iter()
                    .any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii() || **cell == *b"#")
        };
        // "2. PATIENT'S NAME  MARY JONES" is a line of a form whose lines are numbered.
        let numbered = filled.iter().map(|cell| is_numbered(cell));
        let of_form = filled.first().is_some_and(|cell| is_numbered(cell)) && numbered.skip(1).all(|is| !is);
        filled.len() > 1 && !of_form && filled.iter().all(is_label)
    }
}

/// Whether a cell begins with the number of a box in a form: "1a. Name".
fn is_numbered(cell: &[u8]) -> bool {
    let digits = cell.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = cell.get(digits..).unwrap_or_default();
    let rest = rest.strip_prefix(b". ").or(match rest {
        [letter, b'.', b' ', rest @ ..] if letter.is_ascii_alphabetic() => Some(rest),
        _ => None,
    });
    (1..=2).contains(&digits) && rest.is_some()
}

/// Whether commas separate values and not clauses: the cells are short.
fn looks_like_csv(cells: &[Range<usize>]) -> bool {
    let short = |cell: &Range<usize>| cell.len() <= LONGEST_LABEL;
    cells.len() > 1 && cells.iter().all(short)
}

fn by_octet(line: &[u8], delimiter: u8, quotes: bool) -> Vec<Range<usize>> {
    let (mut cells, mut from, mut quoted) = (Vec::with_capacity(CELLS), 0, false);
    // Where no quotes are, nothing else is looked for.
    let quote = if quotes { b'"' } else { delimiter };
    for at in memchr::memchr2_iter(delimiter, quote, line) {
        if quotes && line.get(at) == Some(&b'"') {
            quoted = !quoted;
        } else if !quoted {
            cells.push(from..at);
            from = at + 1;
        }
    }
    cells.push(from..line.len());
    cells
}

fn by_slashes(line: &[u8]) -> Vec<Range<usize>> {
    let mut from = 0;
    let mut cells: Vec<Range<usize>> = memchr::memmem::find_iter(line, SLASH)
        .map(|at| std::mem::replace(&mut from, at + SLASH.len())..at)
        .collect();
    cells.push(from..line.len());
    cells
}

/// Two spaces end a cell, one does not.
fn by_spaces(line: &[u8]) -> Vec<Range<usize>> {
    let is_space = |at: usize| line.get(at).is_none_or(u8::is_ascii_whitespace);
    let mut cells = Vec::with_capacity(CELLS);
    let mut at = 0;
    while at < line.len() {
        if is_space(at) {
            at += 1;
            continue;
        }
        let start = at;
        while !(is_space(at) && is_space(at + 1)) {
            at += 1;
        }
        cells.push(start..at);
    }
    cells
}

fn trimmed(line: &[u8], cell: Range<usize>, start: usize) -> Range<usize> {
    let text = line.get(cell.clone()).unwrap_or_default();
    let is_edge = |byte: &&u8| matches!(byte, b' ' | b'"' | b'\'' | b'\r');
    let ahead = text.iter().take_while(is_edge).count();
    let behind = text.iter().skip(ahead).rev().take_while(is_edge).count();
    start + cell.start + ahead..start + cell.end - behind
}

#[cfg(test)]
mod tests {
    use super::by_spaces;

    proptest::proptest! {
        #[test]
        fn single_spaces_stand_within_cells_and_two_between(line in "[ab \t]{0,40}") {
            let mut expected: Vec<std::ops::Range<usize>> = Vec::new();
            for (at, _) in line.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace()) {
                match expected.last_mut() {
                    Some(cell) if at <= cell.end + 1 => cell.end = at + 1,
                    _ => expected.push(at..at + 1),
                }
            }
            proptest::prop_assert_eq!(by_spaces(line.as_bytes()), expected);
        }
    }
}
