//! Archives and compressed files other than ZIP, by signature.

use super::{Visit, text};
use crate::message::ObstacleKind;

/// Where the signature stands, what it is, and what people call the format.
const SIGNATURES: [(usize, &[u8], &str); 12] = [
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"BZh", "a bzip2 file"),
    (0, b"\xfd7zXZ\0", "an xz file"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (0, b"\x04\x22\x4d\x18", "an LZ4 file"),
    (0, b"MSCF", "a cabinet file"),
    (0, b"\x60\xea", "an ARJ archive"),
    (0, b"!<arch>\n", "an ar archive"),
    (2, b"-lh", "an LHA archive"),
    (257, b"ustar", "a tar archive"),
];

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let leaf = visit.leaf;
    let fits = |at: usize, signature: &[u8]| {
        leaf.bytes
            .get(at..)
            .is_some_and(|rest| rest.starts_with(signature))
    };
    let found = SIGNATURES.iter().find(|(at, signature, _)| fits(*at, signature));
    let Some((_, _, what)) = found.filter(|_| !text::is_text(&leaf.bytes)) else {
        return false;
    };
    visit.unread(
        ObstacleKind::UnknownContent,
        &format!("is {what}, which cannot be checked yet"),
    );
    true
}
