//! A small reader of ASN.1 BER (X.690 §8), of which DER is the strict form. It copies nothing, follows
//! indefinite lengths only so deep, and answers nothing where the octets are not what they must be.
//!
//! It is shared by those who ask whether mail is encrypted and those who read its signature: what one of them
//! takes for CMS must be CMS for the other.

/// How deep indefinite lengths may nest. Each level is walked once per level above it.
const DEEPEST: usize = 12;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// The identifier octet: class, constructed bit and number.
    pub tag: u8,
    /// The content, without the end mark of an indefinite length.
    pub content: &'a [u8],
    /// All octets of the element, with tag, length and end mark.
    pub whole: &'a [u8],
}

/// Elements one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// The elements in `bytes`.
    pub fn of(bytes: &'a [u8]) -> Self {
        Elements { rest: bytes }
    }

    /// The next element.
    pub fn next(&mut self) -> Option<Element<'a>> {
        let (mut element, length) = element(self.rest, DEEPEST)?;
        (element.whole, self.rest) = self.rest.split_at_checked(length)?;
        Some(element)
    }

    /// The next element, if it has this tag; otherwise nothing is taken.
    pub fn take(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.rest.first() != Some(&tag) {
            return None;
        }
        self.next()
    }

    /// The elements inside the next element, if it has this tag.
    pub fn enter(&mut self, tag: u8) -> Option<Elements<'a>> {
        self.take(tag).map(|element| Elements::of(element.content))
    }

    /// What was not taken yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// The element at the start of `bytes`, and its length with tag, length and end mark.
fn element(bytes: &[u8], depth: usize) -> Option<(Element<'_>, usize)> {
    let (&tag, rest) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    match first {
        0..=0x7f => definite(tag, rest, usize::from(first), 2),
        0x80 if tag & 0x20 != 0 => indefinite(tag, rest, depth.checked_sub(1)?),
        0x81..=0x88 => {
            let octets = usize::from(first & 0x7f);
            let (length, rest) = rest.split_at_checked(octets)?;
            let length = length.iter().try_fold(0usize, |value, octet| {
                value.checked_mul(256)?.checked_add(usize::from(*octet))
            })?;
            definite(tag, rest, length, 2 + octets)
        }
        _ => None,
    }
}

fn definite(tag: u8, rest: &[u8], length: usize, before: usize) -> Option<(Element<'_>, usize)> {
    Some((
        Element {
            tag,
            content: rest.get(..length)?,
            whole: &[],
        },
        before.checked_add(length)?,
    ))
}

fn indefinite(tag: u8, rest: &[u8], depth: usize) -> Option<(Element<'_>, usize)> {
    let mut at = 0;
    loop {
        let inner = rest.get(at..)?;
        if inner.starts_with(&[0, 0]) {
            return Some((
                Element {
                    tag,
                    content: rest.get(..at)?,
                    whole: &[],
                },
                2 + at + 2,
            ));
        }
        at += element(inner, depth)?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definite_and_indefinite_lengths_are_read() {
        let mut elements = Elements::of(&[0x30, 0x80, 0x04, 0x01, 0x07, 0, 0, 0x02, 0x81, 0x01, 0x05]);
        let mut inner = elements.enter(0x30).expect("a sequence");
        assert_eq!(inner.take(0x04).map(|element| element.content), Some(&[7][..]));
        assert!(inner.is_empty());
        assert_eq!(elements.take(0x04), None);
        assert_eq!(elements.take(0x02).map(|element| element.content), Some(&[5][..]));
        assert!(elements.is_empty());
    }

    #[test]
    fn nonsense_is_no_element() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x05, 0],
            &[0x30, 0x80, 0x04],
            &[0x04, 0x80, 0, 0],
            &[0x1f, 0x81, 0],
            &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(Elements::of(bytes).next(), None);
        }
        assert_eq!(Elements::of(&[0x30, 0x80].repeat(1_000)).next(), None);
    }
}
