//! Elements of BER (X.690): a tag, a length, a content. No more is read than containers need.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xa0;

const CONSTRUCTED: u8 = 0x20;
/// How deep elements may nest.
const DEPTH: usize = 32;

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tlv<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Tag, length and content.
    pub(super) whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The first element of definite length, and what stands behind it.
    fn first(bytes: &'a [u8]) -> Option<(Tlv<'a>, &'a [u8])> {
        let (tag, length, head) = header(bytes)?;
        let end = head.checked_add(length?)?;
        let (whole, rest) = bytes.split_at_checked(end)?;
        let content = whole.get(head..)?;
        Some((Tlv { tag, content, whole }, rest))
    }

    /// The element that the bytes are, if it has this tag and nothing follows.
    pub(super) fn only(bytes: &'a [u8], tag: u8) -> Option<Tlv<'a>> {
        let (element, rest) = Tlv::first(bytes)?;
        (element.tag == tag && rest.is_empty()).then_some(element)
    }

    /// The elements inside, up to the first that is none.
    pub(super) fn children(&self) -> impl Iterator<Item = Tlv<'a>> + use<'a> {
        let mut rest = self.content;
        std::iter::from_fn(move || {
            let (element, after) = Tlv::first(rest)?;
            rest = after;
            Some(element)
        })
    }

    /// The only element inside, if it has this tag.
    pub(super) fn inner(&self, tag: u8) -> Option<Tlv<'a>> {
        Tlv::only(self.content, tag)
    }
}

/// Takes elements one after the other, each with the tag that must come.
pub(super) struct Fields<'a, I: Iterator<Item = Tlv<'a>>>(pub(super) I);

impl<'a, I: Iterator<Item = Tlv<'a>>> Fields<'a, I> {
    pub(super) fn next(&mut self, tag: u8) -> Option<Tlv<'a>> {
        self.0.next().filter(|element| element.tag == tag)
    }
}

/// The same with every length definite and every octet string in one piece. `None` when it is no BER, or too deep.
pub(super) fn definite(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let rest = rewrite(bytes, DEPTH, &mut out)?;
    rest.is_empty().then_some(out)
}

/// Rewrites the first element; answers what stands behind it.
fn rewrite<'a>(bytes: &'a [u8], depth: usize, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let depth = depth.checked_sub(1)?;
    let (tag, length, head) = header(bytes)?;
    let body = bytes.get(head..)?;
    if tag & CONSTRUCTED == 0 {
        let (content, rest) = body.split_at_checked(length?)?;
        write(tag, content, out);
        return Some(rest);
    }
    let (mut inside, after) = match length {
        Some(length) => {
            let (inside, after) = body.split_at_checked(length)?;
            (inside, Some(after))
        }
        None => (body, None),
    };
    let mut content = Vec::new();
    loop {
        match (inside, after) {
            ([], Some(after)) => {
                close(tag, &content, out);
                return Some(after);
            }
            // End-of-contents octets (X.690 §8.1.5).
            ([0, 0, after @ ..], None) => {
                close(tag, &content, out);
                return Some(after);
            }
            _ => inside = rewrite(inside, depth, &mut content)?,
        }
    }
}

/// Writes a constructed element; an octet string in pieces (X.690 §8.7.3) becomes one.
fn close(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    if tag == OCTET_STRING | CONSTRUCTED {
        let pieces = Tlv {
            tag,
            content,
            whole: content,
        };
        let octets: Vec<u8> = pieces
            .children()
            .flat_map(|piece| piece.content.iter().copied())
            .collect();
        write(OCTET_STRING, &octets, out);
    } else {
        write(tag, content, out);
    }
}

pub(super) fn write(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = content.len().to_be_bytes();
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let octets = octets.get(zeros..).unwrap_or_default();
            // Eight octets at most.
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or(0));
            out.extend_from_slice(octets);
        }
    }
    out.extend_from_slice(content);
}

/// Tag, length (`None` when it is indefinite) and how many octets both take. Tags above 30 are of no use here.
fn header(bytes: &[u8]) -> Option<(u8, Option<usize>, usize)> {
    let (&tag, rest) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return Some((tag, Some(usize::from(first)), 2));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 {
        return (tag & CONSTRUCTED != 0).then_some((tag, None, 2));
    }
    let octets = rest.get(..count).filter(|_| count <= 4)?;
    let length = octets
        .iter()
        .fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    Some((tag, Some(length), 2 + count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indefinite_lengths_and_octet_strings_in_pieces_become_definite_and_whole() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 1, 7, 0x04, 2, 8, 9, 0, 0, 0x02, 1, 5, 0, 0,
        ];
        assert_eq!(definite(&ber).unwrap(), [0x30, 8, 0x04, 3, 7, 8, 9, 0x02, 1, 5]);
        let der = definite(&[&[0x30, 0x82, 0, 0xc8][..], &[0x04, 0x81, 0xc5], &[1; 197]].concat()).unwrap();
        assert_eq!(der[..3], [0x30, 0x81, 0xc8]);
        assert_eq!(definite(&der).unwrap(), der, "what is definite stays as it is");
    }

    #[test]
    fn what_is_no_element_or_too_deep_is_none() {
        let deep = [[0x30, 0x80].repeat(100), [0, 0].repeat(100)].concat();
        for wrong in [
            &[][..],
            &[0x30],
            &[0x30, 0x80],
            &[0x04, 0x80, 0, 0],
            &[0x30, 5, 0x02, 1],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x1f, 0x81, 1, 0],
            &[0x02, 1, 1, 0],
            &deep,
        ] {
            assert!(definite(wrong).is_none(), "{wrong:?}");
        }
    }
}
