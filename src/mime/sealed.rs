//! Whether the whole body of a message is encrypted already, with nothing beside the ciphertext.

use crate::message::Sealed;

use super::base64::base64;
use super::encrypted::{self, Cms};
use super::header::{self, Header};
use super::labels::Labels;
use super::multipart;
use super::openpgp;
use super::quoted::quoted_printable;
use super::runs::printable;
use super::transfer::Encoding;

/// An encrypted body.
#[derive(Debug)]
pub(super) struct SealedBody<'a> {
    /// How it is encrypted.
    pub kind: Sealed,
    /// The legible parts of what stands in clear around the ciphertext.
    pub clear: String,
    /// Header sections of the parts, for PGP/MIME.
    pub parts: Vec<&'a [u8]>,
}

/// Verifies that `body` is ciphertext and nothing else. Any doubt about the header section is a no.
pub(super) fn verify<'a>(header: &Header<'a>, labels: &Labels) -> Option<SealedBody<'a>> {
    let certain = header.oddities.is_empty() && labels.oddities.is_empty() && header.rest.is_empty();
    if !certain || labels.types != 1 || !labels.segments.is_empty() {
        return None;
    }
    match labels.media_type.as_str() {
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => cms(header.body, labels),
        "application/octet-stream" if has_cms_name(labels) => cms(header.body, labels),
        "multipart/encrypted" => pgp(header.body, labels),
        _ => None,
    }
}

fn has_cms_name(labels: &Labels) -> bool {
    let name = labels.file_name.as_deref().unwrap_or_default();
    name.to_ascii_lowercase().ends_with(".p7m")
}

fn cms<'a>(body: &[u8], labels: &Labels) -> Option<SealedBody<'a>> {
    let bytes = decoded(body, labels)?;
    match encrypted::recognise(&bytes)? {
        Cms::Encrypted(kind, around) => {
            let clear = around.into_iter().map(printable).collect();
            Some(SealedBody {
                kind,
                clear,
                parts: Vec::new(),
            })
        }
        _ => None,
    }
}

/// The content without its transfer encoding, if no reader can see anything else.
fn decoded(body: &[u8], labels: &Labels) -> Option<Vec<u8>> {
    match labels.encodings.as_slice() {
        [Encoding::Base64] => {
            let decoded = base64(body);
            decoded.clean.then_some(decoded.bytes)
        }
        [Encoding::QuotedPrintable] => Some(quoted_printable(body)),
        [Encoding::Identity] => Some(body.to_vec()),
        _ => None,
    }
}

/// PGP/MIME (RFC 3156 §4): a control part, an encrypted part, and nothing else.
fn pgp<'a>(body: &'a [u8], labels: &Labels) -> Option<SealedBody<'a>> {
    if labels.protocol != "application/pgp-encrypted" || labels.boundaries.len() != 1 {
        return None;
    }
    let split = multipart::split(body, &labels.boundaries, 3);
    let [control, content] = split.parts.as_slice() else {
        return None;
    };
    let alone = split.loose.is_empty() && !split.reopened && !split.overflow;
    let silent =
        is_customary(split.preamble) && split.epilogues.iter().all(|text| text.trim_ascii().is_empty());
    if !alone || !silent {
        return None;
    }
    let version = part_content(control, "application/pgp-encrypted")?;
    let content = part_content(content, "application/octet-stream")?;
    let armored = openpgp::encrypted(&content)?;
    (version.trim_ascii() == b"Version: 1").then_some(SealedBody {
        kind: Sealed::PgpMime,
        clear: armored.headers,
        parts: split.parts,
    })
}

/// The content of a part that every reader takes for this type.
fn part_content(part: &[u8], media_type: &str) -> Option<Vec<u8>> {
    let header = header::parse(part, 50);
    let labels = Labels::read(&header, false);
    let certain = header.oddities.is_empty() && labels.oddities.is_empty() && header.rest.is_empty();
    let fits = labels.types == 1 && labels.media_type == media_type && header.strays.is_empty();
    if certain && fits {
        decoded(header.body, &labels)
    } else {
        None
    }
}

/// Whether a preamble is empty or the line that mail programs put there for readers without MIME.
fn is_customary(preamble: &[u8]) -> bool {
    let text = String::from_utf8_lossy(preamble);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let customary = [
        "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)",
        "This is an OpenPGP/MIME encrypted message (RFC 4880 and RFC 3156)",
        "This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)",
        "This is an OpenPGP/MIME encrypted message",
        "This is a multi-part message in MIME format.",
        "This is a cryptographically signed message in MIME format.",
    ];
    lines.next().is_none_or(|line| customary.contains(&line)) && lines.next().is_none()
}
