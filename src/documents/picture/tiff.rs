//! The skeleton of TIFF files (TIFF 6.0 §2), which EXIF uses as well: directories of tagged values.

/// Directories that are followed, so that a chain in a circle ends.
const MOST_DIRECTORIES: usize = 64;

/// Entries of one directory that are looked at.
const MOST_ENTRIES: usize = 512;

/// Octets that can be read as TIFF.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

/// A tagged value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// What it is.
    pub tag: u16,
    /// Its octets.
    pub value: &'a [u8],
}

impl<'a> Tiff<'a> {
    /// `None` for anything but a classic TIFF header.
    pub fn new(bytes: &'a [u8]) -> Option<Tiff<'a>> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Tiff { bytes, big_endian })
    }

    /// Where the directories of the chain are.
    pub fn directories(&self, most: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut next = self.long(4);
        while let Some(at) = next.filter(|at| *at > 0 && !found.contains(at) && found.len() < most) {
            found.push(at);
            next = self.short(at).and_then(|count| {
                let entries = usize::from(count).checked_mul(12)?;
                self.long(at.checked_add(2)?.checked_add(entries)?)
            });
        }
        found
    }

    /// The entries of a directory whose values are there.
    pub fn entries(&self, directory: usize) -> Vec<Entry<'a>> {
        let count = usize::from(self.short(directory).unwrap_or(0)).min(MOST_ENTRIES);
        let entry = |number: usize| {
            let at = directory.checked_add(2)?.checked_add(number.checked_mul(12)?)?;
            self.entry(at)
        };
        (0..count).filter_map(entry).collect()
    }

    fn entry(&self, at: usize) -> Option<Entry<'a>> {
        let tag = self.short(at)?;
        let unit = match self.short(at.checked_add(2)?)? {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let length = self.long(at.checked_add(4)?)?.checked_mul(unit)?;
        let place = at.checked_add(8)?;
        let start = if length <= 4 { place } else { self.long(place)? };
        let value = self.bytes.get(start..start.checked_add(length)?)?;
        Some(Entry { tag, value })
    }

    /// A value as a whole number.
    pub fn number(&self, value: &[u8]) -> Option<usize> {
        let ordered = |octets: &[u8]| {
            let shift = |value: usize, octet: &u8| value << 8 | usize::from(*octet);
            match self.big_endian {
                true => octets.iter().fold(0, shift),
                false => octets.iter().rev().fold(0, shift),
            }
        };
        (value.len() == 2 || value.len() == 4).then(|| ordered(value))
    }

    fn short(&self, at: usize) -> Option<u16> {
        let octets = self.bytes.get(at..at.checked_add(2)?)?;
        u16::try_from(self.number(octets)?).ok()
    }

    fn long(&self, at: usize) -> Option<usize> {
        self.number(self.bytes.get(at..at.checked_add(4)?)?)
    }
}

/// Where the pages of a TIFF file are, at most `most` of them. A BigTIFF file has one that can be decoded, or none.
pub(super) fn pages(bytes: &[u8], most: usize) -> Vec<usize> {
    match Tiff::new(bytes) {
        Some(tiff) => tiff.directories(most.min(MOST_DIRECTORIES)),
        None => Vec::new(),
    }
}

/// The same file with this page as its first.
pub(super) fn only(bytes: &[u8], page: usize) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let page = u32::try_from(page).unwrap_or(0);
    let octets = if bytes.starts_with(b"MM") {
        page.to_be_bytes()
    } else {
        page.to_le_bytes()
    };
    if let Some(place) = copy.get_mut(4..8) {
        place.copy_from_slice(&octets);
    }
    copy
}

/// A TIFF file around fax data (TIFF 6.0 §11), with the `K` and `BlackIs1` of PDF's CCITTFaxDecode.
pub(super) fn around_fax(width: u32, height: u32, k: i64, black_is_1: bool, fax: &[u8]) -> Vec<u8> {
    let length = u32::try_from(fax.len()).unwrap_or(u32::MAX);
    let (short, long) = (3_u16, 4_u16);
    // Of Group 3, bit 0 of the options says that rows may refer to the row before.
    let options = u32::from(k > 0);
    let entries: [(u16, u16, u32); 10] = [
        (256, long, width),
        (257, long, height),
        (258, short, 1),
        (259, short, if k < 0 { 4 } else { 3 }),
        (262, short, u32::from(black_is_1)),
        (273, long, 8),
        (277, short, 1),
        (278, long, height),
        (279, long, length),
        (if k < 0 { 293 } else { 292 }, long, options),
    ];
    let mut file = b"II*\0".to_vec();
    file.extend(length.saturating_add(8).to_le_bytes());
    file.extend(fax);
    file.extend(10_u16.to_le_bytes());
    for (tag, kind, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    file
}
