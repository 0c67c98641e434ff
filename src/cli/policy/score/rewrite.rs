//! A plain mail in other encodings and containers, and with its values in disguise: what is found in it must not
//! depend on how it travels.

use std::io::Write as _;

use super::mail::{Case, Letter, Piece, base64, message, with_attachment};

/// A way to send a text: its name, and the message.
type Form = (&'static str, fn(&str, &str) -> Option<Vec<u8>>);

/// A way to write a value: its name, and the value, unless it cannot be written so.
type Disguise = (&'static str, fn(&str) -> Option<String>);

const FORMS: [Form; 10] = [
    ("quoted-printable", |head, text| {
        Some(message(
            head,
            "text/plain; charset=utf-8",
            "quoted-printable",
            &quoted(text),
        ))
    }),
    ("base64", |head, text| {
        Some(message(
            head,
            "text/plain; charset=utf-8",
            "base64",
            &base64(text.as_bytes()),
        ))
    }),
    ("utf-16", |head, text| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Some(message(
            head,
            "text/plain; charset=utf-16le",
            "base64",
            &base64(&units),
        ))
    }),
    ("html", |head, text| {
        Some(message(head, "text/html; charset=utf-8", "8bit", &as_html(text)))
    }),
    ("nested message", |head, text| {
        let inner = message(head, "text/plain; charset=utf-8", "8bit", text);
        let outer = "From: desk@agency.example\r\nSubject: Fwd\r\n";
        Some(message(
            outer,
            "message/rfc822",
            "8bit",
            std::str::from_utf8(&inner).ok()?,
        ))
    }),
    ("attached text", |head, text| {
        Some(with_attachment(
            head,
            "text/plain; charset=utf-8",
            "notes.txt",
            text.as_bytes(),
        ))
    }),
    ("mislabelled text", |head, text| {
        Some(with_attachment(head, "image/png", "logo.png", text.as_bytes()))
    }),
    ("zip", |head, text| {
        let zip = zipped(b"notes.txt", text.as_bytes())?;
        Some(with_attachment(head, "application/zip", "notes.zip", &zip))
    }),
    ("gzip", |head, text| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(text.as_bytes()).ok()?;
        Some(with_attachment(
            head,
            "application/gzip",
            "notes.txt.gz",
            &gz.finish().ok()?,
        ))
    }),
    ("rtf", |head, text| {
        Some(with_attachment(
            head,
            "application/rtf",
            "notes.rtf",
            as_rtf(text).as_bytes(),
        ))
    }),
];

const DISGUISES: [Disguise; 8] = [
    ("full-width digits", |value| {
        Some(value.chars().map(full_width).collect())
    }),
    ("zero-width spaces", |value| Some(between(value, "\u{200B}"))),
    ("soft hyphens", |value| Some(between(value, "\u{AD}"))),
    ("en dashes", |value| {
        value.contains('-').then(|| value.replace('-', "\u{2013}"))
    }),
    ("no-break spaces", |value| {
        let spaced = value.replace(['-', ' '], "\u{A0}");
        (spaced != value).then_some(spaced)
    }),
    ("spaced out", |value| Some(between(&value.replace(' ', ""), " "))),
    ("wrapped", |value| {
        let cut = value.find([' ', '-'])? + 1;
        let (start, end) = value.split_at_checked(cut)?;
        Some(format!("{}\n{end}", start.trim_end()))
    }),
    ("inline tags", |value| {
        let middle = value.char_indices().nth(value.chars().count() / 2)?.0;
        let (start, end) = value.split_at_checked(middle)?;
        Some(format!("{start}<b>{end}</b>"))
    }),
];

/// The case in all other forms and disguises. Only a plain mail whose values are written as they are has any.
pub fn all(case: &Case) -> Vec<Case> {
    let Some(letter) = &case.letter else {
        return Vec::new();
    };
    let disguised = letter
        .pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Value { written: Some(_), .. }));
    if disguised {
        return Vec::new();
    }
    let text: String = letter.pieces.iter().map(Piece::text).collect();
    let forms = FORMS.iter().filter_map(|(name, write)| {
        let bytes = write(&letter.head, &text)?;
        Some(again(case, name, bytes))
    });
    let disguises = DISGUISES.iter().filter_map(|(name, disguise)| {
        let bytes = in_disguise(letter, name, *disguise)?;
        Some(again(case, name, bytes))
    });
    forms.chain(disguises).collect()
}

fn again(case: &Case, form: &str, bytes: Vec<u8>) -> Case {
    Case {
        form: form.to_owned(),
        bytes,
        letter: None,
        rewritten: true,
        ..case.clone()
    }
}

/// The mail with every value in disguise; `None` when there is a value that cannot be, or none at all.
fn in_disguise(letter: &Letter, name: &str, disguise: fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    let html = name == "inline tags";
    if html && !may_be_html(letter) {
        return None;
    }
    let (mut text, mut values) = (String::new(), 0);
    for piece in &letter.pieces {
        match piece {
            Piece::Value { element, value, .. } if element != "not" => {
                text.push_str(&disguise(value)?);
                values += 1;
            }
            other if html => text.push_str(&as_html(other.text())),
            other => text.push_str(other.text()),
        }
    }
    let kind = if html {
        "text/html; charset=utf-8"
    } else {
        "text/plain; charset=utf-8"
    };
    (values > 0).then(|| message(&letter.head, kind, "8bit", &text))
}

/// Whether somebody could have written it as HTML: records for programs and columns with tabs between are pasted as they are.
fn may_be_html(letter: &Letter) -> bool {
    let mut pieces = letter.pieces.iter().map(Piece::text);
    let first = pieces.clone().next().unwrap_or_default();
    !first.trim_start().starts_with(['{', '[', '<']) && !pieces.any(|text| text.contains('\t'))
}

fn full_width(c: char) -> char {
    match c {
        '0'..='9' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        other => other,
    }
}

fn between(value: &str, joint: &str) -> String {
    let letters: Vec<String> = value.chars().map(String::from).collect();
    letters.join(joint)
}

/// RFC 2045 §6.7, with a soft line break after every 60 octets.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    let mut column = 0;
    for byte in text.bytes() {
        if byte == b'\n' {
            quoted.push('\n');
            column = 0;
            continue;
        }
        if column >= 60 {
            quoted.push_str("=\n");
            column = 0;
        }
        let plain = byte.is_ascii_graphic() && byte != b'=';
        let written = if plain {
            char::from(byte).to_string()
        } else {
            format!("={byte:02X}")
        };
        column += written.len();
        quoted.push_str(&written);
    }
    quoted
}

fn as_html(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    escaped.replace('\n', "<br>\n")
}

fn as_rtf(text: &str) -> String {
    let mut rtf = String::from("{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\pard ");
    for unit in text.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok('\n') => rtf.push_str("\\par\n"),
            Ok('\t') => rtf.push_str("\\tab "),
            Ok(c @ ('\\' | '{' | '}')) => rtf.extend(['\\', c]),
            Ok(c) if c.is_ascii() => rtf.push(c),
            // RTF writes units as signed numbers (RTF 1.9.1, "Unicode RTF").
            _ => rtf.push_str(&format!("\\u{}?", unit.cast_signed())),
        }
    }
    rtf + "}"
}

/// A ZIP archive with one deflated file (APPNOTE 6.3.10, §4.3).
fn zipped(name: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(content).ok()?;
    let deflated = deflated.finish().ok()?;
    let mut sum = flate2::Crc::new();
    sum.update(content);
    let length = |octets: &[u8]| u32::try_from(octets.len()).ok();
    // What the local header and the central directory both say: version, flags, method, time, date, and the sizes.
    let mut facts = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0x5A];
    for number in [sum.sum(), length(&deflated)?, length(content)?] {
        facts.extend(number.to_le_bytes());
    }
    facts.extend(u16::try_from(name.len()).ok()?.to_le_bytes());
    facts.extend([0, 0]);
    let file = [b"PK\x03\x04", facts.as_slice(), name, &deflated].concat();
    let entry = [b"PK\x01\x02\x14\0", facts.as_slice(), &[0; 14], name].concat();
    let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    end.extend(length(&entry)?.to_le_bytes());
    end.extend(length(&file)?.to_le_bytes());
    end.extend([0, 0]);
    Some([file, entry, end].concat())
}
