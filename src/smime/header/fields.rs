//! Splits a header section into fields (RFC 5322 §2.2), bytes as they are. Takes anything; linear time; keeps
//! no list, since a header may be all there is of 50 MB.

/// A message, split at its first empty line.
#[derive(Clone, Copy)]
pub(in super::super) struct Header<'a> {
    fields: &'a [u8],
    /// The empty line, as it was written; nothing when the message ends before one.
    pub(in super::super) empty_line: &'a [u8],
    /// Everything after the empty line.
    pub(in super::super) body: &'a [u8],
}

/// One field, with its folded lines and its line ends; or lines that are no field.
#[derive(Clone, Copy)]
pub(in super::super) struct Field<'a> {
    /// All its bytes.
    pub(in super::super) raw: &'a [u8],
    /// The name; `None` when the lines are no field.
    pub(in super::super) name: Option<&'a str>,
    /// What follows the colon, line ends included.
    pub(in super::super) value: &'a [u8],
}

impl<'a> Header<'a> {
    pub(in super::super) fn of(message: &'a [u8]) -> Header<'a> {
        let mut rest = message;
        while !rest.is_empty() {
            let line = first_line(rest);
            if line == b"\r\n" || line == b"\n" {
                break;
            }
            rest = rest.get(line.len()..).unwrap_or_default();
        }
        let (fields, rest) = message.split_at(message.len() - rest.len());
        let (empty_line, body) = rest.split_at(first_line(rest).len());
        Header {
            fields,
            empty_line,
            body,
        }
    }

    pub(in super::super) fn fields(self) -> impl Iterator<Item = Field<'a>> {
        let mut rest = self.fields;
        std::iter::from_fn(move || {
            let size = field_size(rest);
            let (raw, after) = rest.split_at(size);
            rest = after;
            (size > 0).then(|| Field::of(raw))
        })
    }

    /// Whether every reader of mail must see the same fields here. If not, another reader may find personal
    /// information in what looks like a harmless field to this one.
    pub(in super::super) fn is_regular(self) -> bool {
        let ends_well = self.empty_line != b"\n";
        ends_well && self.fields().all(|field| field.is_regular())
    }
}

impl<'a> Field<'a> {
    fn of(raw: &'a [u8]) -> Field<'a> {
        let colon = memchr::memchr(b':', first_line(raw));
        let (before, value) = raw.split_at(colon.map_or(0, |at| at + 1));
        let name = before.split_last().map(|(_, name)| name.trim_ascii_end());
        // RFC 5322 §4.5 still lets old mail have blanks before the colon.
        let printable = |name: &&[u8]| !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
        let name = name.filter(printable);
        Field {
            raw,
            name: name.and_then(|name| std::str::from_utf8(name).ok()),
            value,
        }
    }

    /// Whether the field has a given name, in any case.
    pub(in super::super) fn is(&self, name: &str) -> bool {
        self.name.is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// A name, a colon right behind it, CRLF line ends, no control characters, and no folded line of blanks
    /// only, which some readers take for the end of the header.
    fn is_regular(&self) -> bool {
        let Some(name) = self.name else {
            return false;
        };
        let close = self.raw.get(name.len()) == Some(&b':');
        close && lines(self.raw).all(is_regular_line)
    }
}

fn is_regular_line(line: &[u8]) -> bool {
    let Some(text) = line.strip_suffix(b"\r\n") else {
        return false;
    };
    let allowed = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
    !text.trim_ascii().is_empty() && text.iter().all(allowed)
}

/// The first line with its line end; LF ends a line, with or without CR before it.
fn first_line(bytes: &[u8]) -> &[u8] {
    match memchr::memchr(b'\n', bytes) {
        Some(at) => bytes.get(..=at).unwrap_or(bytes),
        None => bytes,
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

/// The first line and the folded ones after it.
fn field_size(bytes: &[u8]) -> usize {
    let mut size = first_line(bytes).len();
    while let Some(rest @ [b' ' | b'\t', ..]) = bytes.get(size..) {
        size += first_line(rest).len();
    }
    size
}
