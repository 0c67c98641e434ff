//! The chunks of a PNG file (PNG specification, third edition, §5.3) and of a RIFF container, which WebP is.

use super::metadata::MOST_PIECES;

/// A chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'a> {
    /// Its type.
    pub kind: [u8; 4],
    /// Its data.
    pub data: &'a [u8],
}

/// The chunks up to the last one that is whole, and what follows `IEND`. After too many chunks the rest counts as
/// following.
pub(super) fn chunks(bytes: &[u8]) -> (Vec<Chunk<'_>>, &[u8]) {
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut chunks = Vec::new();
    while let Some((chunk, after)) = chunk(rest) {
        rest = after;
        if chunk.kind == *b"IEND" {
            return (chunks, rest);
        }
        // Most chunks of a large file are pixels.
        if chunk.kind != *b"IDAT" {
            chunks.push(chunk);
        }
        if chunks.len() >= MOST_PIECES {
            return (chunks, rest);
        }
    }
    (chunks, &[])
}

fn chunk(bytes: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let (data, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    // The checksum.
    let rest = rest.get(4..).unwrap_or_default();
    Some((Chunk { kind: *kind, data }, rest))
}

/// The chunks of a WebP file (RFC 9649 §2), and what follows its end.
pub(super) fn riff(bytes: &[u8]) -> (Vec<Chunk<'_>>, &[u8]) {
    let length = bytes.get(4..8).and_then(|octets| octets.first_chunk::<4>());
    let end = length.map_or(0, |length| u32::from_le_bytes(*length) as usize);
    let end = end.saturating_add(8).next_multiple_of(2);
    let (file, after) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    let mut rest = file.get(12..).unwrap_or_default();
    let mut chunks = Vec::new();
    while let Some((chunk, after)) = riff_chunk(rest) {
        rest = after;
        chunks.push(chunk);
        if chunks.len() >= MOST_PIECES {
            return (chunks, rest);
        }
    }
    (chunks, after)
}

fn riff_chunk(bytes: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (kind, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let (data, rest) = rest.split_at_checked(length)?;
    // Padded to an even length.
    let rest = rest.get(length % 2..).unwrap_or_default();
    Some((Chunk { kind: *kind, data }, rest))
}
