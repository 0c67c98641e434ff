//! Archives and compressed files other than ZIP, by signature. The files inside are read like parts of the message.

mod ar;
mod compressed;
mod cpio;
mod lz4;
mod rar;
mod sevenzip;
mod tar;

use super::Visit;
use crate::message::ObstacleKind;

/// Reads an archive, and tells whether the octets are one of this kind.
type Archive = fn(&mut Visit<'_>) -> bool;

const ARCHIVES: [Archive; 7] = [
    compressed::read,
    lz4::read,
    sevenzip::read,
    tar::read,
    ar::read,
    cpio::read,
    rar::read,
];

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    ARCHIVES.iter().any(|archive| archive(visit)) || named(visit)
}

/// Formats that are only named: their signature, and what people call them.
const UNREAD: [(&[u8], &str); 7] = [
    (b"MSCF\0\0\0\0", "a cabinet file"),
    (b"\x1f\x9d", "a file compressed with compress"),
    (b"\x1f\xa0", "a file compressed with SCO compress"),
    (b"LZIP\x01", "an lzip file"),
    (b"\x89LZO\0\r\n\x1a\n", "an lzop file"),
    (b"\xc7\x71", "an old cpio archive"),
    (b"\x71\xc7", "an old cpio archive"),
];

fn named(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let lha = matches!(bytes.get(2..7), Some([b'-', b'l', b'h' | b'z', _, b'-']));
    // The size of the first header follows the signature.
    let arj =
        matches!(bytes.get(..4), Some([0x60, 0xea, low, high]) if u16::from_le_bytes([*low, *high]) <= 2_600);
    let known = UNREAD.iter().find(|(signature, _)| bytes.starts_with(signature));
    let what = match known {
        Some((_, what)) => what,
        None if lha => "an LHA archive",
        None if arj => "an ARJ archive",
        None => return false,
    };
    if super::text::is_text(bytes) {
        return false;
    }
    visit.unread(
        ObstacleKind::UnknownContent,
        &format!("is {what}, which cannot be checked"),
    );
    true
}

impl Visit<'_> {
    /// Hands out a file that stands in the archive as it is.
    fn stored(&mut self, name: Option<&str>, bytes: &[u8]) {
        if bytes.len() > self.room() {
            return self.over_limit("a file");
        }
        self.decoded_file(name, "application/octet-stream", bytes.to_vec());
    }

    /// What stands outside of the files of an archive: few programs show it, and anything may be hidden there.
    fn outside(&mut self, bytes: &[u8]) {
        if bytes.iter().any(|octet| *octet != 0) {
            self.stored(None, bytes);
        }
    }
}

/// A text field that ends at the first NUL.
fn field(bytes: &[u8]) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// A number in digits of this radix, with spaces and NUL around it.
fn number(bytes: &[u8], radix: u32) -> Option<usize> {
    let digits = std::str::from_utf8(bytes).ok()?;
    let digits = digits.trim_matches(|c: char| c == ' ' || c == '\0');
    usize::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests;
