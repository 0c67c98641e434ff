//! Tape archives: POSIX ustar and pax, GNU and the first format (pax(1), "ustar Interchange Format").

use super::super::Visit;
use super::{field, number};
use crate::message::ObstacleKind;
use crate::mime::TextKind;

const BLOCK: usize = 512;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let is_tar = Header::at(bytes, 0).is_some_and(|header| !header.name.is_empty());
    if is_tar {
        visit.tape(bytes);
    }
    is_tar
}

/// The header of a member.
struct Header {
    name: String,
    kind: u8,
    size: usize,
    link: String,
    /// Who owns it, as names.
    owner: String,
}

impl Header {
    /// The header in the block at an offset, if its sum is right.
    fn at(bytes: &[u8], at: usize) -> Option<Header> {
        let block = bytes.get(at..at.checked_add(BLOCK)?)?;
        let sum = number(block.get(148..156)?, 8)?;
        let blank = |at: usize| (148..156).contains(&at);
        let octets = block.iter().enumerate();
        let counted: usize = octets
            .map(|(at, octet)| if blank(at) { 32 } else { usize::from(*octet) })
            .sum();
        if counted != sum || sum == 8 * 32 {
            return None;
        }
        let name = field(block.get(..100)?);
        let ustar = block.get(257..262)? == b"ustar";
        let prefix = if ustar {
            field(block.get(345..500)?)
        } else {
            String::new()
        };
        let owner = if ustar { owner(block) } else { String::new() };
        Some(Header {
            name: if prefix.is_empty() {
                name
            } else {
                format!("{prefix}/{name}")
            },
            kind: *block.get(156)?,
            size: size(block.get(124..136)?)?,
            link: field(block.get(157..257)?),
            owner,
        })
    }
}

fn owner(block: &[u8]) -> String {
    let part = |from: usize, to: usize| field(block.get(from..to).unwrap_or_default());
    format!("{} {}", part(265, 297), part(297, 329))
}

/// A size in octal, or as a binary number when it would not fit.
fn size(octets: &[u8]) -> Option<usize> {
    match octets.split_first()? {
        (first, rest) if first & 0x80 != 0 => {
            let value = rest.iter().try_fold(u64::from(first & 0x7f), |value, octet| {
                value.checked_mul(256)?.checked_add(u64::from(*octet))
            });
            usize::try_from(value?).ok()
        }
        _ if octets.iter().all(|octet| matches!(octet, 0 | b' ')) => Some(0),
        _ => number(octets, 8),
    }
}

/// What headers before a member say about it.
#[derive(Default)]
struct Ahead {
    name: Option<String>,
    link: Option<String>,
    size: Option<usize>,
    sparse: bool,
}

impl Visit<'_> {
    fn tape(&mut self, bytes: &[u8]) {
        let (mut at, mut ahead, mut notes) = (0, Ahead::default(), String::new());
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.iter().take(BLOCK).all(|octet| *octet == 0) {
                at = at.saturating_add(BLOCK);
                continue;
            }
            let Some(header) = Header::at(bytes, at) else {
                if rest.len() < BLOCK {
                    self.obstacle(
                        ObstacleKind::Malformed,
                        "is damaged: it ends in the middle of a header",
                    );
                } else {
                    self.obstacle(ObstacleKind::Malformed, "is damaged: a header in it is not sound");
                }
                self.outside(rest);
                break;
            };
            at = self.member(header, bytes, at.saturating_add(BLOCK), &mut ahead, &mut notes);
        }
        self.text_in("the headers", TextKind::Body, notes);
    }

    /// Reads the member whose content begins at `start`, and tells where the next header stands.
    fn member(
        &mut self,
        header: Header,
        bytes: &[u8],
        start: usize,
        ahead: &mut Ahead,
        notes: &mut String,
    ) -> usize {
        let linked = matches!(header.kind, b'1'..=b'6');
        let size = ahead.size.unwrap_or(header.size);
        // Some programs give a link the size of its target, others go by it.
        let size = if linked && Header::at(bytes, start).is_some() {
            0
        } else {
            size
        };
        let end = start.saturating_add(size);
        let content = bytes.get(start..end.min(bytes.len())).unwrap_or_default();
        if end > bytes.len() {
            self.obstacle(
                ObstacleKind::Malformed,
                "is damaged: it ends in the middle of a file",
            );
        }
        let next = end.checked_next_multiple_of(BLOCK).unwrap_or(usize::MAX);
        let slack = bytes
            .get(end.min(bytes.len())..next.min(bytes.len()))
            .unwrap_or_default();
        notes.push_str(&crate::mime::printable(slack));
        match header.kind {
            b'L' => ahead.name = Some(field(content)),
            b'K' => ahead.link = Some(field(content)),
            b'x' | b'X' | b'g' => {
                ahead.records(content);
                notes.push_str(&String::from_utf8_lossy(content));
            }
            _ => self.hand_out(header, content, std::mem::take(ahead), notes),
        }
        next
    }

    fn hand_out(&mut self, header: Header, content: &[u8], ahead: Ahead, notes: &mut String) {
        let name = ahead.name.unwrap_or(header.name);
        let link = ahead.link.unwrap_or(header.link);
        for note in [link, header.owner] {
            if !note.trim().is_empty() {
                notes.push_str(&format!("{name} {note}\n"));
            }
        }
        if ahead.sparse || header.kind == b'S' {
            let what = "holds a sparse file, which is read without its gaps";
            self.obstacle(ObstacleKind::UnknownContent, what);
        }
        if content.is_empty() {
            notes.push_str(&name);
            notes.push('\n');
        } else {
            self.stored(Some(&name), content);
        }
    }
}

impl Ahead {
    /// Reads the records of a pax header: a length, a keyword, `=`, a value, a line end.
    fn records(&mut self, mut content: &[u8]) {
        while let Some(space) = memchr::memchr(b' ', content) {
            let length = number(content.get(..space).unwrap_or_default(), 10).unwrap_or(0);
            let Some(record) = content.get(space + 1..length) else {
                return;
            };
            let record = String::from_utf8_lossy(record);
            match record.trim_end_matches('\n').split_once('=') {
                Some(("path", value)) => self.name = Some(value.to_owned()),
                Some(("linkpath", value)) => self.link = Some(value.to_owned()),
                Some(("size", value)) => self.size = value.parse().ok(),
                Some((key, _)) => self.sparse |= key.starts_with("GNU.sparse"),
                None => {}
            }
            content = content.get(length..).unwrap_or_default();
        }
    }
}
