//! PDF documents (ISO 32000), by their header, which may stand anywhere in the first kibibyte.

use super::Document;
use crate::message::ObstacleKind;
use crate::mime::{Leaf, Limits};

pub(super) fn read(leaf: &Leaf, _limits: &Limits) -> Option<Document> {
    let start = leaf.bytes.get(..1_024).unwrap_or(&leaf.bytes);
    let header = memchr::memmem::find(start, b"%PDF-")?;
    let body = leaf.bytes.get(header..).unwrap_or_default();
    let object = memchr::memmem::find(body, b" obj").is_some();
    object.then(|| {
        Document::unread(
            leaf,
            ObstacleKind::UnknownContent,
            "is a PDF document, which cannot be checked yet",
        )
    })
}
