//! Sound and video, by signature.

use super::{Visit, text};
use crate::message::ObstacleKind;

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

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let sound = is_sound(visit.bytes()) && !text::is_text(visit.bytes());
    if sound {
        visit.obstacle(
            ObstacleKind::AudioVideo,
            "is sound or video, which cannot be checked",
        );
    }
    sound
}

fn is_sound(bytes: &[u8]) -> bool {
    let form = bytes.get(8..12).unwrap_or_default();
    let riff = bytes.starts_with(b"RIFF") && matches!(form, b"WAVE" | b"AVI ");
    let aiff = bytes.starts_with(b"FORM") && matches!(form, b"AIFF" | b"AIFC");
    let media = bytes.get(4..8) == Some(b"ftyp");
    riff || aiff || media || SIGNATURES.iter().any(|signature| bytes.starts_with(signature))
}
