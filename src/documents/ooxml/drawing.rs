//! What stands in attributes and is read by people: alternative texts, names, tips, form fields.

use super::super::office_xml::Element;

/// Attributes that people are shown, whatever they hold.
const SHOWN: [&str; 22] = [
    "descr",
    "title",
    "alt",
    "string",
    "tooltip",
    "display",
    "displayText",
    "helpText",
    "statusText",
    "prompt",
    "promptTitle",
    "error",
    "errorTitle",
    "author",
    "initials",
    "instr",
    "textToDisplay",
    "keywords",
    "comment",
    "description",
    "formula1",
    "algorithmText",
];

/// Attributes that are numbers of the format's own: revisions, places, colours, shapes.
const INNER: [&str; 34] = [
    "paraId",
    "textId",
    "durableId",
    "id",
    "embed",
    "link",
    "uri",
    "Requires",
    "Ignorable",
    "style",
    "path",
    "coordsize",
    "coordorigin",
    "adj",
    "eqn",
    "gfxdata",
    "spid",
    "typeface",
    "panose",
    "fmla",
    "uid",
    "modelId",
    "sqref",
    "ref",
    "spans",
    "date",
    "dt",
    "dateUtc",
    "created",
    "modified",
    "points",
    "v",
    "anchorId",
    "editId",
];

/// Longer values are no words: shapes and pictures in attributes.
const LONGEST: usize = 32 << 10;

/// Writes a line with the attributes of an element when one of them may hold something to find.
pub(in super::super) fn aside(element: &Element<'_>, into: &mut String) {
    let local = element.local();
    if is_inner_element(local) {
        return;
    }
    let start = into.len();
    let mut telling = false;
    for (name, value) in element.attributes() {
        let shown = SHOWN.contains(&name);
        if value.is_empty() || (!shown && is_inner(name, &value)) {
            continue;
        }
        telling |= shown || value.chars().filter(|c| c.is_numeric()).count() >= 5;
        for piece in [" ", name, ": ", &value] {
            into.push_str(piece);
        }
        if matches!(name, "Target" | "href") && value.contains('%') {
            into.push(' ');
            into.push_str(&decoded(&value));
        }
    }
    match telling {
        true => into.push('\n'),
        false => into.truncate(start),
    }
}

/// An address without its percent signs (RFC 3986 §2.1).
pub(in super::super) fn decoded(address: &str) -> String {
    let mut octets = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let digits = others
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match octet.filter(|_| *first == b'%') {
            Some(octet) => {
                octets.push(octet);
                rest = others.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

fn is_inner_element(local: &str) -> bool {
    local.starts_with("rsid")
        || matches!(
            local,
            "nsid" | "tmpl" | "ext" | "fileVersion" | "workbookPr" | "compatSetting"
        )
}

fn is_inner(name: &str, value: &str) -> bool {
    let own = INNER.contains(&name) || name.starts_with("rsid") || name.len() == 1;
    own || value.len() > LONGEST || is_own_number(value)
}

/// A measure, a colour, an identifier or a time, as these formats write them.
fn is_own_number(value: &str) -> bool {
    let all = |allowed: &str| {
        value
            .bytes()
            .all(|octet| octet.is_ascii_digit() || allowed.as_bytes().contains(&octet))
    };
    let hexadecimal = value.bytes().all(|octet| octet.is_ascii_hexdigit());
    (value.len() <= 8 && (all("-.") || hexadecimal))
        || (value.starts_with('{') && value.ends_with('}') && value.len() == 38)
        || (value.len() >= 19 && value.as_bytes().get(10) == Some(&b'T') && all("-:TZ.+"))
}
