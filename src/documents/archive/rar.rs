//! RAR archives: they are not unpacked, but told apart from those with a password.

use super::super::Visit;
use crate::message::ObstacleKind;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let encrypted = match visit.bytes() {
        [b'R', b'a', b'r', b'!', 0x1a, 7, 0, blocks @ ..] => is_locked_4(blocks),
        [b'R', b'a', b'r', b'!', 0x1a, 7, 1, 0, blocks @ ..] => is_locked_5(blocks).unwrap_or(false),
        _ => return false,
    };
    if encrypted {
        visit.unread(
            ObstacleKind::EncryptedContainer,
            "is a RAR archive with a password",
        );
    } else {
        visit.unread(
            ObstacleKind::UnknownContent,
            "is a RAR archive, which cannot be checked",
        );
    }
    true
}

/// The archive's header or that of the first file says so (RAR 4 technical note: flags 0x80 and 0x04).
fn is_locked_4(blocks: &[u8]) -> bool {
    let header = |blocks: &[u8], kind: u8, flag: u8| matches!(blocks, [_, _, found, flags, ..] if *found == kind && flags & flag != 0);
    let size = match blocks {
        [_, _, _, _, _, low, high, ..] => usize::from(u16::from_le_bytes([*low, *high])),
        _ => return false,
    };
    header(blocks, 0x73, 0x80) || header(blocks.get(size..).unwrap_or_default(), 0x74, 0x04)
}

/// One of the first headers is for encryption, or the extra area of a file's header is (RAR 5.0 archive format).
fn is_locked_5(mut blocks: &[u8]) -> Option<bool> {
    for _ in 0..8 {
        let (size, header) = variable(blocks.get(4..)?)?;
        let (header, behind) = header.split_at_checked(size)?;
        let (kind, fields) = variable(header)?;
        let (flags, fields) = variable(fields)?;
        let (extra, fields) = if flags & 1 != 0 {
            variable(fields)?
        } else {
            (0, fields)
        };
        let (data, _) = if flags & 2 != 0 {
            variable(fields)?
        } else {
            (0, fields)
        };
        let extra = header.get(header.len().checked_sub(extra)?..)?;
        // A record's size, then its type: 1 is file encryption.
        let encrypted = variable(extra).is_some_and(|(_, record)| record.first() == Some(&1));
        if kind == 4 || (kind == 2 && encrypted) {
            return Some(true);
        }
        blocks = behind.get(data..)?;
    }
    Some(false)
}

/// A number of seven bits an octet, lowest first.
fn variable(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0usize;
    for (place, octet) in bytes.iter().take(4).enumerate() {
        value |= usize::from(octet & 0x7f) << (7 * place);
        if octet & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}
