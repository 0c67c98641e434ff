//! Rows of databases: a statement names its columns once, and the values come in their order.
//!
//! Whole dumps are read once more as tables of documents, with the columns that `CREATE TABLE` names. Here the text itself is
//! understood, so that the name of one column does not speak for the values of all.

use std::ops::Range;

use super::split::{Cells, Delimiter};

/// A statement that puts rows into a table of a database.
pub(super) struct Statement {
    /// What names the columns, from one parenthesis to the other, and each name in it.
    pub columns: Range<usize>,
    pub names: Vec<Range<usize>>,
    /// How the values of the rows that follow are separated.
    pub rows: Delimiter,
    /// The values in the same line, row after row.
    pub values: Option<Cells>,
}

/// The statement that a line begins: `INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y');`, or `COPY t (a, b) FROM stdin;`, whose
/// rows come as lines with tabs. None where the line names no columns.
pub(super) fn statement(line: &[u8], start: usize) -> Option<Statement> {
    let ahead = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let text = line.get(ahead..)?;
    let rows = match () {
        () if begins(text, b"insert into ") || begins(text, b"replace into ") => Delimiter::Values,
        () if begins(text, b"copy ") => Delimiter::Tab,
        () => return None,
    };
    let open = memchr::memchr(b'(', text)?;
    let close = open + memchr::memchr(b')', text.get(open..)?)?;
    let start = start + ahead;
    let names = list(text.get(..close)?, open + 1, start);
    let rest = text.get(close + 1..)?;
    let follows = rest.trim_ascii_start();
    let values = match rows {
        Delimiter::Values if follows.is_empty() => None,
        Delimiter::Values if begins(follows, b"values") => self::values(rest, start + close + 1, names.len()),
        Delimiter::Tab if begins(follows, b"from ") => None,
        _ => return None,
    };
    (names.len() > 1).then_some(Statement {
        columns: start + open..start + close + 1,
        names,
        rows,
        values,
    })
}

/// Whether a line only says that rows of values follow.
pub(super) fn announces_values(line: &[u8]) -> bool {
    line.trim_ascii().eq_ignore_ascii_case(b"values")
}

/// The values of all rows in a line, each row in parentheses; none where there is no row, or one is not as wide as the table:
/// nobody could say what its values are.
pub(super) fn values(line: &[u8], start: usize, width: usize) -> Option<Cells> {
    let mut all = Vec::new();
    let mut at = memchr::memchr(b'(', line)?;
    loop {
        let (end, mut row) = row(line, at + 1, start);
        if row.len() != width {
            return None;
        }
        all.append(&mut row);
        let Some(next) = line.get(end..).and_then(|rest| memchr::memchr(b'(', rest)) else {
            break;
        };
        at = end + next;
    }
    Some(Cells {
        delimiter: Delimiter::Values,
        spaced: false,
        list: all,
    })
}

/// The values of the row that begins at an octet, and where it ends. What stands in quotes or in parentheses of its own
/// is one value.
fn row(line: &[u8], from: usize, start: usize) -> (usize, Vec<Range<usize>>) {
    let (mut cells, mut begin, mut depth, mut quote) = (Vec::new(), from, 0_usize, None);
    let mut octets = line.iter().copied().enumerate().skip(from);
    while let Some((at, octet)) = octets.next() {
        match (octet, quote) {
            (b'\\', Some(_)) => {
                octets.next();
            }
            (_, Some(open)) if octet == open => quote = None,
            (_, Some(_)) => {}
            (b'\'' | b'"', None) => quote = Some(octet),
            (b'(', None) => depth += 1,
            (b')', None) if depth > 0 => depth -= 1,
            (b',', None) if depth == 0 => {
                cells.push(trimmed(line, begin..at, start));
                begin = at + 1;
            }
            (b')', None) => {
                cells.push(trimmed(line, begin..at, start));
                return (at + 1, cells);
            }
            (_, None) => {}
        }
    }
    cells.push(trimmed(line, begin..line.len(), start));
    (line.len(), cells)
}

/// The names between commas from an octet on.
fn list(text: &[u8], from: usize, start: usize) -> Vec<Range<usize>> {
    let mut begin = from;
    let mut names = Vec::new();
    let ends = memchr::memchr_iter(b',', text.get(from..).unwrap_or_default()).map(|at| from + at);
    for end in ends.chain([text.len()]) {
        names.push(trimmed(text, begin..end, start));
        begin = end + 1;
    }
    names
}

/// A value without the spaces and quotation marks around it, and without the letter before them: `N'536228145'`.
fn trimmed(line: &[u8], cell: Range<usize>, start: usize) -> Range<usize> {
    let text = line.get(cell.clone()).unwrap_or_default();
    let is_edge =
        |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b'\'' | b'"' | b'`' | b'[' | b']');
    let ahead = match text.trim_ascii_start() {
        [b'N' | b'E' | b'n' | b'e', b'\'', ..] => memchr::memchr(b'\'', text).unwrap_or(0),
        _ => 0,
    };
    let ahead = ahead + text.iter().skip(ahead).take_while(is_edge).count();
    let behind = text.iter().skip(ahead).rev().take_while(is_edge).count();
    start + cell.start + ahead..start + cell.end - behind
}

fn begins(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}
