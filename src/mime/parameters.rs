//! Parameters of structured fields (RFC 2045 §5.1, RFC 2231), the values of which people see: file names above all.

use super::charset;
use super::content_type::without_comments;
use super::quoted::hex_pair;
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
            Some(piece) => parameters.extend(piece.plain()),
            None => {}
        }
    }
    parameters.extend(joined(pieces));
    parameters
}

/// Adds a reading of a parameter unless it is there, and what encoded words in it stand for.
fn add(readings: &mut Vec<Parameter>, name: &str, value: String, encoded: bool) {
    if readings
        .iter()
        .any(|known| known.name == name && known.value == value)
    {
        return;
    }
    let words = value.contains("=?").then(|| words::decode(value.as_bytes()));
    readings.push(Parameter {
        name: name.to_owned(),
        value,
        encoded,
    });
    for decoded in words
        .into_iter()
        .flat_map(|words| words.others.into_iter().chain([words.text]))
    {
        if readings
            .iter()
            .all(|known| known.name != name || known.value != decoded)
        {
            readings.push(Parameter {
                name: name.to_owned(),
                value: decoded,
                encoded: true,
            });
        }
    }
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

    /// The readings of a parameter without a star: encoded words decoded, percent escapes undone.
    fn plain(self) -> Vec<Parameter> {
        let decoded = words::decode(&self.value);
        let encoded = decoded.text.as_bytes() != self.value;
        let mut readings = Vec::new();
        add(&mut readings, &self.name, decoded.text, encoded);
        for other in decoded.others {
            add(&mut readings, &self.name, other, true);
        }
        if self.value.contains(&b'%') {
            let value = charset::unlabelled(&percent_decoded(&self.value)).into_owned();
            add(&mut readings, &self.name, value, true);
        }
        readings
    }
}

/// Joins continuations in the order of their numbers, and undoes percent encoding: piece by piece as RFC 2231 says,
/// and after joining. Where a number is given twice some readers take the first piece and some the last.
fn joined(mut pieces: Vec<Piece>) -> Vec<Parameter> {
    pieces.sort_by(|a, b| (&a.name, a.number).cmp(&(&b.name, b.number)));
    let mut parameters = Vec::new();
    for group in pieces.chunk_by(|a, b| a.name == b.name) {
        let mut readings = Vec::new();
        let name = group.first().map(|piece| piece.name.clone()).unwrap_or_default();
        let all: Vec<&Piece> = group.iter().collect();
        let numbers = || group.chunk_by(|a, b| a.number == b.number);
        let first: Vec<&Piece> = numbers().filter_map(<[Piece]>::first).collect();
        let last: Vec<&Piece> = numbers().filter_map(<[Piece]>::last).collect();
        for chosen in [all, first, last] {
            for whole in [false, true] {
                let (label, octets) = assemble(&chosen, whole);
                if octets.contains(&0) || !charset::is_ascii_superset(&label) {
                    let text = charset::read(&octets, None).text.replace('\0', "");
                    add(&mut readings, &name, text, true);
                }
                add(
                    &mut readings,
                    &name,
                    charset::labelled(&octets, &label).text,
                    true,
                );
            }
        }
        parameters.extend(readings);
    }
    parameters
}

/// The charset of the first piece and the octets of all (RFC 2231 §4). With `whole`, the percent escapes are undone
/// after joining, and in pieces that do not announce any.
fn assemble(group: &[&Piece], whole: bool) -> (Vec<u8>, Vec<u8>) {
    let mut label = Vec::new();
    let mut octets = Vec::new();
    for (at, piece) in group.iter().enumerate() {
        if !piece.extended {
            octets.extend_from_slice(&piece.value);
            continue;
        }
        let mut parts = piece.value.splitn(3, |octet| *octet == b'\'');
        let text = match (parts.next(), parts.next(), parts.next()) {
            (Some(charset), Some(_), Some(text)) if at == 0 || whole => {
                label = if at == 0 { charset.to_vec() } else { label };
                text
            }
            _ => &piece.value,
        };
        if whole {
            octets.extend_from_slice(text);
        } else {
            octets.extend(percent_decoded(text));
        }
    }
    if whole {
        octets = percent_decoded(&octets);
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
    fn each_way_to_join_a_parameter_is_a_reading() {
        for field in [
            "a; filename*0*=utf-8''536%2; filename*1*=D22-8145",
            "a; filename*0*=utf-8''536-; filename*1*=utf-8''22-8145",
            "a; filename*0=536-; filename*0=x; filename*1=22-8145",
            "a; filename*0=x; filename*0=536-; filename*1=22-8145",
            "a; filename*0=\"=?utf-8?Q?536=2\"; filename*1=\"D22-8145?=\"",
            "a; filename*=utf-8''%3D?utf-8?Q?536-22-8145?%3D",
            "a; filename=536%2D22%2D8145",
        ] {
            let found = read(field.as_bytes());
            assert!(
                found.iter().any(|one| one.value == "536-22-8145"),
                "{field}: {found:?}"
            );
        }
        assert_eq!(read(b"a; filename*0=a; filename*1*=%62").len(), 1);
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
