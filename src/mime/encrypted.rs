//! What a CMS object really is (RFC 5652, RFC 5083), by its octets and never by its label.
//!
//! Encryption is believed only when every element is where it belongs, the cipher is strong (M.G.L. c. 93H §1:
//! at least 128 bits), the ciphertext looks like one, and nothing stands behind it. This reads shapes; it
//! decrypts and verifies nothing.

use crate::message::Sealed;
use crate::message::ber::{Element, Elements};

use super::random::Randomness;

/// A CMS object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cms<'a> {
    /// Encrypted, beyond doubt. What stands in clear around the ciphertext comes along.
    Encrypted(Sealed, Vec<&'a [u8]>),
    /// Signed, with the signed content in clear.
    Signed(Vec<u8>),
    /// A signature or certificates without content.
    Detached,
    /// Compressed (RFC 3274).
    Compressed,
    /// Says that it is a CMS object, and is none that can be relied on.
    Doubtful,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
const OID: u8 = 0x06;

const DATA_ARC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
const SMIME_ARC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10];
const AES_ARC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];

/// Recognises a CMS object; nothing when the octets do not begin like one.
pub(super) fn recognise(bytes: &[u8]) -> Option<Cms<'_>> {
    let kind = Kind::of(bytes)?;
    let whole = whole(bytes);
    let read = match kind {
        Kind::Enveloped => whole.and_then(|content| enveloped(bytes, content, Sealed::EnvelopedData)),
        Kind::AuthEnveloped => whole.and_then(|content| enveloped(bytes, content, Sealed::AuthEnvelopedData)),
        Kind::Signed => whole.and_then(signed),
        Kind::Compressed => Some(Cms::Compressed),
        Kind::Other => None,
    };
    Some(read.unwrap_or(Cms::Doubtful))
}

enum Kind {
    Enveloped,
    AuthEnveloped,
    Signed,
    Compressed,
    Other,
}

impl Kind {
    /// The type that a ContentInfo (RFC 5652 §3) begins with, read leniently: a cut object is recognised too.
    fn of(bytes: &[u8]) -> Option<Kind> {
        let length = match bytes {
            [SEQUENCE, first @ 0x81..=0x84, ..] => usize::from(first & 0x7f),
            [SEQUENCE, ..] => 0,
            _ => return None,
        };
        let oid = Elements::of(bytes.get(2 + length..)?).take(OID)?.content;
        if let Some(arc) = oid.strip_prefix(DATA_ARC) {
            return Some(match arc {
                [2] => Kind::Signed,
                [3] => Kind::Enveloped,
                _ => Kind::Other,
            });
        }
        Some(match oid.strip_prefix(SMIME_ARC)? {
            [1, 23] => Kind::AuthEnveloped,
            [1, 9] => Kind::Compressed,
            _ => Kind::Other,
        })
    }
}

/// The content of a ContentInfo that is all there is.
fn whole(bytes: &[u8]) -> Option<Elements<'_>> {
    let mut all = Elements::of(bytes);
    let mut info = all.enter(SEQUENCE)?;
    info.take(OID)?;
    let mut explicit = info.enter(0xa0)?;
    let content = explicit.enter(SEQUENCE)?;
    (all.is_empty() && info.is_empty() && explicit.is_empty()).then_some(content)
}

/// EnvelopedData (RFC 5652 §6.1) or AuthEnvelopedData (RFC 5083 §2.1).
fn enveloped<'a>(bytes: &'a [u8], mut content: Elements<'a>, kind: Sealed) -> Option<Cms<'a>> {
    let version = content.take(INTEGER)?.content;
    if !matches!(version, [0..=4]) {
        return None;
    }
    content.take(0xa0);
    let mut recipients = content.enter(SET)?;
    if recipients.is_empty() {
        return None;
    }
    while !recipients.is_empty() {
        recipient(recipients.next()?)?;
    }
    let ciphertext = encrypted_content(content.enter(SEQUENCE)?, kind)?;
    content.take(0xa1);
    if kind == Sealed::AuthEnvelopedData {
        let mac = content.take(OCTETS)?.content.len();
        content.take(0xa2);
        if !(12..=64).contains(&mac) {
            return None;
        }
    }
    content
        .is_empty()
        .then(|| Cms::Encrypted(kind, around(bytes, ciphertext.content)))
}

/// A RecipientInfo (RFC 5652 §6.2): a known way to hand over the key, and a key that may be encrypted.
fn recipient(info: Element<'_>) -> Option<()> {
    let mut fields = Elements::of(info.content);
    let at_least = |key: Element<'_>, length: usize| (key.content.len() >= length).then_some(());
    match info.tag {
        SEQUENCE => {
            fields.take(INTEGER)?;
            fields.next()?;
            fields.take(SEQUENCE)?;
            at_least(fields.take(OCTETS)?, 128)?;
        }
        0xa1 => {
            fields.take(INTEGER)?;
            fields.take(0xa0)?;
            fields.take(0xa1);
            fields.take(SEQUENCE)?;
            let mut keys = fields.enter(SEQUENCE)?;
            while let Some(mut key) = keys.enter(SEQUENCE) {
                key.next()?;
                at_least(key.take(OCTETS)?, 24)?;
            }
            keys.is_empty().then_some(())?;
        }
        0xa2 | 0xa3 => {
            fields.take(INTEGER)?;
            let identifier = if info.tag == 0xa2 {
                fields.take(SEQUENCE)
            } else {
                fields.take(0xa0)
            };
            (info.tag == 0xa3 || identifier.is_some()).then_some(())?;
            fields.take(SEQUENCE)?;
            at_least(fields.take(OCTETS)?, 24)?;
        }
        // Of the other ways only the key encapsulation of RFC 9629 is known not to hold the key in clear.
        0xa4 => {
            let way = fields.take(OID)?.content;
            (way.strip_prefix(SMIME_ARC)? == [13, 3]).then_some(())?;
            fields.take(SEQUENCE)?;
        }
        _ => return None,
    }
    fields.is_empty().then_some(())
}

/// The ciphertext of an EncryptedContentInfo, if its cipher is strong and the octets look like its work.
fn encrypted_content(mut info: Elements<'_>, kind: Sealed) -> Option<Element<'_>> {
    info.take(OID)?;
    let cipher = info.enter(SEQUENCE)?.take(OID)?.content;
    let ciphertext = info.next()?;
    let mut randomness = Randomness::default();
    match ciphertext.tag {
        0x80 => randomness.feed(ciphertext.content),
        0xa0 => pieces(ciphertext.content, 4, &mut |piece| randomness.feed(piece))?,
        _ => return None,
    }
    let length = randomness.length();
    let fits = match (kind, cipher.strip_prefix(AES_ARC)) {
        (Sealed::EnvelopedData, Some([2 | 22 | 42])) => length.is_multiple_of(16),
        (Sealed::AuthEnvelopedData, Some([6 | 26 | 46 | 7 | 27 | 47])) => true,
        // ChaCha20-Poly1305 (RFC 8103).
        (Sealed::AuthEnvelopedData, None) => cipher.strip_prefix(SMIME_ARC) == Some(&[3, 18]),
        _ => false,
    };
    (fits && length > 0 && info.is_empty() && randomness.verdict()).then_some(ciphertext)
}

/// Hands on the octets of a string that was written in pieces.
fn pieces<'a>(content: &'a [u8], depth: usize, feed: &mut impl FnMut(&'a [u8])) -> Option<()> {
    let mut elements = Elements::of(content);
    while !elements.is_empty() {
        let element = elements.next()?;
        match element.tag {
            OCTETS => feed(element.content),
            OCTETS_IN_PIECES => pieces(element.content, depth.checked_sub(1)?, feed)?,
            _ => return None,
        }
    }
    Some(())
}

/// What stands before and behind the ciphertext.
fn around<'a>(bytes: &'a [u8], ciphertext: &[u8]) -> Vec<&'a [u8]> {
    let start = ciphertext.as_ptr().addr().saturating_sub(bytes.as_ptr().addr());
    let before = bytes.get(..start).unwrap_or_default();
    let behind = bytes.get(start + ciphertext.len()..).unwrap_or_default();
    vec![before, behind]
}

/// SignedData (RFC 5652 §5.1): the content that was signed, or none.
fn signed(mut data: Elements<'_>) -> Option<Cms<'_>> {
    data.take(INTEGER)?;
    data.take(SET)?;
    let mut encapsulated = data.enter(SEQUENCE)?;
    encapsulated.take(OID)?;
    data.take(0xa0);
    data.take(0xa1);
    data.take(SET)?;
    if !data.is_empty() {
        return None;
    }
    if encapsulated.is_empty() {
        return Some(Cms::Detached);
    }
    let mut explicit = encapsulated.enter(0xa0)?;
    let mut content = Vec::new();
    pieces(explicit_rest(&mut explicit)?, 4, &mut |piece| {
        content.extend_from_slice(piece)
    })?;
    encapsulated.is_empty().then_some(Cms::Signed(content))
}

/// The octet string inside an explicit tag, in whole or in pieces, as a list of pieces.
fn explicit_rest<'a>(explicit: &mut Elements<'a>) -> Option<&'a [u8]> {
    let rest = explicit.rest();
    let string = explicit.next()?;
    (explicit.is_empty() && matches!(string.tag, OCTETS | OCTETS_IN_PIECES)).then_some(rest)
}
