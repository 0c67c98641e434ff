//! Builds the sealed message: the MIME entity that goes inside with the whole header (RFC 9788), and the mail
//! around it (RFC 8551 §3.3).
//!
//! Legacy Display Elements (RFC 9788 §4.5.3) are not added: they would repeat the Subject in the body, and a
//! gateway does not write into the text of a message.

use std::io::{self, Write};

use crate::message::RawMessage;

use super::cms::Envelope;
use super::header::{Header, Kind, Outer};
use super::{Certificate, SealError, SealedMessage};

/// Marks the inside as a message whose header was protected and encrypted (RFC 9788 §2.1).
const PROTECTED: &[u8] = b"hp=\"cipher\"";
/// What a message without Content-Type is (RFC 2045 §5.2).
const DEFAULT_TYPE: &[u8] = b"Content-Type: text/plain; charset=us-ascii; hp=\"cipher\"\r\n";
const OUTER_TYPE: &[u8] = b"MIME-Version: 1.0\r\n\
    Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n name=\"smime.p7m\"\r\n\
    Content-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\
    \r\n";
/// Octets that make one line of 76 base64 characters (RFC 2045 §6.8).
const LINE: usize = 57;

/// Seals a message; see [`super::seal`].
pub(super) fn seal(
    raw: &RawMessage,
    certificate: &Certificate,
    secret: &[String],
) -> Result<SealedMessage, SealError> {
    let header = Header::of(raw.as_bytes());
    if header.fields().all(|field| field.name.is_none()) {
        return Err(SealError::NoHeader);
    }
    let outer = Outer::of(header, secret);
    let inner = inner_header(header, &outer, secret);
    let envelope = Envelope::new(certificate, inner.len() + header.body.len())?;
    let algorithm = envelope.algorithm();
    let mut message = outer.fields;
    message.reserve_exact(OUTER_TYPE.len() + base64_size(envelope.size()));
    message.extend_from_slice(OUTER_TYPE);
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
fn inner_header(header: Header<'_>, outer: &Outer, secret: &[String]) -> Vec<u8> {
    let mut inner = Vec::new();
    if !header.fields().any(|field| field.is("content-type")) {
        inner.extend_from_slice(DEFAULT_TYPE);
    }
    for field in header.fields() {
        match Kind::of(&field) {
            Kind::Nowhere => continue,
            Kind::Trace if outer.shows_trace(&field, secret) => continue,
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
    let empty_line: &[u8] = if header.empty_line.is_empty() { b"\r\n" } else { header.empty_line };
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

/// How long `size` octets are in base64 lines.
fn base64_size(size: usize) -> usize {
    size.div_ceil(3) * 4 + size.div_ceil(LINE) * 2
}

/// Writes base64 lines behind what a buffer holds.
struct Armor<'a> {
    out: &'a mut Vec<u8>,
    /// Octets that do not fill a line yet.
    rest: Vec<u8>,
}

impl<'a> Armor<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Armor {
            out,
            rest: Vec::with_capacity(LINE),
        }
    }

    fn finish(self) {
        if !self.rest.is_empty() {
            encode_line(&self.rest, self.out);
        }
    }
}

impl Write for Armor<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let missing = (LINE - self.rest.len()).min(bytes.len());
        let (first, bytes_after) = bytes.split_at(missing);
        self.rest.extend_from_slice(first);
        if self.rest.len() < LINE {
            return Ok(bytes.len());
        }
        encode_line(&self.rest, self.out);
        self.rest.clear();
        let mut lines = bytes_after.chunks_exact(LINE);
        for line in &mut lines {
            encode_line(line, self.out);
        }
        self.rest.extend_from_slice(lines.remainder());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn encode_line(bytes: &[u8], out: &mut Vec<u8>) {
    for group in bytes.chunks(3) {
        out.extend_from_slice(&encode_group(group));
    }
    out.extend_from_slice(b"\r\n");
}

fn encode_group(group: &[u8]) -> [u8; 4] {
    let byte = |at: usize| group.get(at).copied().map_or(0, u32::from);
    let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    let digit = |shift: u32| digit((bits >> shift & 0x3f) as u8);
    match group.len() {
        1 => [digit(18), digit(12), b'=', b'='],
        2 => [digit(18), digit(12), digit(6), b'='],
        _ => [digit(18), digit(12), digit(6), digit(0)],
    }
}

fn digit(value: u8) -> u8 {
    match value {
        0..26 => b'A' + value,
        26..52 => b'a' + (value - 26),
        52..62 => b'0' + (value - 52),
        62 => b'+',
        _ => b'/',
    }
}
