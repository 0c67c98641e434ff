//! Containers of Microsoft's older formats: compound files (doc, xls, ppt, msg) and TNEF (winmail.dat).

use super::Document;
use crate::message::ObstacleKind;
use crate::mime::{Leaf, Limits};

const COMPOUND_FILE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const TNEF: &[u8] = &[0x78, 0x9f, 0x3e, 0x22];

pub(super) fn read(leaf: &Leaf, _limits: &Limits) -> Option<Document> {
    if leaf.bytes.starts_with(TNEF) {
        let what = "is an Outlook container (winmail.dat), which cannot be checked yet";
        return Some(Document::unread(leaf, ObstacleKind::UnknownContent, what));
    }
    if !leaf.bytes.starts_with(COMPOUND_FILE) {
        return None;
    }
    // [MS-OFFCRYPTO] §2.3.1: an encrypted Office document is a compound file with these two streams.
    let encrypted = ["EncryptionInfo", "EncryptedPackage"]
        .iter()
        .all(|name| has_stream(&leaf.bytes, name));
    Some(if encrypted {
        Document::unread(
            leaf,
            ObstacleKind::EncryptedContainer,
            "is an Office document with a password",
        )
    } else {
        let what = "is an older Office document or Outlook message, which cannot be checked yet";
        Document::unread(leaf, ObstacleKind::UnknownContent, what)
    })
}

fn has_stream(bytes: &[u8], name: &str) -> bool {
    let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(bytes, &wide).is_some()
}
