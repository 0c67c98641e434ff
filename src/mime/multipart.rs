//! Where the parts of a multipart begin and end (RFC 2046 §5.1), for every reader.
//!
//! Strict readers want the delimiter alone on its line, lenient ones take any line that begins with it. Both
//! kinds of line are found here; which of the lenient ones belong to a nested multipart is for the walk to say.

use memchr::{memchr2, memmem, memrchr};

/// A body split at its delimiters.
#[derive(Debug, Default)]
pub(super) struct Split<'a> {
    /// What stands before the first delimiter.
    pub preamble: &'a [u8],
    /// The parts that delimiters enclose, in order.
    pub parts: Vec<&'a [u8]>,
    /// What stands after closing delimiters.
    pub epilogues: Vec<&'a [u8]>,
    /// Lines that some reader may take for a delimiter.
    pub loose: Vec<Loose<'a>>,
    /// Address of every delimiter line.
    pub addresses: Vec<usize>,
    /// Parts begin after the multipart was closed.
    pub reopened: bool,
    /// How many of the candidate boundaries occur.
    pub boundaries_used: usize,
    /// There were more delimiters than could be followed.
    pub overflow: bool,
}

/// A line that is a delimiter to a lenient reader only.
#[derive(Debug)]
pub(super) struct Loose<'a> {
    /// Address of the line.
    pub address: usize,
    /// The part that such a reader sees after it, unless the text stands in the middle of a line.
    pub part: Option<&'a [u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Delimiter,
    Close,
    /// At the start of a line, with more behind it, or behind a bare carriage return.
    Prefix,
    /// In the middle of a line.
    Inside,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Where its line starts.
    start: usize,
    /// Where the next line starts.
    end: usize,
    kind: Kind,
}

/// More lenient delimiters than this are not followed; ordinary mail has none.
const MOST_LOOSE: usize = 200;

/// Splits `body` at the delimiters of all candidate `boundaries`, following at most `most` strict ones.
pub(super) fn split<'a>(body: &'a [u8], boundaries: &[Vec<u8>], most: usize) -> Split<'a> {
    let mut split = Split::default();
    let mut marks: Vec<Mark> = Vec::new();
    for (at, boundary) in boundaries.iter().enumerate() {
        let found = Scan::run(body, boundary, most);
        split.overflow |= found.overflow;
        split.boundaries_used += usize::from(found.strict > 0);
        // Another spelling counts only if it occurs as a delimiter; else it would make loose lines of its own.
        if found.strict > 0 || at == 0 {
            marks.extend(found.marks);
        }
    }
    marks.sort_by_key(|mark| (mark.start, mark.kind));
    marks.dedup_by_key(|mark| mark.start);
    split.take_apart(body, &marks);
    split
}

/// The boundary that the first line shows which looks like a delimiter, for a reader that was told none.
pub(super) fn guessed_boundary(body: &[u8]) -> Vec<Vec<u8>> {
    let start = if body.starts_with(b"--") {
        Some(2)
    } else {
        memmem::find(body, b"\n--").map(|at| at + 3)
    };
    let rest = start.and_then(|start| body.get(start..)).unwrap_or_default();
    let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
    let line = rest.get(..end.min(200)).unwrap_or_default().trim_ascii_end();
    let line = line.strip_suffix(b"--").unwrap_or(line);
    if line.is_empty() {
        Vec::new()
    } else {
        vec![line.to_vec()]
    }
}

impl<'a> Split<'a> {
    fn take_apart(&mut self, body: &'a [u8], marks: &[Mark]) {
        let strict: Vec<&Mark> = marks.iter().filter(|mark| mark.kind <= Kind::Close).collect();
        let first = strict.first().map_or(body.len(), |mark| mark.start);
        self.preamble = body.get(..first).unwrap_or_default();
        let mut closed = false;
        for (at, mark) in strict.iter().enumerate() {
            let next = strict.get(at + 1);
            let content = before_line(body, mark.end, next.map(|next| next.start));
            self.addresses.push(body.as_ptr().addr() + mark.start);
            if mark.kind == Kind::Close {
                closed = true;
                self.epilogues.push(content);
            } else {
                self.reopened |= closed;
                self.parts.push(content);
            }
        }
        for (at, mark) in marks
            .iter()
            .enumerate()
            .filter(|(_, mark)| mark.kind > Kind::Close)
        {
            let next = marks.get(at + 1).map(|next| next.start);
            let part = (mark.kind == Kind::Prefix).then(|| before_line(body, mark.end, next));
            self.loose.push(Loose {
                address: body.as_ptr().addr() + mark.start,
                part,
            });
        }
    }
}

/// The octets from `start` to the line at `end`, without the line end before it, which belongs to the delimiter.
fn before_line(body: &[u8], start: usize, end: Option<usize>) -> &[u8] {
    let Some(end) = end else {
        return body.get(start..).unwrap_or_default();
    };
    let content = body.get(start..end).unwrap_or_default();
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    content.strip_suffix(b"\r").unwrap_or(content)
}

/// One pass over a body for one boundary.
struct Scan<'a> {
    body: &'a [u8],
    marks: Vec<Mark>,
    strict: usize,
    loose: usize,
    overflow: bool,
}

impl<'a> Scan<'a> {
    fn run(body: &'a [u8], boundary: &[u8], most: usize) -> Self {
        let mut scan = Scan {
            body,
            marks: Vec::new(),
            strict: 0,
            loose: 0,
            overflow: false,
        };
        let delimiter = [b"--", boundary].concat();
        for at in memmem::find_iter(body, &delimiter) {
            scan.judge(at, at + delimiter.len());
            if scan.strict > most {
                scan.overflow = true;
                break;
            }
        }
        scan
    }

    fn judge(&mut self, at: usize, after: usize) {
        let before = self.body.get(..at).unwrap_or_default();
        if before.last().is_none_or(|octet| matches!(octet, b'\n' | b'\r')) {
            self.judge_line(at, after, before);
        } else if self.loose > MOST_LOOSE {
            self.overflow = true;
        } else if let Some(start) = line_start(before) {
            self.add_loose(Mark {
                start,
                end: after,
                kind: Kind::Inside,
            });
        }
    }

    fn judge_line(&mut self, at: usize, after: usize, before: &[u8]) {
        let rest = self.body.get(after..).unwrap_or_default();
        let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (tail, ending) = rest.split_at(length);
        let returns = ending
            .iter()
            .take(64)
            .take_while(|octet| **octet == b'\r')
            .count();
        let ends_in_lf = ending.get(returns) == Some(&b'\n');
        let end = after + length + if ends_in_lf { returns + 1 } else { returns.min(1) };
        let bare = before.last() == Some(&b'\r') || (returns > 0 && !ends_in_lf);
        let kind = match kind_of_tail(tail) {
            _ if bare => Kind::Prefix,
            kind => kind,
        };
        let mark = Mark { start: at, end, kind };
        if kind == Kind::Prefix {
            self.add_loose(mark);
        } else {
            self.strict += 1;
            self.marks.push(mark);
        }
    }

    fn add_loose(&mut self, mark: Mark) {
        self.loose += 1;
        if self.loose <= MOST_LOOSE {
            self.marks.push(mark);
        } else {
            self.overflow = true;
        }
    }
}

/// What a line is whose delimiter is followed by `tail`.
fn kind_of_tail(tail: &[u8]) -> Kind {
    let padding = |octet: &u8| matches!(octet, b' ' | b'\t');
    if tail.iter().all(padding) {
        Kind::Delimiter
    } else if tail
        .strip_prefix(b"--")
        .is_some_and(|rest| rest.iter().all(padding))
    {
        Kind::Close
    } else {
        Kind::Prefix
    }
}

/// Where the line starts that `before` ends in the middle of; none when it declares the boundary itself.
fn line_start(before: &[u8]) -> Option<usize> {
    let near = before.len().saturating_sub(1_000);
    let window = before.get(near..).unwrap_or_default();
    let start = memrchr(b'\n', window).map_or(0, |end| end + 1);
    let line = window.get(start..).unwrap_or_default().to_ascii_lowercase();
    memmem::find(&line, b"boundary").is_none().then_some(near + start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_text<'a>(body: &'a str, boundary: &str) -> Split<'a> {
        split(body.as_bytes(), &[boundary.as_bytes().to_vec()], 100)
    }

    #[test]
    fn parts_preamble_and_epilogue_are_all_given() {
        let found = split_text("pre\r\n--b\r\none\r\n\r\n--b  \r\ntwo\n--b--\r\nepi", "b");
        assert_eq!(found.preamble, b"pre\r\n");
        assert_eq!(found.parts, [&b"one\r\n"[..], b"two"]);
        assert_eq!(found.epilogues, [b"epi"]);
        assert!(found.loose.is_empty() && !found.reopened);
    }

    #[test]
    fn a_missing_close_and_parts_after_it_hide_nothing() {
        assert_eq!(split_text("--b\r\none", "b").parts, [b"one"]);
        let found = split_text("--b\r\none\r\n--b--\r\n--b\r\ntwo\r\n--b--", "b");
        assert_eq!(found.parts, [b"one", b"two"]);
        assert!(found.reopened);
    }

    #[test]
    fn a_longer_boundary_is_loose_and_stays_inside_its_part() {
        let found = split_text("--b\r\n--bc\r\nx\r\n--bc--\r\n--b--", "b");
        assert_eq!(found.parts, [b"--bc\r\nx\r\n--bc--"]);
        assert_eq!(found.loose.len(), 2);
    }

    #[test]
    fn text_in_the_middle_of_a_line_is_named_and_a_declaration_is_not() {
        assert_eq!(split_text("--b\r\nx --b\r\n--b--", "b").loose.len(), 1);
        assert!(
            split_text("--b\r\nContent-Type: x/y; boundary=--b\r\n--b--", "b")
                .loose
                .is_empty()
        );
    }

    #[test]
    fn a_delimiter_behind_a_bare_carriage_return_is_loose() {
        let found = split_text("--b\r\none\r--b\rtwo\r\n--b--", "b");
        assert_eq!(found.parts.len(), 1);
        assert_eq!(found.loose.len(), 1);
    }
}
