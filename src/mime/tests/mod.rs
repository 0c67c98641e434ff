//! Whole messages, read by `mime` alone.

mod ambiguous;
mod hostile;
mod sealed;
mod segments;
mod structure;

use super::{Contents, Limits, read};
use crate::message::ObstacleKind;

/// Reads with the default limits.
pub(super) fn contents(raw: impl AsRef<[u8]>) -> Contents {
    read(raw.as_ref(), &Limits::default())
}

/// Base64 as mail programs write it.
pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    let encoded = openssl::base64::encode_block(bytes.as_ref());
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(76)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    lines.join("\r\n") + "\r\n"
}

impl Contents {
    /// Everything that would be searched, texts and octets of leaves alike.
    pub(super) fn holds(&self, needle: &str) -> bool {
        let in_leaf = |bytes: &[u8]| memchr::memmem::find(bytes, needle.as_bytes()).is_some();
        self.texts.iter().any(|text| text.text.contains(needle))
            || self.leaves.iter().any(|leaf| in_leaf(&leaf.bytes))
    }

    /// Whether there is an obstacle of this kind.
    pub(super) fn has(&self, kind: ObstacleKind) -> bool {
        self.obstacles.iter().any(|obstacle| obstacle.kind == kind)
    }
}
