//! Numbers that a mail program broke over two lines, made whole.
//!
//! A second reading beside the plain one: what it finds counts only when a line end was taken out of it and a
//! keyword stands near, because any column of figures joins into something.

use super::map::Map;

/// Octets with the line ends inside numbers taken out.
pub(super) struct Joined {
    pub bytes: Vec<u8>,
    pub map: Map,
    /// Where something was taken out.
    pub at: Vec<u32>,
}

/// Joins; none when no line ends inside a number.
pub(super) fn join(bytes: &[u8]) -> Option<Joined> {
    let mut joined = Joined {
        bytes: Vec::new(),
        map: Map::default(),
        at: Vec::new(),
    };
    let mut done = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        let Some((from, to)) = inside_number(bytes, end).filter(|(from, _)| *from >= done) else {
            continue;
        };
        joined.copy(bytes, done, from);
        joined
            .at
            .push(u32::try_from(joined.bytes.len()).unwrap_or(u32::MAX));
        done = to;
    }
    if joined.at.is_empty() {
        return None;
    }
    joined.copy(bytes, done, bytes.len());
    Some(joined)
}

impl Joined {
    fn copy(&mut self, bytes: &[u8], from: usize, to: usize) {
        if from < to {
            self.map.push(self.bytes.len(), from, 1, 1);
            self.bytes
                .extend_from_slice(bytes.get(from..to).unwrap_or_default());
        }
    }
}

/// What to take out around the line feed at `end`, when a number goes on after it: spaces, the line end, and
/// the marks of a quoted reply.
fn inside_number(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let (before, after) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let spaces = before
        .iter()
        .rev()
        .take(4)
        .take_while(|byte| matches!(byte, b' ' | b'\r' | b'='))
        .count();
    let marks = after
        .iter()
        .take(8)
        .take_while(|byte| matches!(byte, b' ' | b'>' | b'\t'))
        .count();
    let (from, to) = (end - spaces, end + 1 + marks);
    let mut left = bytes.get(..from)?.iter().rev();
    let mut right = bytes.get(to..)?.iter();
    let joins = match (left.next()?, right.next()?) {
        (b'0'..=b'9', b'0'..=b'9') => true,
        (b'-' | b'.' | b'/', b'0'..=b'9') => left.next()?.is_ascii_digit(),
        (b'0'..=b'9', b'-' | b'.' | b'/') => right.next()?.is_ascii_digit(),
        _ => false,
    };
    joins.then_some((from, to))
}
