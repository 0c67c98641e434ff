//! Rich Text Format, by its first group.

use super::Visit;
use crate::message::ObstacleKind;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let is_rtf = visit.bytes().trim_ascii_start().starts_with(b"{\\rt");
    if is_rtf {
        visit.unread(
            ObstacleKind::UnknownContent,
            "is an RTF document, which cannot be checked yet",
        );
    }
    is_rtf
}
