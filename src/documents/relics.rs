//! Old formats that are known by their first octets and that no reader here understands.

use super::{Visit, text};
use crate::message::ObstacleKind;

/// How they begin, and what people call them.
const FORMATS: [(&[u8], &str); 15] = [
    (b"\x09\0\x04\0", "a workbook of Excel 2"),
    (b"\x09\x02\x06\0", "a workbook of Excel 3"),
    (b"\x09\x04\x06\0", "a workbook of Excel 4"),
    (b"\x9b\xa5", "a document of Word 1"),
    (b"\xdb\xa5", "a document of Word 2"),
    (b"\x31\xbe\0\0", "a document of Microsoft Write"),
    (b"\x32\xbe\0\0", "a document of Microsoft Write"),
    (b"\x01\xfe\x32\0", "a Works document"),
    (b"\xffWPC", "a WordPerfect document"),
    (b"\0\0\x02\0\x06\x04\x06\0", "a Lotus 1-2-3 workbook"),
    (b"\0\0\x1a\0", "a Lotus 1-2-3 workbook"),
    (b"\0\x01\0\0Standard ", "an Access database"),
    (b"!BDN", "an Outlook mailbox"),
    (b"\xe4\x52\x5c\x7b", "a OneNote section"),
    (b"\x4c\0\0\0\x01\x14\x02\0", "a Windows shortcut"),
];

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let found = FORMATS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    let Some((_, what)) = found.filter(|_| !text::is_text(bytes)) else {
        return false;
    };
    visit.unread(
        ObstacleKind::UnknownContent,
        &format!("is {what}, which cannot be checked"),
    );
    true
}
