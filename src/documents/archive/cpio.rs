//! Archives of `cpio` with headers in text: the "new" formats and the one of POSIX (cpio(5)).

use super::super::Visit;
use super::{field, number};
use crate::message::ObstacleKind;
use crate::mime::TextKind;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let is_cpio = Member::at(bytes, 0).is_some();
    if is_cpio {
        visit.members_of_cpio(bytes);
    }
    is_cpio
}

struct Member<'a> {
    name: String,
    content: &'a [u8],
    /// Where the next one begins.
    next: usize,
    whole: bool,
}

impl<'a> Member<'a> {
    fn at(bytes: &'a [u8], at: usize) -> Option<Member<'a>> {
        let header = bytes.get(at..)?;
        let (length, alignment, name_size, size): (usize, usize, usize, usize) = match header.get(..6)? {
            b"070701" | b"070702" => {
                let hexadecimal = |from: usize| number(header.get(from..from + 8)?, 16);
                (110, 4, hexadecimal(94)?, hexadecimal(54)?)
            }
            b"070707" => (
                76,
                1,
                number(header.get(59..65)?, 8)?,
                number(header.get(65..76)?, 8)?,
            ),
            _ => return None,
        };
        let aligned = |offset: usize| offset.checked_next_multiple_of(alignment);
        let name = header.get(length..length.checked_add(name_size)?)?;
        if name.len() < 2 || name.last() != Some(&0) {
            return None;
        }
        let start = at.checked_add(aligned(length.checked_add(name_size)?)?)?;
        let end = start.checked_add(size)?;
        Some(Member {
            name: field(name),
            content: bytes.get(start..end.min(bytes.len())).unwrap_or_default(),
            next: at.checked_add(aligned(end.checked_sub(at)?)?)?,
            whole: end <= bytes.len(),
        })
    }
}

impl Visit<'_> {
    fn members_of_cpio(&mut self, bytes: &[u8]) {
        let (mut at, mut names) = (0, String::new());
        while let Some(member) = Member::at(bytes, at) {
            if !member.whole {
                self.obstacle(
                    ObstacleKind::Malformed,
                    "is damaged: it ends in the middle of a file",
                );
            }
            if member.content.is_empty() {
                names.push_str(&member.name);
                names.push('\n');
            } else {
                self.stored(Some(&member.name), member.content);
            }
            at = member.next;
        }
        self.text_in("the headers", TextKind::Body, names);
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.iter().any(|octet| *octet != 0) {
            self.obstacle(ObstacleKind::Malformed, "is damaged: a header in it is not sound");
            self.outside(rest);
        }
    }
}
