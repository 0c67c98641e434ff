//! The file system inside of a compound file ([MS-CFB]), read with every leniency that programs show.
//!
//! Every entry of the directory is listed, linked or not. Chains end where they leave the file or go too long; what
//! belongs to no chain is kept apart, since older versions of the contents may stand there.

use crate::documents::codepage;
use crate::documents::octets::{Octets, length_at, stretch, u16_at};

pub(super) const SIGNATURE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// What an entry of the directory is ([MS-CFB] §2.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Storage,
    Stream,
}

/// An entry of the directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    pub kind: Kind,
    /// The storage that holds it; the root where that cannot be told.
    pub parent: usize,
    links: [usize; 3],
    start: usize,
    size: usize,
    /// Its number in the directory; the root is 0.
    pub number: usize,
}

pub(super) struct Container<'a> {
    bytes: &'a [u8],
    /// Octets in a sector.
    sector: usize,
    /// The sector that follows each sector.
    follows: Vec<u32>,
    /// The same for the small sectors inside of the root's stream.
    follows_small: Vec<u32>,
    small: Vec<u8>,
    /// Sectors that belong to something.
    claimed: Vec<bool>,
    claimed_small: Vec<bool>,
    pub entries: Vec<Entry>,
    /// Something did not fit.
    pub damaged: bool,
    /// Octets that streams may still take: chains may share sectors, but not without end.
    room: usize,
}

/// Streams below this size stand in small sectors ([MS-CFB] §2.2).
const SMALL: usize = 4096;
const SMALL_SECTOR: usize = 64;
/// No sector: the end of a chain, or nothing ([MS-CFB] §2.1).
const END: usize = 0xffff_fffe;
const NOTHING: usize = 0xffff_ffff;

impl<'a> Container<'a> {
    /// Opens a file that begins with the signature; none when there is no directory in it.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let shift = u16_at(bytes, 30).filter(|shift| (7..=16).contains(shift))?;
        let sector = 1 << shift;
        let mut container = Container {
            bytes,
            sector,
            follows: Vec::new(),
            follows_small: Vec::new(),
            small: Vec::new(),
            claimed: vec![false; bytes.len() / sector],
            claimed_small: Vec::new(),
            entries: Vec::new(),
            damaged: false,
            room: bytes.len().saturating_mul(2),
        };
        container.read_allocation();
        let directory = container.table(length_at(bytes, 48)?);
        container.read_directory(&directory);
        let root = container.entries.first().map(|root| (root.start, root.size))?;
        container.small = container.chain(root.0, root.1);
        container.claimed_small = vec![false; container.small.len() / SMALL_SECTOR];
        let small_table = container.table(length_at(bytes, 60)?);
        container.follows_small = numbers(&small_table).collect();
        Some(container)
    }

    /// What a stream holds.
    pub fn stream(&mut self, number: usize) -> Vec<u8> {
        let place = self.entries.binary_search_by_key(&number, |entry| entry.number);
        let Some(entry) = place.ok().and_then(|place| self.entries.get(place)) else {
            return Vec::new();
        };
        let (start, size) = (entry.start, entry.size);
        let stream = if size < SMALL {
            self.small_chain(start, size)
        } else {
            self.chain(start, size)
        };
        self.damaged |= stream.len() < size;
        stream
    }

    /// The octets of the file that belong to no stream. To be asked for after the streams were read.
    pub fn unclaimed(&self) -> Vec<u8> {
        let mut unclaimed = Vec::new();
        for (number, claimed) in self.claimed.iter().enumerate() {
            if !claimed {
                unclaimed.extend_from_slice(self.sector(number));
            }
        }
        let small = self.small.chunks(SMALL_SECTOR).zip(&self.claimed_small);
        for (sector, _) in small.filter(|(_, claimed)| !**claimed) {
            unclaimed.extend_from_slice(sector);
        }
        let rest = self.claimed.len().saturating_add(1).saturating_mul(self.sector);
        unclaimed.extend_from_slice(self.bytes.get(rest..).unwrap_or_default());
        unclaimed
    }

    fn sector(&self, number: usize) -> &'a [u8] {
        let start = number.saturating_add(1).saturating_mul(self.sector);
        stretch(self.bytes, start, self.sector)
    }

    /// A chain that ends by itself: each sector once.
    fn table(&mut self, start: usize) -> Vec<u8> {
        let mut visited = vec![false; self.claimed.len().saturating_add(1)];
        let mut octets = Vec::new();
        let mut number = start;
        while let Some(visited) = visited.get_mut(number)
            && !std::mem::replace(visited, true)
        {
            octets.extend_from_slice(self.sector(number));
            self.claim(number);
            number = next(&self.follows, number);
        }
        octets
    }

    fn claim(&mut self, number: usize) {
        if let Some(claimed) = self.claimed.get_mut(number) {
            *claimed = true;
        }
    }

    /// The sectors from `start` on, up to `size` octets in all.
    fn chain(&mut self, start: usize, size: usize) -> Vec<u8> {
        let size = size.min(self.room);
        let mut octets = Vec::new();
        let mut number = start;
        while octets.len() < size && number < END {
            let sector = self.sector(number);
            if sector.is_empty() {
                self.damaged = true;
                break;
            }
            octets.extend_from_slice(sector);
            self.claim(number);
            number = next(&self.follows, number);
        }
        octets.truncate(size);
        self.room -= octets.len();
        octets
    }

    fn small_chain(&mut self, start: usize, size: usize) -> Vec<u8> {
        let size = size.min(self.room);
        let mut octets = Vec::new();
        let mut number = start;
        while octets.len() < size && number < END {
            let sector = stretch(&self.small, number.saturating_mul(SMALL_SECTOR), SMALL_SECTOR);
            if sector.is_empty() {
                break;
            }
            octets.extend_from_slice(sector);
            if let Some(claimed) = self.claimed_small.get_mut(number) {
                *claimed = true;
            }
            number = next(&self.follows_small, number);
        }
        octets.truncate(size);
        self.room -= octets.len();
        octets
    }

    /// Reads which sector follows which ([MS-CFB] §2.3, §2.5). The table cannot be longer than the file.
    fn read_allocation(&mut self) {
        let most = self.claimed.len().saturating_add(1);
        let mut tables: Vec<usize> = numbers(stretch(self.bytes, 76, 436)).map(as_index).collect();
        let mut more = length_at(self.bytes, 68).unwrap_or(END);
        for _ in 0..most {
            let sector = self.sector(more);
            let Some((list, link)) = sector.split_at_checked(self.sector - 4).filter(|_| more < END) else {
                break;
            };
            tables.extend(numbers(list).map(as_index));
            self.claim(more);
            more = length_at(link, 0).unwrap_or(END);
            if tables.len() > most {
                break;
            }
        }
        for table in tables {
            if table < END && self.follows.len() < most {
                let before = self.follows.len();
                self.follows.extend(numbers(self.sector(table)));
                // A table that is missing leaves its sectors without followers, and the others in their place.
                self.follows
                    .resize(before.saturating_add(self.sector / 4), u32::MAX);
                self.claim(table);
            }
        }
    }

    fn read_directory(&mut self, directory: &[u8]) {
        let entries = directory.chunks_exact(128).enumerate();
        self.entries = entries
            .filter_map(|(number, entry)| self.entry(number, entry))
            .collect();
        self.link();
    }

    fn entry(&self, number: usize, octets: &[u8]) -> Option<Entry> {
        let kind = match octets.get(66)? {
            _ if number == 0 => Kind::Storage,
            1 | 5 => Kind::Storage,
            2 => Kind::Stream,
            _ => return None,
        };
        let mut fields = Octets::new(octets.get(68..)?);
        let links = [fields.length()?, fields.length()?, fields.length()?];
        let length = usize::from(u16_at(octets, 64)?).clamp(2, 64) - 2;
        Some(Entry {
            name: codepage::utf16(octets.get(..length)?),
            kind,
            parent: 0,
            links,
            start: length_at(octets, 116)?,
            // The upper half is garbage in old files ([MS-CFB] §2.6.1).
            size: length_at(octets, 120)?.min(self.bytes.len()),
            number,
        })
    }

    /// Finds the storage of each entry, along the links of the directory's trees.
    fn link(&mut self) {
        let last = self.entries.last().map_or(0, |entry| entry.number);
        let mut places = vec![None; last.saturating_add(1)];
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(place) = places.get_mut(entry.number) {
                *place = Some(index);
            }
        }
        let mut waiting = vec![(0, 0)];
        while let Some((number, parent)) = waiting.pop() {
            // Each entry is visited once.
            let Some(index) = places.get_mut(number).and_then(Option::take) else {
                continue;
            };
            let Some(entry) = self.entries.get_mut(index) else {
                continue;
            };
            entry.parent = parent;
            let [left, right, child] = entry.links;
            let links = [(left, parent), (right, parent), (child, number)];
            waiting.extend(links.into_iter().filter(|(number, _)| *number < NOTHING));
        }
    }
}

fn next(table: &[u32], number: usize) -> usize {
    table.get(number).copied().map_or(END, as_index)
}

fn as_index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(NOTHING)
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes
        .chunks_exact(4)
        .filter_map(|number| Some(u32::from_le_bytes(number.try_into().ok()?)))
}
