//! A header section as its readers may see it: fields, lines that are no field, and where the body begins.
//!
//! One pass, no decoding. Readers disagree about malformed sections, so this one never ends the section early:
//! it goes on to the first line that is truly empty and names every place where another reader may differ.

use memchr::{memchr, memchr2};

/// A header section and what follows it.
#[derive(Debug, Default)]
pub(super) struct Header<'a> {
    /// Every field, in order, duplicates included.
    pub fields: Vec<Field<'a>>,
    /// Lines that are no field.
    pub strays: Vec<&'a [u8]>,
    /// What was not split into fields because there were too many.
    pub rest: &'a [u8],
    /// All that follows the empty line.
    pub body: &'a [u8],
    /// Where other readers let the section end: the end of its last field, and the start of the body.
    pub other_ends: Vec<(usize, usize)>,
    /// Why readers may disagree about this section, for people.
    pub oddities: Vec<&'static str>,
}

/// A field as it stands in the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// The octets before the colon, without white space around them.
    pub name: &'a [u8],
    /// The octets after the colon, still folded and encoded.
    pub value: &'a [u8],
}

impl Field<'_> {
    /// Whether any reader might take this for the field called `name` (lower case). White space, controls and
    /// non-ASCII octets in the name do not count.
    pub fn is(&self, name: &str) -> bool {
        let mut own = self
            .name
            .iter()
            .filter(|octet| octet.is_ascii_graphic())
            .map(u8::to_ascii_lowercase);
        name.bytes().all(|octet| own.next() == Some(octet)) && own.next().is_none()
    }
}

/// Reads the header section at the start of `bytes`, splitting off at most `most` fields.
pub(super) fn parse(bytes: &[u8], most: usize) -> Header<'_> {
    let mut reader = Reader {
        bytes,
        bare_cr_only: memchr(b'\n', bytes).is_none(),
        header: Header::default(),
    };
    reader.run(most);
    reader.header
}

struct Reader<'a> {
    bytes: &'a [u8],
    bare_cr_only: bool,
    header: Header<'a>,
}

/// A line of the section: its text, where the next one starts, and what ended it.
struct Line<'a> {
    text: &'a [u8],
    next: usize,
    bare_cr: bool,
}

impl<'a> Reader<'a> {
    fn run(&mut self, most: usize) {
        let mut at = 0;
        let mut field: Option<(usize, usize)> = None;
        let mut blank_fold: Option<(usize, usize)> = None;
        let mut after_bare_cr = false;
        while at < self.bytes.len() {
            let line = self.line(at);
            let ends_here = !(line.bare_cr || after_bare_cr) || self.bare_cr_only;
            if line.text.is_empty() && ends_here {
                self.header.body = self.bytes.get(line.next..).unwrap_or_default();
                break;
            }
            let blank = line.text.iter().all(|octet| matches!(octet, b' ' | b'\t'));
            if let Some(fold) = blank_fold.filter(|_| !blank) {
                self.ends_elsewhere(fold, "a line that holds only white space stands inside it");
            }
            if blank && !line.text.is_empty() {
                blank_fold.get_or_insert((at, line.next));
            }
            let end = at + line.text.len();
            let continues = matches!(line.text.first(), Some(b' ' | b'\t') | None);
            match (continues, &mut field) {
                (true, Some((_, field_end))) => *field_end = end,
                _ => {
                    self.finish(field.replace((at, end)));
                    if self.header.fields.len() + self.header.strays.len() >= most {
                        field = None;
                        self.skip_rest(at);
                        break;
                    }
                }
            }
            after_bare_cr = line.bare_cr;
            at = line.next;
        }
        self.finish(field);
    }

    /// The line at `at`. CR LF, LF, and any run of CR before LF end a line; so does a bare CR.
    fn line(&mut self, at: usize) -> Line<'a> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let Some(end) = memchr2(b'\r', b'\n', rest) else {
            let next = self.bytes.len();
            return Line {
                text: rest,
                next,
                bare_cr: false,
            };
        };
        let (text, ending) = rest.split_at(end);
        let returns = ending
            .iter()
            .take(64)
            .take_while(|octet| **octet == b'\r')
            .count();
        let ends_in_lf = ending.get(returns) == Some(&b'\n');
        let (length, bare_cr) = if ends_in_lf {
            (returns + 1, false)
        } else {
            (1, true)
        };
        if bare_cr {
            self.odd("a carriage return stands alone in it");
        } else if returns > 1 {
            self.odd("a line ends in more than one carriage return");
        }
        Line {
            text,
            next: at + end + length,
            bare_cr,
        }
    }

    /// Files the logical line that ran from start to end: a field, or a stray.
    fn finish(&mut self, range: Option<(usize, usize)>) {
        let Some((start, end)) = range else {
            return;
        };
        let logical = self.bytes.get(start..end).unwrap_or_default();
        let first = self.header.fields.is_empty() && self.header.strays.is_empty();
        if first && is_envelope_line(logical) {
            self.header.strays.push(logical);
            return;
        }
        if memchr(0, logical).is_some() {
            self.odd("a NUL stands in it");
        }
        let Some((name, value)) = split_at_colon(logical) else {
            if !logical.trim_ascii().is_empty() {
                self.ends_elsewhere((start, start), "a line of it is no header field");
                self.header.strays.push(logical);
            }
            return;
        };
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            self.ends_elsewhere((start, start), "a field name is malformed");
        }
        let name = name.trim_ascii();
        self.header.fields.push(Field { name, value });
    }

    /// Leaves everything from `at` to the end of the section unsplit.
    fn skip_rest(&mut self, at: usize) {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let crlf = memchr::memmem::find(rest, b"\n\r\n").map(|end| (end, 3));
        let within = crlf.map_or(rest, |(end, _)| rest.get(..end).unwrap_or_default());
        let lf = memchr::memmem::find(within, b"\n\n").map(|end| (end, 2));
        let (end, gap) = lf.or(crlf).unwrap_or((rest.len(), 0));
        self.header.rest = rest.get(..end).unwrap_or_default();
        self.header.body = rest.get(end + gap..).unwrap_or_default();
    }

    /// Some readers let the section end at a place like this. The first of each kind is remembered.
    fn ends_elsewhere(&mut self, end: (usize, usize), why: &'static str) {
        if !self.header.oddities.contains(&why) {
            self.header.other_ends.push(end);
        }
        self.odd(why);
    }

    fn odd(&mut self, why: &'static str) {
        if !self.header.oddities.contains(&why) {
            self.header.oddities.push(why);
        }
    }
}

fn split_at_colon(logical: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', logical)?;
    Some((logical.get(..colon)?, logical.get(colon + 1..)?))
}

/// An mbox "From " line, which programs that store mail leave in front of a header section.
fn is_envelope_line(line: &[u8]) -> bool {
    let line = line.strip_prefix(b">").unwrap_or(line);
    let rest = line.strip_prefix(b"From ").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| !rest.starts_with(b":"))
}

/// Takes line ends out of a folded value; the white space that follows them stays (RFC 5322 §2.2.3).
pub(super) fn unfold(value: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(value.len());
    let mut after_break = false;
    for octet in value.trim_ascii() {
        match octet {
            b'\r' | b'\n' => after_break = true,
            // A fold by a tab is shown like one by a space.
            b'\t' if after_break => {
                unfolded.push(b' ');
                after_break = false;
            }
            octet => {
                unfolded.push(*octet);
                after_break = false;
            }
        }
    }
    unfolded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &Header<'_>) -> Vec<String> {
        let names = header.fields.iter().map(|field| field.name);
        names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }

    #[test]
    fn folded_duplicate_and_odd_fields_are_all_kept() {
        let header = parse(b"A: 1\r\n 2\r\nA: 3\r\nB : 4\r\n: 5\r\n\r\nbody", 100);
        assert_eq!(names(&header), ["A", "A", "B", ""]);
        assert_eq!(unfold(header.fields[0].value), b"1 2");
        assert_eq!(unfold(b" 536-22-\r\n\t8145\tx\r\n"), b"536-22- 8145\tx");
        assert_eq!(header.body, b"body");
        assert_eq!(header.oddities, ["a field name is malformed"]);
    }

    #[test]
    fn an_ordinary_header_section_is_not_odd() {
        let ordinary = b"From: a@b.example\r\nSubject:\r\n folded\r\n \r\n\r\nbody";
        assert!(parse(ordinary, 100).oddities.is_empty());
        let stored = b"From a@b.example Mon Jan  1 10:00:00 2024\nFrom: a@b.example\n\nbody";
        assert!(parse(stored, 100).oddities.is_empty());
        assert_eq!(parse(stored, 100).body, b"body");
    }

    #[test]
    fn a_line_that_is_no_field_does_not_end_the_section_but_is_named() {
        let header = parse(b"A: 1\r\nno field\r\nContent-Type: x/y\r\n\r\nbody", 100);
        assert_eq!(names(&header), ["A", "Content-Type"]);
        assert_eq!(header.strays, [b"no field"]);
        assert_eq!(header.oddities.len(), 1);
    }

    #[test]
    fn bare_carriage_returns_and_blank_folds_do_not_hide_later_fields() {
        for raw in [
            &b"A: 1\r\rB: 2\r\nC: 3\r\n\r\nbody"[..],
            b"A: 1\r\n \r\nB: 2\r\nC: 3\r\n\r\nbody",
            b"A: 1\r\r\nB: 2\r\r\nC: 3\r\r\n\r\nbody",
            b"A: 1\0\r\nB: 2\nC: 3\n\nbody",
        ] {
            let header = parse(raw, 100);
            assert_eq!(names(&header), ["A", "B", "C"]);
            assert_eq!(header.body, b"body");
            assert_eq!(header.oddities.len(), 1, "{:?}", header.oddities);
        }
    }

    #[test]
    fn old_mac_line_ends_still_give_header_and_body() {
        let header = parse(b"A: 1\rB: 2\r\rbody", 100);
        assert_eq!(names(&header), ["A", "B"]);
        assert_eq!(header.body, b"body");
    }

    #[test]
    fn names_are_matched_as_the_most_lenient_reader_would() {
        let header = parse(
            b"\xEF\xBB\xBFContent-Type : x\r\ncOnTeNt-\r\n tYpE: y\r\nContent-Types: z\r\n\r\n",
            9,
        );
        let matching = header.fields.iter().filter(|field| field.is("content-type"));
        assert_eq!(matching.count(), 2);
    }

    #[test]
    fn too_many_fields_leave_a_rest_and_the_body_is_still_found() {
        let raw = [b"a: b\r\n".repeat(10), b"\r\nbody".to_vec()].concat();
        let header = parse(&raw, 3);
        assert_eq!(header.fields.len(), 3);
        assert_eq!(header.body, b"body");
        assert!(header.rest.starts_with(b"a: b"));
    }
}
