//! Properties of a document: author, title, and those that people add ([MS-OLEPS]).

use super::container::Container;
use super::storage::Storage;
use crate::documents::Visit;
use crate::documents::codepage;
use crate::documents::octets::{Octets, length_at, stretch, u16_at, u32_at};
use crate::mime::{TextKind, printable};

/// Names of the streams ([MS-OLEPS] §2.22, §2.25).
const STREAMS: [&str; 3] = [
    "\u{5}SummaryInformation",
    "\u{5}DocumentSummaryInformation",
    "\u{5}GlobalInfo",
];

/// Types of strings ([MS-OLEPS] §2.15).
const STRING: u16 = 0x1e;
const WIDE_STRING: u16 = 0x1f;

pub(super) fn read(visit: &mut Visit<'_>, container: &mut Container<'_>, storage: &mut Storage) {
    for name in STREAMS {
        if let Some(stream) = storage.take(container, name) {
            visit.text_in("the properties", TextKind::Body, strings(&stream));
            visit.text_in("the properties", TextKind::Body, printable(&stream));
        }
    }
}

/// The strings of all property sets, one on a line.
fn strings(stream: &[u8]) -> String {
    let mut text = String::new();
    let sets = length_at(stream, 24).unwrap_or(0).min(2);
    for set in 0..sets {
        let Some(start) = length_at(stream, 44 + set * 20) else {
            break;
        };
        let set = stream.get(start..).unwrap_or_default();
        read_set(stretch(set, 0, length_at(set, 0).unwrap_or(0)), &mut text);
    }
    text
}

/// A property set: its size, how many properties, their numbers and places, their values.
fn read_set(set: &[u8], text: &mut String) {
    let mut list = Octets::new(set.get(4..).unwrap_or_default());
    let count = list.length().unwrap_or(0);
    let mut places = Vec::new();
    for _ in 0..count {
        let (Some(number), Some(place)) = (list.u32(), list.length()) else {
            break;
        };
        places.push((number, place));
    }
    let page = places.iter().find(|(number, _)| *number == 1);
    let page = page
        .and_then(|(_, place)| u16_at(set, *place + 4))
        .unwrap_or(1252);
    // Values do not overlap; places that do would be read again and again.
    places.sort_by_key(|(_, place)| *place);
    places.dedup_by_key(|(_, place)| *place);
    let mut end = 0;
    for (number, place) in places.into_iter().filter(|(number, _)| *number != 1) {
        if place < end {
            continue;
        }
        let value = set.get(place..).unwrap_or_default();
        end = match number {
            0 => place,
            _ => place + read_value(value, u32::from(page), text),
        };
    }
}

/// Appends a value if it is a string, and tells how long it is.
fn read_value(value: &[u8], page: u32, text: &mut String) -> usize {
    let (Some(kind), Some(length)) = (u16_at(value, 0), u32_at(value, 4)) else {
        return 0;
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let decoded = match kind {
        STRING => codepage::decode(page, stretch(value, 8, length)),
        WIDE_STRING => codepage::utf16(stretch(value, 8, length.saturating_mul(2))),
        _ => return 0,
    };
    text.push_str(codepage::until_nul(&decoded));
    text.push('\n');
    decoded.len()
}
