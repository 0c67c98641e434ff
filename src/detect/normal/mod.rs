//! One spelling for what people read as the same: digits of every script, dashes, spaces, full-width letters
//! become ASCII, and what nobody sees goes away. Patterns then run on octets, at the full speed of the engine.
//!
//! Text that is ASCII already (most mail) is neither copied nor mapped.

mod apart;
mod blanks;
mod cells;
mod fold;
mod join;
mod map;

use std::borrow::Cow;

use self::map::Map;

/// A text in the one spelling, with the way back to the original. Not `Debug`: it holds the message.
pub(super) struct View<'t> {
    /// What patterns run on.
    pub bytes: Cow<'t, [u8]>,
    /// From these octets to those of the text before; none when nothing changed.
    map: Option<Map>,
    /// Where line ends were taken out of numbers, in octets of this view, ascending; none in a plain view.
    joins: Option<Vec<u32>>,
}

/// Fewer digits and letters than this are no number of their own.
const SHORT: usize = 6;

impl<'t> View<'t> {
    /// The plain view of a text.
    pub fn plain(text: &'t str) -> View<'t> {
        let (bytes, map) = match text.is_ascii() {
            true => (Cow::Borrowed(text.as_bytes()), None),
            false => {
                let (bytes, map) = fold::fold(text);
                (Cow::Owned(bytes), Some(map))
            }
        };
        View {
            bytes: blanks::lifted(bytes),
            map,
            joins: None,
        }
    }

    /// The view with numbers made whole that unusual separators or line ends split; none when there are no such
    /// numbers. `goes_on` tells of a line end, by its octet, whether a number may go on behind it; it is asked in order.
    pub fn joined(&self, goes_on: impl FnMut(usize) -> bool) -> Option<View<'static>> {
        let joined = join::join(&self.bytes, goes_on)?;
        Some(View {
            bytes: Cow::Owned(joined.bytes),
            map: Some(joined.map),
            joins: Some(joined.at),
        })
    }

    /// The octets of the text before that made these.
    pub fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        match &self.map {
            None => (start, end),
            Some(map) => (map.start(start), map.end(end)),
        }
    }

    /// Whether findings count here only when a line end was taken out of them.
    pub fn is_joined(&self) -> bool {
        self.joins.is_some()
    }

    /// Whether a line ends between these octets.
    pub fn breaks_line(&self, start: usize, end: usize) -> bool {
        let value = self.bytes.get(start..end).unwrap_or_default();
        memchr::memchr(b'\n', value).is_some()
    }

    /// Whether what stands between these octets of a plain view is one number although pieces of it look like
    /// numbers of their own: no line ends within; or a line end leaves a piece that is too short for a number
    /// and no new line begins there ("02139 Boston"); or a hyphen says that the number goes on; or both lines have words beside their pieces. `all` tells
    /// that every piece was taken for a number.
    pub fn is_cut(&self, start: usize, end: usize, all: bool) -> bool {
        if !self.breaks_line(start, end) {
            return true;
        }
        let value = self.bytes.get(start..end).unwrap_or_default();
        let short = |piece: &[u8]| piece.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() < SHORT;
        let before = self.bytes.get(..start).unwrap_or_default();
        let after = self.bytes.get(end..).unwrap_or_default();
        let begins = matches!(after, [b' ', b'A'..=b'Z', ..] | [b'(' | b'A'..=b'Z' | b'a'..=b'z', ..]);
        let mut pieces = value.split(|byte| *byte == b'\n');
        let first = pieces.next().is_some_and(short);
        let in_a_line = matches!(before, [.., b'a'..=b'z' | b'A'..=b'Z' | b':' | b'#' | b'.', b' '] | [.., b'#'])
            && (all
                || matches!(
                    after,
                    [b',' | b'.' | b';' | b')', ..] | [b' ', b'a'..=b'z' | b'(', ..]
                ));
        first || self.is_hyphenated(start, end) || !begins && (in_a_line || pieces.any(short))
    }

    /// Whether a hyphen at the end of a line between these octets of a plain view says that the number goes on.
    pub fn is_hyphenated(&self, start: usize, end: usize) -> bool {
        let value = self.bytes.get(start..end).unwrap_or_default();
        memchr::memchr_iter(b'\n', value).any(|end| self.ends_with_hyphen(start + end))
    }

    /// Whether the line that ends at this octet of a plain view ends with a hyphen.
    pub fn ends_with_hyphen(&self, end: usize) -> bool {
        let before = self.bytes.get(..end).unwrap_or_default();
        before.trim_ascii_end().ends_with(b"-")
    }

    /// Where to look for what may count in this view and has `longest` octets at most, in order: anywhere in a
    /// plain view, else where a line end was taken out.
    pub fn stretches(&self, longest: usize) -> Vec<(usize, usize)> {
        let Some(joins) = &self.joins else {
            return vec![(0, self.bytes.len())];
        };
        let mut stretches: Vec<(usize, usize)> = Vec::new();
        for join in joins.iter().map(|at| *at as usize) {
            let from = join.saturating_sub(longest);
            match stretches.last_mut() {
                Some(last) if from <= last.1 => last.1 = join,
                _ => stretches.push((from, join)),
            }
        }
        stretches
    }

    /// Where something was taken out, behind one octet and before another or there, in order.
    pub fn joins_between(&self, after: usize, to: usize) -> impl Iterator<Item = usize> {
        let joins = self.joins.as_deref().unwrap_or_default();
        let first = joins.partition_point(|at| *at as usize <= after);
        let joins = joins.iter().skip(first).map(|at| *at as usize);
        joins.take_while(move |at| *at <= to)
    }

    /// Whether a line end was taken out between these octets.
    pub fn crosses_join(&self, start: usize, end: usize) -> bool {
        let joins = self.joins.as_deref().unwrap_or_default();
        let after = joins.partition_point(|at| *at as usize <= start);
        joins.get(after).is_some_and(|at| (*at as usize) < end)
    }
}

#[cfg(test)]
mod tests;
