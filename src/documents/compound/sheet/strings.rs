//! Strings of a workbook, which may go on in continuations ([MS-XLS] §2.5.293, §2.5.294).

use crate::documents::codepage;
use crate::documents::octets::u16_at;

/// Strings that cells refer to by number.
#[derive(Default)]
pub(super) struct SharedStrings {
    text: String,
    ends: Vec<usize>,
}

impl SharedStrings {
    pub fn push(&mut self, string: &str) {
        self.text.push_str(string);
        self.ends.push(self.text.len());
    }

    pub fn at(&self, number: usize) -> Option<&str> {
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..*self.ends.get(number)?)
    }

    pub fn all(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|number| self.at(number))
    }
}

/// Reads through the chunks of a record.
pub(super) struct Chunks<'c, 'a> {
    chunks: &'c [&'a [u8]],
    /// What is left of the first one.
    rest: &'a [u8],
}

/// Flags of a string.
const WIDE: u8 = 1;
const PHONETIC: u8 = 4;
const RICH: u8 = 8;

impl<'c, 'a> Chunks<'c, 'a> {
    pub fn new(chunks: &'c [&'a [u8]]) -> Self {
        let mut reader = Chunks { chunks, rest: &[] };
        reader.turn();
        reader
    }

    /// Goes on to the next chunk.
    pub fn turn(&mut self) -> bool {
        let [first, others @ ..] = self.chunks else {
            return false;
        };
        self.rest = first;
        self.chunks = others;
        true
    }

    /// What is left of the chunk at hand.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn u8(&mut self) -> Option<u8> {
        while self.rest.is_empty() {
            self.turn().then_some(())?;
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.u8()?, self.u8()?]))
    }

    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    /// Takes octets that may go on in the next chunk as they are.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        while taken.len() < length {
            let (now, rest) = self.rest.split_at((length - taken.len()).min(self.rest.len()));
            taken.extend_from_slice(now);
            self.rest = rest;
            if taken.len() < length && !self.turn() {
                break;
            }
        }
        taken
    }

    /// A string with its length before it; what is spoken for it stands behind it.
    pub fn string(&mut self) -> Option<String> {
        let length = usize::from(self.u16()?);
        let flags = self.u8()?;
        let runs = if flags & RICH != 0 { self.u16()? } else { 0 };
        let phonetic = if flags & PHONETIC != 0 { self.u32()? } else { 0 };
        let mut text = self.characters(length, flags);
        self.take(usize::from(runs) * 4);
        let phonetic = self.take(usize::try_from(phonetic).unwrap_or(0));
        if let Some(spoken) = spoken(&phonetic).filter(|spoken| !spoken.trim().is_empty()) {
            text.push_str(" (");
            text.push_str(&spoken);
            text.push(')');
        }
        Some(text)
    }

    /// Characters; where a chunk ends among them, the next one begins with new flags.
    pub fn characters(&mut self, length: usize, flags: u8) -> String {
        let mut text = String::new();
        let mut left = length;
        let mut flags = flags;
        loop {
            let width = 1 + usize::from(flags & WIDE);
            let octets = (left * width).min(self.rest.len() / width * width);
            let (now, rest) = self.rest.split_at(octets);
            match width {
                1 => text.extend(now.iter().map(|octet| char::from(*octet))),
                _ => text.push_str(&codepage::utf16(now)),
            }
            left -= octets / width;
            self.rest = rest;
            if left == 0 || !self.turn() {
                return text;
            }
            match self.u8() {
                Some(next) => flags = next,
                None => return text,
            }
        }
    }
}

/// How a string is spoken ([MS-XLS] §2.5.86).
fn spoken(phonetic: &[u8]) -> Option<String> {
    let length = usize::from(u16_at(phonetic, 12)?);
    let octets = phonetic.get(14..)?;
    Some(codepage::utf16(octets.get(..length * 2).unwrap_or(octets)))
}
