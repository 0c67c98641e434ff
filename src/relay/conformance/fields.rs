//! The header section as fields with their places.

/// The header section of a message.
pub(super) struct Section<'a> {
    /// Every field, and every line that is none, in order.
    pub(super) fields: Vec<Field<'a>>,
    /// Octets of the section, with the empty line that ends it, if there is one.
    pub(super) size: usize,
    /// Lines of it.
    pub(super) lines: usize,
    /// Whether an empty line ends it.
    pub(super) ended: bool,
}

/// One field with its folded lines.
pub(super) struct Field<'a> {
    /// In lower case; none for a line that is no field.
    pub(super) name: Option<String>,
    /// The first line, counted from 1.
    pub(super) line: usize,
    /// Where it begins in the message.
    pub(super) start: usize,
    /// All of it, with its line ends.
    pub(super) raw: &'a [u8],
}

impl<'a> Section<'a> {
    pub(super) fn of(message: &'a [u8]) -> Section<'a> {
        let mut section = Section {
            fields: Vec::new(),
            size: 0,
            lines: 0,
            ended: false,
        };
        let mut start = 0;
        for line in message.split_inclusive(|octet| *octet == b'\n') {
            let folded = matches!(line.first(), Some(b' ' | b'\t')) && section.size > start;
            if !folded {
                section.close(message, start);
                start = section.size;
            }
            section.size += line.len();
            section.lines += 1;
            if line == b"\r\n" || line == b"\n" {
                section.ended = true;
                return section;
            }
        }
        section.close(message, start);
        section
    }

    /// Adds the field that ends here, if there is one.
    fn close(&mut self, message: &'a [u8], start: usize) {
        let raw = message.get(start..self.size).unwrap_or_default();
        if !raw.is_empty() {
            let lines = raw.split_inclusive(|octet| *octet == b'\n').count();
            self.fields.push(Field {
                name: name(raw),
                line: self.lines + 1 - lines,
                start,
                raw,
            });
        }
    }

    pub(super) fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field<'a>> {
        self.fields
            .iter()
            .filter(move |field| field.name.as_deref() == Some(name))
    }
}

impl Field<'_> {
    /// What stands behind the colon.
    pub(super) fn value(&self) -> &[u8] {
        let colon = memchr::memchr(b':', self.raw).map_or(0, |colon| colon + 1);
        self.raw.get(colon..).unwrap_or_default()
    }
}

/// Printable ASCII up to a colon (RFC 5322 §2.2). Blanks before the colon are obsolete, and are taken (§4.5).
fn name(raw: &[u8]) -> Option<String> {
    let colon = memchr::memchr(b':', raw)?;
    let name = raw.get(..colon)?.trim_ascii_end();
    let fits = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    fits.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}
