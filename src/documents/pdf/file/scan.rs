//! Finds every `n g obj` in a file, and the extent of its stream.

use memchr::memmem::Finder;

use super::{Definition, Trouble};
use crate::documents::pdf::syntax::{Object, is_space, parse};

/// More trailers than this, from either end, are not looked at.
const MOST_TRAILERS: usize = 100;

/// What a scan found.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub definitions: Vec<Definition>,
    /// Places of dictionaries behind `trailer`.
    pub trailers: Vec<usize>,
    /// Streams whose length is an object of its own: the definition and that number.
    pub lengths: Vec<(usize, u32)>,
    pub gaps: Vec<(usize, usize)>,
    pub trouble: Trouble,
}

/// How much may be read again because objects overlap, in sizes of the file.
const TIMES: usize = 4;
/// More objects than this are not looked at.
const MOST_OBJECTS: usize = 4_000_000;

/// Looks at the whole file once. Definitions inside the data of a stream whose length is right are not seen.
pub(super) fn scan(bytes: &[u8]) -> Scanned {
    let mut scanned = Scanned::default();
    let mut work = bytes.len().saturating_mul(TIMES).saturating_add(1 << 20);
    let (word, stream_end) = (Finder::new("obj"), Finder::new("endstream"));
    let (mut at, mut covered) = (0, 0);
    while let Some(found) = word.find(bytes.get(at..).unwrap_or_default()) {
        let behind = at + found + 3;
        at = behind;
        let Some((head, number, generation)) = heading(bytes, behind - 3) else {
            continue;
        };
        let definition = define(bytes, number, generation, head, behind, &stream_end);
        let read = definition.end.saturating_sub(behind);
        if work < read || scanned.definitions.len() >= MOST_OBJECTS {
            scanned.trouble.limit = true;
            break;
        }
        work -= read;
        scanned.trouble.limit |= definition.cut;
        scanned.trouble.damaged |= definition.damaged;
        if head > covered {
            scanned.gaps.push((covered, head));
        }
        let mut end = definition.end;
        if let Some((_, data_end)) = definition.data {
            at = data_end;
            end = data_end;
            scanned.trouble.truncated |= data_end == bytes.len();
        }
        covered = covered.max(end);
        if let Some(length) = definition.indirect_length {
            scanned.lengths.push((scanned.definitions.len(), length));
        }
        scanned.definitions.push(definition.into());
    }
    scanned.gaps.push((covered.min(bytes.len()), bytes.len()));
    scanned.trailers = trailers(bytes, &scanned.gaps);
    scanned
}

/// A definition, and what is still to be looked up.
pub(super) struct Defined {
    number: u32,
    generation: u16,
    at: usize,
    start: usize,
    pub end: usize,
    pub data: Option<(usize, usize)>,
    indirect_length: Option<u32>,
    damaged: bool,
    cut: bool,
}

impl From<Defined> for Definition {
    fn from(defined: Defined) -> Self {
        Definition {
            number: defined.number,
            generation: defined.generation,
            at: defined.at,
            buffer: None,
            start: defined.start,
            end: defined.end,
            data: defined.data,
        }
    }
}

/// Reads the definition whose heading starts at `head` and ends at `behind`.
pub(super) fn define(
    bytes: &[u8],
    number: u32,
    generation: u16,
    head: usize,
    behind: usize,
    stream_end: &Finder<'_>,
) -> Defined {
    let parsed = parse(bytes, behind);
    let mut defined = Defined {
        number,
        generation,
        at: head,
        start: behind,
        end: parsed.end,
        data: None,
        indirect_length: None,
        damaged: parsed.damaged,
        cut: parsed.cut,
    };
    let Object::Dictionary(dictionary) = &parsed.object else {
        return defined;
    };
    let Some(start) = stream_start(bytes, parsed.end) else {
        return defined;
    };
    let length = dictionary.get("Length");
    let end = length.count().and_then(|length| {
        let end = start.checked_add(length)?;
        ends_stream(bytes, end).then_some(end)
    });
    let end = end.unwrap_or_else(|| next_end(bytes, start, stream_end));
    defined.indirect_length = length.reference();
    defined.data = Some((start, end));
    defined
}

/// Whether `endstream` stands at this place, or nearly.
pub(super) fn ends_stream(bytes: &[u8], at: usize) -> bool {
    let rest = bytes
        .get(at..at.saturating_add(32).min(bytes.len()))
        .unwrap_or_default();
    let spaces = rest.iter().take_while(|octet| is_space(**octet)).count();
    rest.get(spaces..).unwrap_or_default().starts_with(b"endstream")
}

/// The number and generation before `obj`, and where they start.
pub(super) fn heading(bytes: &[u8], word: usize) -> Option<(usize, u32, u16)> {
    let before = bytes.get(..word)?;
    let (generation_at, generation) = number_before(before, false)?;
    let (number_at, number) = number_before(before.get(..generation_at)?, true)?;
    // Viewers take odd generations for nought.
    let generation = u16::try_from(generation).unwrap_or(0);
    Some((number_at, u32::try_from(number).ok()?, generation))
}

fn number_before(before: &[u8], spaced: bool) -> Option<(usize, u64)> {
    let spaces = before
        .iter()
        .rev()
        .take(64)
        .take_while(|octet| is_space(**octet))
        .count();
    if spaced && spaces == 0 {
        return None;
    }
    let trimmed = before.get(..before.len() - spaces)?;
    let digits = trimmed
        .iter()
        .rev()
        .take(10)
        .take_while(|octet| octet.is_ascii_digit())
        .count();
    let start = trimmed.len() - digits;
    let text = std::str::from_utf8(trimmed.get(start..)?).ok()?;
    Some((start, text.parse().ok()?))
}

/// Where the data starts, when `stream` follows the dictionary that ends at `at`.
fn stream_start(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let spaces = rest
        .iter()
        .take(4_096)
        .take_while(|octet| is_space(**octet))
        .count();
    let rest = rest.get(spaces..)?.strip_prefix(b"stream")?;
    let line_end = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [b' ', b'\r', b'\n', ..] => 3,
        [b' ', b'\n', ..] => 2,
        _ => 0,
    };
    Some(at + spaces + 6 + line_end)
}

fn next_end(bytes: &[u8], start: usize, stream_end: &Finder<'_>) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    stream_end.find(rest).map_or(bytes.len(), |length| start + length)
}

/// The dictionaries of trailers stand where no object is.
fn trailers(bytes: &[u8], gaps: &[(usize, usize)]) -> Vec<usize> {
    let word = Finder::new("trailer");
    let inside = gaps.iter().flat_map(|(start, end)| {
        let gap = bytes.get(*start..*end).unwrap_or_default();
        word.find_iter(gap).map(move |at| start + at + 7)
    });
    let mut trailers: Vec<usize> = inside.collect();
    // The first and the last are what viewers look at; an attacker may write a million.
    if trailers.len() > 2 * MOST_TRAILERS {
        trailers.drain(MOST_TRAILERS..trailers.len() - MOST_TRAILERS);
    }
    trailers
}
