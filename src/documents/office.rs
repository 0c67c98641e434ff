//! Containers of Microsoft's older formats: compound files (doc, xls, ppt, msg) and TNEF (winmail.dat).

use super::Visit;
use crate::message::ObstacleKind;

const COMPOUND_FILE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const TNEF: &[u8] = &[0x78, 0x9f, 0x3e, 0x22];

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let leaf = visit.leaf;
    if leaf.bytes.starts_with(TNEF) {
        let what = "is an Outlook container (winmail.dat), which cannot be checked yet";
        visit.unread(ObstacleKind::UnknownContent, what);
        return true;
    }
    if !leaf.bytes.starts_with(COMPOUND_FILE) {
        return false;
    }
    // [MS-OFFCRYPTO] §2.3.1: an encrypted Office document is a compound file with these two streams.
    let encrypted = ["EncryptionInfo", "EncryptedPackage"]
        .iter()
        .all(|name| has_stream(&leaf.bytes, name));
    if encrypted {
        visit.unread(
            ObstacleKind::EncryptedContainer,
            "is an Office document with a password",
        );
    } else {
        let what = "is an older Office document or Outlook message, which cannot be checked yet";
        visit.unread(ObstacleKind::UnknownContent, what);
    }
    true
}

fn has_stream(bytes: &[u8], name: &str) -> bool {
    let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(bytes, &wide).is_some()
}
