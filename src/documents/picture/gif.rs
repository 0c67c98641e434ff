//! The blocks of a GIF file (GIF89a specification): frames, comments, and where it ends.

use super::metadata::MOST_PIECES;

/// A block that matters here.
pub(super) enum Block<'a> {
    /// A frame, with its width and height.
    Frame(u16, u16),
    /// The sub-blocks of a comment or plain text extension.
    Text(&'a [u8]),
    /// The sub-blocks of an application extension.
    Application(&'a [u8]),
}

/// The blocks of a file, and what follows its end. After too many blocks the rest counts as following.
pub(super) fn blocks(bytes: &[u8]) -> (Vec<Block<'_>>, &[u8]) {
    let mut blocks = Vec::new();
    let mut rest = start(bytes).unwrap_or_default();
    for _ in 0..MOST_PIECES {
        let Some((found, after)) = block(rest) else { break };
        blocks.extend(found);
        rest = after;
    }
    // The trailer; without it the file is cut short and nothing follows.
    let after = match rest.split_first() {
        Some((0x3b, after)) => after,
        _ if block(rest).is_some() => rest,
        _ => &[],
    };
    (blocks, after)
}

/// Whether a frame is larger than the screen that the header announces. Viewers disagree about what to show then.
pub(super) fn is_torn(bytes: &[u8]) -> bool {
    let (blocks, _) = blocks(bytes);
    let screen = side(bytes, 6).zip(side(bytes, 8)).unwrap_or((0, 0));
    blocks
        .iter()
        .any(|block| matches!(block, Block::Frame(width, height) if *width > screen.0 || *height > screen.1))
}

fn side(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|octets| u16::from_le_bytes(*octets))
}

/// How many frames there are.
pub(super) fn frames(bytes: &[u8]) -> usize {
    let (blocks, _) = blocks(bytes);
    blocks
        .iter()
        .filter(|block| matches!(block, Block::Frame(..)))
        .count()
}

/// The content of sub-blocks, joined.
pub(super) fn joined(mut blocks: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    while let Some((content, rest)) = sub_block(blocks) {
        joined.extend(content);
        blocks = rest;
    }
    joined
}

/// What follows the header and the global colour table.
fn start(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(13..)?.get(colours(*bytes.get(10)?)..)
}

/// Octets of the colour table that these flags announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// A block, if it matters, and what follows it.
fn block(bytes: &[u8]) -> Option<(Option<Block<'_>>, &[u8])> {
    match bytes.split_first()? {
        (0x21, rest) => {
            let (label, rest) = rest.split_first()?;
            let (content, rest) = sub_blocks(rest);
            let found = match label {
                0x01 | 0xfe => Some(Block::Text(content)),
                0xff => Some(Block::Application(content)),
                _ => None,
            };
            Some((found, rest))
        }
        (0x2c, rest) => {
            let table = colours(*rest.get(8)?);
            let frame = Block::Frame(side(rest, 4)?, side(rest, 6)?);
            // One octet more: the size of the first code.
            let (_, rest) = sub_blocks(rest.get(10..)?.get(table..)?);
            Some((Some(frame), rest))
        }
        _ => None,
    }
}

/// A chain of sub-blocks, and what follows it.
fn sub_blocks(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = bytes;
    while let Some((_, after)) = sub_block(rest) {
        rest = after;
    }
    let length = bytes.len().saturating_sub(rest.len());
    let (content, _) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
    (content, rest.get(1..).unwrap_or_default())
}

/// The content of one sub-block, and what follows it; `None` at the terminator.
fn sub_block(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    match length {
        0 => None,
        length => rest.split_at_checked(usize::from(*length)),
    }
}
