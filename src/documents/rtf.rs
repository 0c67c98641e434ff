//! Rich Text Format, by its first group.

use super::Document;
use crate::message::ObstacleKind;
use crate::mime::{Leaf, Limits};

pub(super) fn read(leaf: &Leaf, _limits: &Limits) -> Option<Document> {
    let is_rtf = leaf.bytes.trim_ascii_start().starts_with(b"{\\rt");
    is_rtf.then(|| {
        Document::unread(
            leaf,
            ObstacleKind::UnknownContent,
            "is an RTF document, which cannot be checked yet",
        )
    })
}
