//! LZ4 frames (LZ4 Frame Format 1.6.2, LZ4 Block Format).

use std::io::{Error, ErrorKind, Read};

use super::super::Visit;

const MAGIC: &[u8] = &[0x04, 0x22, 0x4d, 0x18];

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let Some(frame) = visit.bytes().strip_prefix(MAGIC) else {
        return false;
    };
    let Some(mut frames) = Frames::open(frame) else {
        return false;
    };
    let content = visit.unpack("a compressed stream", &mut frames);
    let name = visit
        .leaf
        .file_name
        .as_deref()
        .and_then(|name| name.strip_suffix(".lz4"));
    let name = name.map(str::to_owned);
    visit.file(name.as_deref(), content);
    visit.outside(frames.input);
    true
}

/// How far back a match may reach, and the largest block.
const WINDOW: usize = 64 << 10;
const LARGEST_BLOCK: usize = 4 << 20;

/// Frames one behind the other.
struct Frames<'a> {
    input: &'a [u8],
    /// A checksum follows each block, and the whole.
    block_checksums: bool,
    content_checksum: bool,
    /// The last block, behind as much of what came before it as matches may reach.
    unpacked: Vec<u8>,
    /// How much of it was handed out.
    given: usize,
    ended: bool,
}

impl<'a> Frames<'a> {
    /// Opens the frame behind its magic number.
    fn open(frame: &'a [u8]) -> Option<Self> {
        let (flags, block_size) = (*frame.first()?, *frame.get(1)?);
        if flags >> 6 != 1 || block_size & 0x8f != 0 || block_size < 0x40 {
            return None;
        }
        let sized = if flags & 8 != 0 { 8 } else { 0 };
        let dictionary = if flags & 1 != 0 { 4 } else { 0 };
        Some(Frames {
            input: frame.get(3 + sized + dictionary..)?,
            block_checksums: flags & 16 != 0,
            content_checksum: flags & 4 != 0,
            unpacked: Vec::new(),
            given: 0,
            ended: false,
        })
    }

    /// Takes octets off the input.
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .input
            .split_at_checked(count)
            .ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
        self.input = rest;
        Ok(taken)
    }

    /// Unpacks the next block.
    fn block(&mut self) -> Result<(), Error> {
        let size = self.take(4)?.try_into().map(u32::from_le_bytes).unwrap_or(0);
        if size == 0 {
            return self.end();
        }
        let old = self.unpacked.len().saturating_sub(WINDOW);
        self.unpacked.drain(..old);
        self.given = self.unpacked.len();
        let block = self.take(usize::try_from(size & 0x7fff_ffff).unwrap_or(usize::MAX))?;
        if size & 0x8000_0000 != 0 {
            self.unpacked.extend_from_slice(block);
        } else if unpack(block, &mut self.unpacked).is_none() {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        if self.block_checksums {
            self.take(4)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        if self.content_checksum {
            self.take(4)?;
        }
        match self.input.strip_prefix(MAGIC).and_then(Frames::open) {
            Some(next) => *self = next,
            None => self.ended = true,
        }
        Ok(())
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while self.given >= self.unpacked.len() && !self.ended {
            self.block()?;
        }
        let ready = self.unpacked.get(self.given..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

/// Appends what a block stands for: literals, then a match in what is already there, and so on.
fn unpack(mut block: &[u8], unpacked: &mut Vec<u8>) -> Option<()> {
    let most = unpacked.len() + LARGEST_BLOCK;
    while let Some((token, rest)) = block.split_first() {
        let (literals, rest) = length(usize::from(token >> 4), rest)?;
        let (literals, rest) = rest.split_at_checked(literals)?;
        unpacked.extend_from_slice(literals);
        // The last sequence has no match.
        let Some((offset, rest)) = rest.split_first_chunk::<2>() else {
            return rest.is_empty().then_some(());
        };
        let (count, rest) = length(usize::from(token & 15), rest)?;
        let offset = usize::from(u16::from_le_bytes(*offset));
        let count = count
            .checked_add(4)
            .filter(|count| unpacked.len() + count <= most)?;
        repeat(unpacked, offset, count)?;
        block = rest;
    }
    None
}

/// Appends `count` octets from `offset` octets back. What is appended may itself be repeated.
fn repeat(unpacked: &mut Vec<u8>, offset: usize, count: usize) -> Option<()> {
    let start = unpacked.len().checked_sub(offset).filter(|_| offset > 0)?;
    let mut left = count;
    while left > 0 {
        let some = left.min(unpacked.len() - start);
        unpacked.extend_from_within(start..start + some);
        left -= some;
    }
    Some(())
}

/// A length of four bits, with more octets when it is 15.
fn length(nibble: usize, mut rest: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = nibble;
    if nibble < 15 {
        return Some((length, rest));
    }
    loop {
        let (octet, behind) = rest.split_first()?;
        length = length.checked_add(usize::from(*octet))?;
        rest = behind;
        if *octet < 255 {
            return Some((length, rest));
        }
    }
}
