//! PDF documents (ISO 32000), by their header, which may stand anywhere in the first kibibyte.

use super::Visit;
use crate::message::ObstacleKind;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let start = bytes.get(..1_024).unwrap_or(bytes);
    let Some(header) = memchr::memmem::find(start, b"%PDF-") else {
        return false;
    };
    let body = bytes.get(header..).unwrap_or_default();
    let object = memchr::memmem::find(body, b" obj").is_some();
    if object {
        visit.unread(
            ObstacleKind::UnknownContent,
            "is a PDF document, which cannot be checked yet",
        );
    }
    object
}
