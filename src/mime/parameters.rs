//! Parameters of structured fields (RFC 2045 §5.1, RFC 2231), the values of which people see: file names above all.

use super::charset;
use super::content_type::without_comments;
use super::transfer::hex_pair;
use super::words;

/// A parameter, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// The name in lower case, without `*`.
    pub name: String,
    /// The value as text.
    pub value: String,
    /// Whether the value stands in the field in another form.
    pub encoded: bool,
}

/// All parameters of an unfolded value, with continuations joined and encodings undone.
pub(super) fn read(value: &[u8]) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    for section in sections(value).into_iter().skip(1) {
        match Piece::read(&section) {
            Some(piece) if piece.extended || piece.number.is_some() => pieces.push(piece),
            Some(piece) => parameters.push(piece.plain()),
            None => {}
        }
    }
    parameters.extend(joined(pieces));
    parameters
}

/// More parameters than any program writes; what stands behind them is still searched as part of the field.
const MOST_SECTIONS: usize = 1_000;

/// Splits at semicolons outside of quoted strings, taking the quotes and backslashes away.
fn sections(value: &[u8]) -> Vec<Vec<u8>> {
    let mut sections = Vec::new();
    let mut current = Vec::new();
    let mut quoted = false;
    let mut octets = value.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => quoted = !quoted,
            b';' if !quoted => sections.push(std::mem::take(&mut current)),
            b'\\' if quoted => current.extend(octets.next()),
            _ => current.push(*octet),
        }
        if sections.len() >= MOST_SECTIONS {
            break;
        }
    }
    sections.push(current);
    sections
}

/// One `name*number*=value`.
struct Piece {
    name: String,
    number: Option<u32>,
    extended: bool,
    value: Vec<u8>,
}

impl Piece {
    fn read(section: &[u8]) -> Option<Self> {
        let equals = memchr::memchr(b'=', section)?;
        let name = without_comments(&String::from_utf8_lossy(section.get(..equals)?));
        let name = name.trim().to_ascii_lowercase();
        let value = section.get(equals + 1..)?.trim_ascii().to_vec();
        let mut stars = name.split('*');
        let bare = stars.next()?.trim().to_owned();
        let number = stars.next().and_then(|number| number.trim().parse().ok());
        let extended = name.ends_with('*');
        Some(Piece {
            name: bare,
            number,
            extended,
            value,
        })
    }

    fn plain(self) -> Parameter {
        let decoded = words::decode(&self.value).text;
        let encoded = decoded.as_bytes() != self.value;
        Parameter {
            name: self.name,
            value: decoded,
            encoded,
        }
    }
}

/// Joins continuations in the order of their numbers, and undoes percent encoding piece by piece.
fn joined(mut pieces: Vec<Piece>) -> Vec<Parameter> {
    pieces.sort_by(|a, b| (&a.name, a.number).cmp(&(&b.name, b.number)));
    let mut parameters = Vec::new();
    for group in pieces.chunk_by(|a, b| a.name == b.name) {
        let (label, octets) = assemble(group);
        let value = charset::labelled(&octets, &label).text;
        let name = group.first().map(|piece| piece.name.clone()).unwrap_or_default();
        parameters.push(Parameter {
            name,
            value,
            encoded: true,
        });
    }
    parameters
}

/// The charset of the first piece and the octets of all (RFC 2231 §4).
fn assemble(group: &[Piece]) -> (Vec<u8>, Vec<u8>) {
    let mut label = Vec::new();
    let mut octets = Vec::new();
    for (at, piece) in group.iter().enumerate() {
        if !piece.extended {
            octets.extend_from_slice(&piece.value);
            continue;
        }
        let mut parts = piece.value.splitn(3, |octet| *octet == b'\'');
        let text = match (at, parts.next(), parts.next(), parts.next()) {
            (0, Some(charset), Some(_), Some(text)) => {
                label = charset.to_vec();
                text
            }
            _ => &piece.value,
        };
        octets.extend(percent_decoded(text));
    }
    (label, octets)
}

/// Undoes `%XX`; a `%` that begins no escape stands for itself.
pub(super) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        let escape = (*octet == b'%').then(|| hex_pair(after)).flatten();
        decoded.push(escape.unwrap_or(*octet));
        rest = if escape.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(field: &str, name: &str) -> Option<String> {
        let found = read(field.as_bytes())
            .into_iter()
            .find(|parameter| parameter.name == name);
        found.map(|parameter| parameter.value)
    }

    #[test]
    fn file_names_are_read_in_every_form() {
        for field in [
            "attachment; filename=Gehalt-ü.csv",
            "attachment; filename=\"Gehalt-ü.csv\"",
            "attachment ; FileName = \"Gehalt\\-ü.csv\"",
            "attachment; filename=\"=?utf-8?Q?Gehalt-=C3=BC.csv?=\"",
            "attachment; filename*=utf-8'de'Gehalt-%C3%BC.csv",
            "attachment; filename*1=\"lt-ü.csv\"; filename*0=\"Geha\"",
            "attachment; filename*0*=UTF-8''Gehalt-%C3; filename*1*=%BC.csv",
            "attachment; x=\"a;filename=b\"; filename=\"Gehalt-ü.csv",
        ] {
            assert_eq!(
                value(field, "filename").as_deref(),
                Some("Gehalt-ü.csv"),
                "{field}"
            );
        }
    }

    #[test]
    fn nonsense_is_no_parameter_and_no_error() {
        assert_eq!(value("attachment; ; =; filename", "filename"), None);
        assert_eq!(
            value("attachment; filename*9999999999999*=%zz%", "filename").as_deref(),
            Some("%zz%")
        );
    }
}
