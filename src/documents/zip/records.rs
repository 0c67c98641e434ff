//! The records of a ZIP file, octet by octet (APPNOTE.TXT 6.3.10 §4.3).

/// Where an entry's content stands, and how it is packed. One reading of it: the directory and the local header
/// give one each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub name: Vec<u8>,
    /// Another name, in an extra field that some programs prefer (§4.6.9).
    pub other_name: Option<Vec<u8>>,
    pub comment: Vec<u8>,
    pub flags: u16,
    pub method: u16,
    pub checksum: u32,
    pub packed: u64,
    pub unpacked: u64,
    /// Where the local header stands, by the directory; where the content begins, by the local header.
    pub offset: u64,
}

/// The end of a central directory (§4.3.16, and §4.3.14 for ZIP64).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Where this record stands, and where the octets behind it and its comment begin.
    pub at: usize,
    pub end: usize,
    /// Where the directory begins, and how many octets stand in front of what offsets count from.
    pub directory: usize,
    pub shift: usize,
    pub comment: (usize, usize),
}

pub(super) const LOCAL: &[u8] = b"PK\x03\x04";
pub(super) const CENTRAL: &[u8] = b"PK\x01\x02";
pub(super) const END: &[u8] = b"PK\x05\x06";

/// What stands for a size or an offset that an extra field or another record gives (§4.4.1.4).
const IS_WIDE: u64 = 0xffff_ffff;

impl Header {
    pub fn is_encrypted(&self) -> bool {
        self.flags & 1 == 1 || self.method == 99
    }

    /// Sizes and checksum stand behind the content (§4.4.4, bit 3).
    pub fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }
}

/// A record of the central directory, and its length (§4.3.12).
pub(super) fn central(bytes: &[u8], at: usize) -> Option<(Header, usize)> {
    let record = bytes.get(at..).filter(|rest| rest.starts_with(CENTRAL))?;
    let (name, extra) = (usize::from(small(record, 28)?), usize::from(small(record, 30)?));
    let comment = usize::from(small(record, 32)?);
    let mut header = Header {
        flags: small(record, 8)?,
        method: small(record, 10)?,
        checksum: number(record, 16)?,
        packed: number(record, 20)?.into(),
        unpacked: number(record, 24)?.into(),
        offset: number(record, 42)?.into(),
        name: record.get(46..46 + name)?.to_vec(),
        ..Header::default()
    };
    let behind = 46 + name + extra;
    let fields = record.get(46 + name..behind)?;
    header.comment = record.get(behind..behind + comment)?.to_vec();
    header.widen(fields);
    Some((header, behind + comment))
}

/// A local header; its `offset` is where the content begins (§4.3.7).
pub(super) fn local(bytes: &[u8], at: usize) -> Option<Header> {
    let record = bytes.get(at..).filter(|rest| rest.starts_with(LOCAL))?;
    let (name, extra) = (usize::from(small(record, 26)?), usize::from(small(record, 28)?));
    let mut header = Header {
        flags: small(record, 6)?,
        method: small(record, 8)?,
        checksum: number(record, 14)?,
        packed: number(record, 18)?.into(),
        unpacked: number(record, 22)?.into(),
        name: record.get(30..30 + name)?.to_vec(),
        ..Header::default()
    };
    // A file that ends inside the extra field has no content, but it has a name.
    let fields = record.get(30 + name..).unwrap_or_default();
    header.widen(fields.get(..extra).unwrap_or(fields));
    header.offset = at.saturating_add(30 + name + extra) as u64;
    Some(header)
}

impl Header {
    /// Takes what extra fields say (§4.5): large sizes (§4.5.3) and another name (§4.6.9).
    fn widen(&mut self, mut fields: &[u8]) {
        while let (Some(kind), Some(length)) = (small(fields, 0), small(fields, 2)) {
            let Some(field) = fields.get(4..4 + usize::from(length)) else {
                return;
            };
            match kind {
                1 => self.widen_sizes(field),
                0x7075 => self.other_name = field.get(5..).map(<[u8]>::to_vec),
                _ => {}
            }
            fields = fields.get(4 + usize::from(length)..).unwrap_or_default();
        }
    }

    fn widen_sizes(&mut self, mut field: &[u8]) {
        for value in [&mut self.unpacked, &mut self.packed, &mut self.offset] {
            let wide = field.first_chunk().map(|octets| u64::from_le_bytes(*octets));
            if let (Some(wide), true) = (wide, *value == IS_WIDE) {
                *value = wide;
                field = field.get(8..).unwrap_or_default();
            }
        }
    }
}

/// Reads the end record at `at`; only one whose directory stands where it can be is one.
pub(super) fn end(bytes: &[u8], at: usize) -> Option<End> {
    let record = bytes.get(at..).filter(|rest| rest.starts_with(END))?;
    let (mut size, mut offset) = (u64::from(number(record, 12)?), u64::from(number(record, 16)?));
    let length = usize::from(small(record, 20)?);
    let mut behind = at;
    if size == IS_WIDE || offset == IS_WIDE || small(record, 10) == Some(u16::MAX) {
        // §4.3.15: the locator stands right in front, and the large record right in front of that.
        let wide = memchr::memmem::rfind(bytes.get(..at)?, b"PK\x06\x06");
        let found = wide.and_then(|wide| Some((wide, long(bytes, wide + 40)?, long(bytes, wide + 48)?)));
        if let Some((wide, wide_size, wide_offset)) = found {
            (behind, size, offset) = (wide, wide_size, wide_offset);
        }
    }
    let (size, offset) = (usize::try_from(size).ok()?, usize::try_from(offset).ok()?);
    let is_directory = |start: usize| bytes.get(start..).is_some_and(|rest| rest.starts_with(CENTRAL));
    // The directory ends where this record begins; if offsets say otherwise, octets were put in front.
    let by_size = behind.checked_sub(size);
    let (directory, shift) = match by_size {
        Some(start) if start >= offset && (is_directory(start) || size == 0) => (start, start - offset),
        _ if is_directory(offset) => (offset, 0),
        _ => return None,
    };
    let comment = (at + 22, at.saturating_add(22 + length).min(bytes.len()));
    Some(End {
        at,
        end: comment.1,
        directory,
        shift,
        comment,
    })
}

fn small(bytes: &[u8], at: usize) -> Option<u16> {
    let octets = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*octets))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let octets = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*octets))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let octets = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*octets))
}
