//! Files that stand in a message in an encoding of their own: yEnc (yEnc draft 1.3) and BinHex 4.0 (RFC 1741).

use memchr::{memchr, memmem};

use super::{Visit, text};
use crate::mime::charset;

/// Reads octets that hold yEnc files. They are no text, since yEnc uses nearly all octets.
pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    if !begins_line(bytes, b"=ybegin ") {
        return false;
    }
    let (files, around) = yenc(bytes);
    if files.is_empty() {
        return false;
    }
    for (name, file) in files {
        visit.decoded_file(Some(&name), "application/octet-stream", file);
    }
    let readings = charset::read(&around, visit.leaf.charset.as_deref());
    text::read(visit, &readings);
    true
}

fn begins_line(bytes: &[u8], start: &[u8]) -> bool {
    memmem::find_iter(bytes, start).any(|at| at == 0 || bytes.get(at - 1) == Some(&b'\n'))
}

/// The files in the octets, parts of one file put together, and all that stands around them.
fn yenc(bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Vec<u8>) {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut around = Vec::new();
    let mut inside = false;
    for line in bytes.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"=ybegin ") {
            inside = true;
            let name = field(line, b" name=").unwrap_or_default();
            let goes_on =
                field(line, b" part=").is_some() && files.last().is_some_and(|(last, _)| *last == name);
            if !goes_on {
                files.push((name, Vec::new()));
            }
        } else if line.starts_with(b"=yend") {
            inside = false;
        } else if !inside {
            around.extend_from_slice(line);
        } else if !line.starts_with(b"=ypart ")
            && let Some((_, file)) = files.last_mut()
        {
            decode_line(line, file);
        }
    }
    (files, around)
}

/// What follows a key in a line of yEnc: a name up to the end, a number up to a space.
fn field(line: &[u8], key: &[u8]) -> Option<String> {
    let value = line.get(memmem::find(line, key)? + key.len()..)?.trim_ascii_end();
    let end = memchr(b' ', value)
        .filter(|_| key != b" name=")
        .unwrap_or(value.len());
    Some(String::from_utf8_lossy(value.get(..end)?).into_owned())
}

fn decode_line(line: &[u8], file: &mut Vec<u8>) {
    let mut escaped = false;
    for octet in line {
        match octet {
            b'\r' | b'\n' => {}
            b'=' if !escaped => escaped = true,
            _ => {
                let shift = if escaped { 106 } else { 42 };
                file.push(octet.wrapping_sub(shift));
                escaped = false;
            }
        }
    }
}

const BINHEX: &[u8] = b"(This file must be converted with BinHex";
const BINHEX_ALPHABET: &[u8; 64] = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";

/// The data fork of the BinHex file in a text, with its name; no more than `most` octets of it.
pub(super) fn binhex(text: &[u8], most: usize) -> Option<(String, Vec<u8>)> {
    let start = memmem::find(text, BINHEX)?;
    let behind = text.get(start + BINHEX.len()..)?;
    let body = behind.get(memmem::find(behind, b"\n:")? + 2..)?;
    let body = body.get(..memchr(b':', body).unwrap_or(body.len()))?;
    let octets = unrepeated(&six_bits(body), most);
    let (length, rest) = octets.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    // A NUL, type, creator, flags; then the lengths of both forks and a checksum.
    let size = rest.get(11..15)?.first_chunk::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
    let data = rest.get(21..)?;
    let data = data.get(..size.min(data.len()))?;
    Some((String::from_utf8_lossy(name).into_owned(), data.to_vec()))
}

fn six_bits(body: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for octet in body.iter().filter(|octet| !octet.is_ascii_whitespace()) {
        let Some(value) = memchr(*octet, BINHEX_ALPHABET).and_then(|value| u32::try_from(value).ok()) else {
            break;
        };
        bits = (bits << 6 | value) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            octets.extend(u8::try_from(bits >> held & 0xff));
        }
    }
    octets
}

/// Undoes run lengths: 0x90 and a count repeat the octet before them; a count of zero means 0x90 itself.
fn unrepeated(octets: &[u8], most: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(octets.len());
    let mut rest = octets.iter();
    while let Some(octet) = rest.next().filter(|_| plain.len() < most) {
        match (octet, if *octet == 0x90 { rest.next() } else { None }) {
            (_, Some(0)) => plain.push(0x90),
            (0x90, Some(count)) => {
                let last = plain.last().copied().unwrap_or(0);
                plain.extend(std::iter::repeat_n(last, usize::from(count - 1)));
            }
            _ => plain.push(*octet),
        }
    }
    plain
}
