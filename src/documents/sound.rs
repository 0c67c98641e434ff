//! Sound and video, by signature.

use super::{Document, text};
use crate::message::ObstacleKind;
use crate::mime::{Leaf, Limits};

const SIGNATURES: [&[u8]; 16] = [
    b"ID3",
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf2",
    b"\xff\xf1",
    b"\xff\xf9",
    b"OggS",
    b"fLaC",
    b"MThd",
    b"#!AMR",
    b"FLV\x01",
    b"\x1a\x45\xdf\xa3",
    b"\0\0\x01\xba",
    b"\0\0\x01\xb3",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    b".snd",
];

pub(super) fn read(leaf: &Leaf, _limits: &Limits) -> Option<Document> {
    if !is_sound(&leaf.bytes) || text::is_text(&leaf.bytes) {
        return None;
    }
    let mut document = Document::default();
    document.obstacle(
        leaf,
        ObstacleKind::AudioVideo,
        "is sound or video, which cannot be checked",
    );
    Some(document)
}

fn is_sound(bytes: &[u8]) -> bool {
    let form = bytes.get(8..12).unwrap_or_default();
    let riff = bytes.starts_with(b"RIFF") && matches!(form, b"WAVE" | b"AVI ");
    let aiff = bytes.starts_with(b"FORM") && matches!(form, b"AIFF" | b"AIFC");
    let media = bytes.get(4..8) == Some(b"ftyp");
    riff || aiff || media || SIGNATURES.iter().any(|signature| bytes.starts_with(signature))
}
