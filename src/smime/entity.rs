//! Builds the sealed message: the MIME entity that goes inside with the whole header (RFC 9788), and the mail
//! around it (RFC 8551 §3.3).
//!
//! Legacy Display Elements (RFC 9788 §4.5.3) are not added: they would repeat the Subject in the body, and a
//! gateway does not write into the text of a message.

use std::collections::HashSet;

use crate::message::{Address, RawMessage};

use super::armor::{Armor, armored_size};
use super::cms::{Encrypted, Envelope, Head};
use super::header::{Header, Kind, Outer, named_addresses};
use super::signing::Signed;
use super::{Algorithms, Certificate, ContentCipher, SealError, SealedMessage};

/// What a message without Content-Type is (RFC 2045 §5.2).
const DEFAULT_TYPE: &[u8] = b"Content-Type: text/plain; charset=us-ascii; ";
/// What stands before and behind the kind of CMS (RFC 8551 §3.2.2).
const OUTER_TYPE: &[u8] = b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=";
const OUTER_REST: &[u8] = b";\r\n name=\"smime.p7m\"\r\n\
    Content-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\
    \r\n";

/// A message with the header that goes inside of the protection and the one that stays outside (RFC 9788 §1.8:
/// the cryptographic payload). Made once, for all copies of a message.
pub struct Payload<'a> {
    /// What stays outside.
    outside: Vec<u8>,
    /// The header section of the inside, with its empty line.
    inside: Vec<u8>,
    header: Header<'a>,
}

impl<'a> Payload<'a> {
    /// For a seal: of the header, only what routing and threading need stays outside; everything moves inside
    /// (`hp="cipher"`), `Subject` leaves as `[...]`, and fields named in `secret` leave in no form.
    ///
    /// # Errors
    /// When the message has no header section.
    pub fn to_seal(raw: &'a RawMessage, secret: &[String]) -> Result<Payload<'a>, SealError> {
        let header = readable(raw)?;
        let outer = Outer::of(header, secret);
        Ok(Payload {
            inside: inner_header(header, &outer),
            outside: outer.fields,
            header,
        })
    }

    /// For a signature alone: every field stays outside as it came, and stands inside, too (`hp="clear"`,
    /// RFC 9788 §2.1.1). What describes the body moves inside; so does what signs the header and the body as they
    /// were, for outside it would only be wrong.
    ///
    /// # Errors
    /// When the message has no header section.
    pub fn to_sign(raw: &'a RawMessage) -> Result<Payload<'a>, SealError> {
        let header = readable(raw)?;
        let mut outside = Vec::new();
        for field in header.fields() {
            let moves =
                matches!(Kind::of(&field), Kind::Structural | Kind::Nowhere) || field.is("dkim-signature");
            if !moves {
                outside.extend_from_slice(field.raw);
                end_line(&mut outside);
            }
        }
        Ok(Payload {
            inside: inner_fields(header, |_| false, "hp=\"clear\"", b""),
            outside,
            header,
        })
    }

    /// What is signed or sealed: header section and body.
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        [&self.inside, self.header.body]
    }

    /// The recipients that every other recipient reads of in `To` and `Cc`. Empty when in doubt: where a field is
    /// there twice, mail clients disagree on which one counts.
    pub fn named(&self) -> HashSet<Address> {
        let count = |name: &str| self.header.fields().filter(|field| field.is(name)).count();
        if ["to", "cc"].into_iter().any(|name| count(name) > 1) {
            return HashSet::new();
        }
        let fields = self.header.fields();
        let both = fields.filter(|field| field.is("to") || field.is("cc"));
        both.flat_map(|field| named_addresses(&field).collect::<Vec<_>>())
            .collect()
    }

    /// Seals the message, or what was signed of it, to the certificates: the recipient's, and whose else may read
    /// it. All must have keys that the algorithms are for.
    ///
    /// # Errors
    /// When the algorithms do not fit a key or cryptography fails; nothing was produced.
    pub fn seal(
        &self,
        signed: Option<&Signed<'_>>,
        certificates: &[&Certificate],
        algorithms: Algorithms,
    ) -> Result<SealedMessage, SealError> {
        let content = self.content(signed);
        let size = content.iter().map(|part| part.len()).sum();
        let envelope = Envelope::new(certificates, algorithms, size)?;
        let algorithm = envelope.head().algorithm();
        let mut message = self.begin(envelope.head(), envelope.size());
        let mut armor = Armor::new(&mut message);
        envelope.write(&content, &mut armor)?;
        armor.finish();
        Ok(SealedMessage {
            message: RawMessage::new(message),
            algorithm,
        })
    }

    /// Encrypts the message, or what was signed of it, once for all whose copies [`Payload::seal_encrypted`] makes.
    ///
    /// # Errors
    /// When cryptography fails.
    pub fn encrypt(
        &self,
        signed: Option<&Signed<'_>>,
        cipher: ContentCipher,
    ) -> Result<Encrypted, SealError> {
        Encrypted::new(cipher, &self.content(signed))
    }

    /// Like [`Payload::seal`], for a content that this payload has encrypted.
    ///
    /// # Errors
    /// When the algorithms do not fit a key or the content, or cryptography fails.
    pub fn seal_encrypted(
        &self,
        encrypted: &Encrypted,
        certificates: &[&Certificate],
        algorithms: Algorithms,
    ) -> Result<SealedMessage, SealError> {
        let head = encrypted.head(certificates, algorithms)?;
        let mut message = self.begin(&head, encrypted.size(&head));
        let mut armor = Armor::new(&mut message);
        encrypted.write(&head, &mut armor)?;
        armor.finish();
        Ok(SealedMessage {
            message: RawMessage::new(message),
            algorithm: head.algorithm(),
        })
    }

    /// What goes inside.
    fn content<'s>(&'s self, signed: Option<&'s Signed<'_>>) -> Vec<&'s [u8]> {
        match signed {
            Some(signed) => signed.parts(),
            None => self.parts().to_vec(),
        }
    }

    /// The header of a sealed message, with room for a CMS of that size.
    fn begin(&self, head: &Head, size: usize) -> Vec<u8> {
        let outer_type = [OUTER_TYPE, head.smime_type().as_bytes(), OUTER_REST].concat();
        let mut message = Vec::with_capacity(self.outside.len() + outer_type.len() + armored_size(size));
        message.extend_from_slice(&self.outside);
        message.extend_from_slice(&outer_type);
        message
    }

    /// The message as it leaves signed and in clear.
    pub fn in_clear(&self, signed: &Signed<'_>) -> RawMessage {
        let parts = signed.parts();
        let size: usize = parts.iter().map(|part| part.len()).sum();
        let mut message = Vec::with_capacity(self.outside.len() + size + 20);
        message.extend_from_slice(&self.outside);
        message.extend_from_slice(b"MIME-Version: 1.0\r\n");
        parts.iter().for_each(|part| message.extend_from_slice(part));
        RawMessage::new(message)
    }
}

fn readable(raw: &RawMessage) -> Result<Header<'_>, SealError> {
    let header = Header::of(raw.as_bytes());
    match header.fields().all(|field| field.name.is_none()) {
        true => Err(SealError::NoHeader),
        false => Ok(header),
    }
}

/// The header section of the inside, with its empty line: every field as it came, in its order, but blind
/// copies; marked as protected; then what stands outside, as HP-Outer fields. The body follows untouched.
fn inner_header(header: Header<'_>, outer: &Outer) -> Vec<u8> {
    inner_fields(
        header,
        |field| outer.shows_trace(field),
        "hp=\"cipher\"",
        &outer.recorded,
    )
}

fn inner_fields(
    header: Header<'_>,
    shows_trace: impl Fn(&super::header::Field<'_>) -> bool,
    mark: &str,
    recorded: &[u8],
) -> Vec<u8> {
    let mut inner = Vec::new();
    if !header.fields().any(|field| field.is("content-type")) {
        inner.extend_from_slice(DEFAULT_TYPE);
        inner.extend_from_slice(mark.as_bytes());
        inner.extend_from_slice(b"\r\n");
    }
    for field in header.fields() {
        match Kind::of(&field) {
            Kind::Nowhere => continue,
            Kind::Trace if mark.contains("clear") || shows_trace(&field) => continue,
            Kind::Structural if field.is("content-type") => {
                let before = field.raw.len() - field.value.len();
                inner.extend_from_slice(field.raw.get(..before).unwrap_or_default());
                mark_protected(field.value, mark, &mut inner);
            }
            _ => inner.extend_from_slice(field.raw),
        }
        end_line(&mut inner);
    }
    inner.extend_from_slice(recorded);
    let empty_line: &[u8] = if header.empty_line.is_empty() {
        b"\r\n"
    } else {
        header.empty_line
    };
    inner.extend_from_slice(empty_line);
    inner
}

/// The last field of a message that ends without an empty line may lack its line end.
fn end_line(inner: &mut Vec<u8>) {
    if inner.last() != Some(&b'\n') {
        inner.extend_from_slice(b"\r\n");
    }
}

/// Puts the mark right behind the media type: at the end, an unclosed quoted string would swallow it, and with
/// it change the boundary that the body is built on.
fn mark_protected(value: &[u8], mark: &str, inner: &mut Vec<u8>) {
    let (media_type, parameters) = value.split_at(media_type_end(value));
    let media_type_text = media_type.trim_ascii_end();
    inner.extend_from_slice(media_type_text);
    inner.extend_from_slice(b"; ");
    inner.extend_from_slice(mark.as_bytes());
    inner.extend_from_slice(media_type.get(media_type_text.len()..).unwrap_or_default());
    inner.extend_from_slice(parameters);
}

/// Where the first semicolon outside of comments stands, or the end.
fn media_type_end(value: &[u8]) -> usize {
    let mut comments = 0_usize;
    let mut escaped = false;
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => comments += 1,
            b')' => comments = comments.saturating_sub(1),
            b';' if comments == 0 => return at,
            _ => {}
        }
    }
    value.len()
}
