//! Builds the sealed message: the MIME entity that goes inside with the whole header (RFC 9788), and the mail
//! around it (RFC 8551 §3.3).
//!
//! Legacy Display Elements (RFC 9788 §4.5.3) are not added: they would repeat the Subject in the body, and a
//! gateway does not write into the text of a message.

use crate::message::RawMessage;

use super::armor::{Armor, armored_size};
use super::cms::Envelope;
use super::header::{Header, Kind, Outer};
use super::{Algorithms, Certificate, SealError, SealedMessage};

/// Marks the inside as a message whose header was protected and encrypted (RFC 9788 §2.1).
const PROTECTED: &[u8] = b"hp=\"cipher\"";
/// What a message without Content-Type is (RFC 2045 §5.2).
const DEFAULT_TYPE: &[u8] = b"Content-Type: text/plain; charset=us-ascii; hp=\"cipher\"\r\n";
/// What stands before and behind the kind of CMS (RFC 8551 §3.2.2).
const OUTER_TYPE: &[u8] = b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=";
const OUTER_REST: &[u8] = b";\r\n name=\"smime.p7m\"\r\n\
    Content-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\
    \r\n";

/// Seals a message; see [`super::seal`].
pub(super) fn seal(
    raw: &RawMessage,
    certificate: &Certificate,
    algorithms: Algorithms,
    secret: &[String],
) -> Result<SealedMessage, SealError> {
    let header = Header::of(raw.as_bytes());
    if header.fields().all(|field| field.name.is_none()) {
        return Err(SealError::NoHeader);
    }
    let outer = Outer::of(header, secret);
    let inner = inner_header(header, &outer);
    let envelope = Envelope::new(certificate, algorithms, inner.len() + header.body.len())?;
    let algorithm = envelope.algorithm();
    let mut message = outer.fields;
    let outer_type = [OUTER_TYPE, envelope.smime_type().as_bytes(), OUTER_REST].concat();
    message.reserve_exact(outer_type.len() + armored_size(envelope.size()));
    message.extend_from_slice(&outer_type);
    let mut armor = Armor::new(&mut message);
    envelope.write(&[&inner, header.body], &mut armor)?;
    armor.finish();
    Ok(SealedMessage {
        message: RawMessage::new(message),
        algorithm,
    })
}

/// The header section of the inside, with its empty line: every field as it came, in its order, but blind
/// copies; marked as protected; then what stands outside, as HP-Outer fields. The body follows untouched.
fn inner_header(header: Header<'_>, outer: &Outer) -> Vec<u8> {
    let mut inner = Vec::new();
    if !header.fields().any(|field| field.is("content-type")) {
        inner.extend_from_slice(DEFAULT_TYPE);
    }
    for field in header.fields() {
        match Kind::of(&field) {
            Kind::Nowhere => continue,
            Kind::Trace if outer.shows_trace(&field) => continue,
            Kind::Structural if field.is("content-type") => {
                let before = field.raw.len() - field.value.len();
                inner.extend_from_slice(field.raw.get(..before).unwrap_or_default());
                mark_protected(field.value, &mut inner);
            }
            _ => inner.extend_from_slice(field.raw),
        }
        end_line(&mut inner);
    }
    inner.extend_from_slice(&outer.recorded);
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
fn mark_protected(value: &[u8], inner: &mut Vec<u8>) {
    let (media_type, parameters) = value.split_at(media_type_end(value));
    let media_type_text = media_type.trim_ascii_end();
    inner.extend_from_slice(media_type_text);
    inner.extend_from_slice(b"; ");
    inner.extend_from_slice(PROTECTED);
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
