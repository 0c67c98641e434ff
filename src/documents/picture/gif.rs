//! The blocks of a GIF file (GIF89a specification): frames, comments, and where it ends.

/// A block that matters here.
pub(super) enum Block<'a> {
    /// A frame.
    Frame,
    /// The sub-blocks of a comment or plain text extension.
    Text(&'a [u8]),
    /// The sub-blocks of an application extension.
    Application(&'a [u8]),
}

/// The blocks of a file, and what follows its end.
pub(super) fn blocks(bytes: &[u8]) -> (Vec<Block<'_>>, &[u8]) {
    let mut blocks = Vec::new();
    let mut rest = start(bytes).unwrap_or_default();
    while let Some((found, after)) = block(rest) {
        blocks.extend(found);
        rest = after;
    }
    // The trailer; without it the file is cut short and nothing follows.
    let after = match rest.split_first() {
        Some((0x3b, after)) => after,
        _ => &[],
    };
    (blocks, after)
}

/// How many frames there are.
pub(super) fn frames(bytes: &[u8]) -> usize {
    let (blocks, _) = blocks(bytes);
    blocks
        .iter()
        .filter(|block| matches!(block, Block::Frame))
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
            // One octet more: the size of the first code.
            let (_, rest) = sub_blocks(rest.get(10..)?.get(table..)?);
            Some((Some(Block::Frame), rest))
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
