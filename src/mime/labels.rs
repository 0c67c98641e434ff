//! What the header section of a part says about its content: type, encoding, charset, name, boundaries.
//!
//! A label is a hint. Where a field is repeated or can be read in two ways, all readings are kept.

use super::boundary;
use super::charset;
use super::content_type::{Class, media_type, squeeze, without_comments};
use super::header::{Field, Header, unfold};
use super::parameters::{self, Parameter};
use super::transfer::{self, Encoding};
use super::undeclared::names_quoted_printable;
use super::words;

/// The labels of one part.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// The media type, in lower case; `text/plain` when there is none.
    pub media_type: String,
    /// The charset, in lower case.
    pub charset: Option<String>,
    /// Other character sets that are given beside it.
    pub other_charsets: Vec<String>,
    /// The file name.
    pub file_name: Option<String>,
    /// Whether the part is meant to be saved rather than shown.
    pub attachment: bool,
    /// How readers may take the part, most likely first.
    pub classes: Vec<Class>,
    /// Candidate boundaries, most likely first.
    pub boundaries: Vec<Vec<u8>>,
    /// Transfer encodings that readers may undo; at least one.
    pub encodings: Vec<Encoding>,
    /// The types of segments that some reader sees here.
    pub segments: Vec<&'static str>,
    /// How many Content-Type fields there are.
    pub types: usize,
    /// Whether lines that end in a space go on without it (RFC 3676 §4.2, `delsp=yes`).
    pub joins_lines: bool,
    /// The `protocol` parameter, in lower case (RFC 1847).
    pub protocol: String,
    /// Whether the header section names quoted-printable where not everybody takes it for the encoding.
    pub quoted_near: bool,
    /// Why readers may disagree, for people.
    pub oddities: Vec<&'static str>,
}

impl Labels {
    /// Reads the labels of a header section. `digest` tells that the part stands in a `multipart/digest`, where
    /// a part without a type is a message (RFC 2046 §5.1.5).
    pub fn read(header: &Header<'_>, digest: bool) -> Labels {
        let mut labels = Labels::default();
        labels.read_types(header);
        labels.read_encodings(header);
        labels.read_disposition(header);
        let fields = header.fields.iter().flat_map(|field| [field.name, field.value]);
        let mut lines = fields.chain(header.strays.iter().copied()).chain([header.rest]);
        labels.quoted_near =
            !labels.encodings.contains(&Encoding::QuotedPrintable) && lines.any(names_quoted_printable);
        if labels.classes.is_empty() || (labels.types == 0 && digest) {
            labels.classes = vec![if digest { Class::Message } else { Class::Leaf }];
        }
        if labels.media_type.is_empty() {
            let default = if digest { "message/rfc822" } else { "text/plain" };
            labels.media_type = default.to_owned();
        }
        labels
    }

    /// The labels of content that has none.
    pub fn unlabelled() -> Labels {
        Labels {
            media_type: "application/octet-stream".to_owned(),
            attachment: true,
            ..Labels::default()
        }
    }

    /// Whether the part is, to some reader, of this class.
    pub fn may_be(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }

    /// Whether people read the part as the text of the message.
    pub fn is_shown_text(&self) -> bool {
        !self.attachment && matches!(self.media_type.as_str(), "text/plain" | "text/html")
    }

    fn read_types(&mut self, header: &Header<'_>) {
        let mut first: Option<String> = None;
        for mut value in values(header, "content-type") {
            if value.len() > LONGEST {
                self.odd("its Content-Type is too long");
                value.truncate(LONGEST);
            }
            let squeezed = squeeze(&String::from_utf8_lossy(&value));
            let repeated = first.get_or_insert_with(|| squeezed.clone());
            if *repeated != squeezed {
                self.odd("its Content-Type is given more than once, and differently");
            } else if self.types > 0 {
                continue;
            }
            self.read_type(&value);
            self.types += 1;
        }
    }

    fn read_type(&mut self, value: &[u8]) {
        let read = media_type(value);
        if read.classes.len() > 1 {
            self.odd("its Content-Type can be taken in more than one way");
        }
        for class in read.classes {
            if !self.classes.contains(&class) {
                self.classes.push(class);
            }
        }
        if self.media_type.is_empty() {
            self.media_type = read.name;
        }
        self.segments
            .extend(read.segment.filter(|segment| !self.segments.contains(segment)));
        if !boundary::candidates(value, &mut self.boundaries) {
            self.odd("it names too many boundaries");
        }
        for parameter in parameters::read(value) {
            self.read_type_parameter(parameter);
        }
    }

    fn read_type_parameter(&mut self, parameter: Parameter) {
        let value = parameter.value.trim();
        match parameter.name.trim() {
            "charset" => self.read_charset(value),
            "name" => {
                self.file_name.get_or_insert_with(|| value.to_owned());
                self.attachment = true;
            }
            "delsp" => self.joins_lines |= value.eq_ignore_ascii_case("yes"),
            "protocol" if self.protocol.is_empty() => self.protocol = value.to_ascii_lowercase(),
            _ => {}
        }
    }

    /// Takes the label of a character set. Another one that means other octets is kept beside the first.
    fn read_charset(&mut self, value: &str) {
        let label = without_comments(value).to_ascii_lowercase();
        let outside = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
        for label in label
            .split(',')
            .map(|label| label.trim_matches(outside).to_owned())
        {
            let Some(known) = &self.charset else {
                self.charset = Some(label);
                continue;
            };
            if same_charset(known, &label) {
                continue;
            }
            self.odd("its character set is given more than once, and differently");
            if self.other_charsets.len() < MOST_CHARSETS && !self.other_charsets.contains(&label) {
                self.other_charsets.push(label);
            }
        }
    }

    fn read_encodings(&mut self, header: &Header<'_>) {
        for mut value in values(header, "content-transfer-encoding") {
            if value.len() > LONGEST {
                self.odd("its transfer encoding is too long");
                value.truncate(LONGEST);
            }
            let text = words::decode(&value).text;
            let (mut encodings, certain) = transfer::named(&without_comments(&text));
            if text.contains('(') {
                // Some readers look for a word anywhere, and find it in a comment.
                let anywhere = transfer::named(&text).0.into_iter();
                let others = anywhere.filter(|one| *one != Encoding::Identity && !encodings.contains(one));
                encodings.extend(others.collect::<Vec<_>>());
            }
            if !certain {
                self.odd("its transfer encoding is misspelled");
            }
            // Programs that know the encoding of uuencode call it so; to the others the text stays as it is.
            let contested = !self.encodings.is_empty() && self.encodings != encodings;
            if contested {
                self.odd("its transfer encoding can be taken in more than one way");
            }
            self.encodings.extend(encodings);
        }
        self.encodings.sort_by_key(|encoding| *encoding as u8);
        self.encodings.dedup();
        if self.encodings.is_empty() {
            self.encodings.push(Encoding::Identity);
        }
    }

    fn read_disposition(&mut self, header: &Header<'_>) {
        for mut value in values(header, "content-disposition") {
            value.truncate(LONGEST);
            let token = squeeze(&without_comments(&words::decode(&value).text));
            self.attachment |= token.starts_with("attachment");
            let parameters = parameters::read(&value).into_iter();
            if let Some(named) = parameters
                .into_iter()
                .find(|parameter| parameter.name == "filename")
            {
                self.attachment = true;
                self.file_name = Some(named.value.trim().to_owned());
            }
        }
    }

    fn odd(&mut self, why: &'static str) {
        if !self.oddities.contains(&why) {
            self.oddities.push(why);
        }
    }
}

/// More character sets for one part are not tried.
const MOST_CHARSETS: usize = 4;

/// Longer values are not labels any more.
const LONGEST: usize = 64 << 10;

/// Of more repetitions than twice this, only the first and the last are read.
const MOST_REPEATED: usize = 50;

/// The unfolded values of the fields that some reader takes for the field called `name`.
fn values(header: &Header<'_>, name: &str) -> Vec<Vec<u8>> {
    let fields: Vec<&Field<'_>> = header.fields.iter().filter(|field| field.is(name)).collect();
    let behind = fields.len().saturating_sub(MOST_REPEATED).max(MOST_REPEATED);
    let read = fields
        .iter()
        .take(MOST_REPEATED)
        .chain(fields.iter().skip(behind));
    read.map(|field| unfold(field.value)).collect()
}

/// Whether two labels mean the same octets for what mail really holds.
fn same_charset(one: &str, other: &str) -> bool {
    let encoding = |label: &str| encoding_rs::Encoding::for_label(label.as_bytes());
    let (one_encoding, other_encoding) = (encoding(one), encoding(other));
    let known_alike = one_encoding.is_some() && one_encoding == other_encoding;
    one == other
        || known_alike
        || (charset::is_ascii_superset(one.as_bytes()) && charset::is_ascii_superset(other.as_bytes()))
}
