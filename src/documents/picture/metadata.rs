//! What is written in a picture file beside the pixels: comments, captions, authors, and data behind its end.
//!
//! Only fields that people fill in are texts. What cameras and programs fill in is full of long numbers.

use std::io::Read;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::read::ZlibDecoder;

use super::tiff::{Entry, Tiff};
use super::{Kind, gif, jpeg, png};
use crate::documents::Visit;
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

/// Fields of TIFF and EXIF that people fill in: document name, description, page name, artist, copyright.
const ASCII_TAGS: [u16; 5] = [0x010d, 0x010e, 0x011d, 0x013b, 0x8298];

/// The same as Windows writes them, in UTF-16: title, comment, author, keywords, subject.
const WINDOWS_TAGS: std::ops::RangeInclusive<u16> = 0x9c9b..=0x9c9f;

const USER_COMMENT: u16 = 0x9286;
const EXIF_DIRECTORY: u16 = 0x8769;
const XMP_TAG: u16 = 0x02bc;
const IPTC_TAG: u16 = 0x83bb;

/// Pieces of a file that are looked at one by one. A photograph has some twenty.
pub(super) const MOST_PIECES: usize = 10_000;

/// Fewer octets behind the end of a picture are padding.
const LEAST_TRAILER: usize = 9;

/// What stands in front of EXIF in JPEG and WebP files.
const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// Texts that were found, with what they are.
type Notes = Vec<(&'static str, String)>;

/// Reads what stands beside the pixels.
pub(super) fn read(visit: &mut Visit<'_>, kind: Kind) {
    let bytes = visit.bytes();
    let mut notes = Notes::new();
    let after = match kind {
        Kind::Png => of_png(visit, bytes, &mut notes),
        Kind::Jpeg => of_jpeg(visit, bytes, &mut notes),
        Kind::Gif => of_gif(visit, bytes, &mut notes),
        Kind::WebP => of_webp(visit, bytes, &mut notes),
        Kind::Bmp => of_bmp(bytes),
        Kind::Tiff => {
            exif(visit, bytes, &mut notes);
            &[]
        }
        Kind::Pnm => &[],
    };
    for (what, text) in notes {
        visit.text_in(what, TextKind::Body, text);
    }
    let trailer = after.trim_ascii();
    if trailer.len() >= LEAST_TRAILER && trailer.iter().any(|octet| *octet != 0) {
        visit.file(None, after.to_vec());
    }
}

/// What follows the end of a picture; after too many pieces to look at there is no end, and the rest is searched as it
/// stands.
fn flood<'b>(visit: &mut Visit<'_>, pieces: usize, after: &'b [u8]) -> &'b [u8] {
    if pieces < MOST_PIECES {
        return after;
    }
    visit.text(TextKind::Body, printable(after));
    visit.obstacle(
        ObstacleKind::LimitReached,
        "is a picture in more pieces than are looked at",
    );
    &[]
}

fn of_png<'b>(visit: &mut Visit<'_>, bytes: &'b [u8], notes: &mut Notes) -> &'b [u8] {
    let (chunks, after) = png::chunks(bytes);
    let after = flood(visit, chunks.len(), after);
    for chunk in chunks {
        match &chunk.kind {
            b"tEXt" => notes.extend(field(chunk.data).map(|(_, text)| ("a text", latin(text)))),
            b"zTXt" => {
                let unpacked = field(chunk.data).and_then(|(_, text)| inflated(visit, text.get(1..)?));
                notes.extend(unpacked.map(|text| ("a text", latin(&text))));
            }
            b"iTXt" => international(visit, chunk.data, notes),
            b"eXIf" => exif(visit, chunk.data, notes),
            _ => {}
        }
    }
    after
}

/// An `iTXt` chunk (PNG §11.3.3.4), which XMP comes in as well.
fn international(visit: &mut Visit<'_>, data: &[u8], notes: &mut Notes) {
    let parts = field(data).and_then(|(keyword, rest)| {
        let (flags, rest) = rest.split_at_checked(2)?;
        let (_, rest) = field(rest)?;
        let (_, text) = field(rest)?;
        Some((keyword, flags.first().copied(), text))
    });
    let Some((keyword, packed, text)) = parts else {
        return;
    };
    let unpacked = match packed {
        Some(1) => inflated(visit, text),
        _ => Some(text.to_vec()),
    };
    let unpacked = unpacked.unwrap_or_default();
    if keyword.starts_with(b"XML:com.adobe.xmp") {
        return xmp(visit, &unpacked);
    }
    notes.push(("a text", String::from_utf8_lossy(&unpacked).into_owned()));
}

fn of_jpeg<'b>(visit: &mut Visit<'_>, bytes: &'b [u8], notes: &mut Notes) -> &'b [u8] {
    let (segments, after) = jpeg::segments(bytes);
    let after = flood(visit, segments.len(), after);
    for (marker, content) in segments {
        match marker {
            0xfe => notes.push(("a comment", loose(content))),
            0xe1 if content.starts_with(EXIF) => exif(visit, content, notes),
            0xe1 if content.starts_with(XMP) => xmp(visit, content.get(XMP.len()..).unwrap_or_default()),
            0xed if content.starts_with(PHOTOSHOP) => {
                photoshop(content.get(PHOTOSHOP.len()..).unwrap_or_default(), notes);
            }
            _ => {}
        }
    }
    after
}

fn of_gif<'b>(visit: &mut Visit<'_>, bytes: &'b [u8], notes: &mut Notes) -> &'b [u8] {
    let (blocks, after) = gif::blocks(bytes);
    let after = flood(visit, blocks.len(), after);
    for block in blocks {
        match block {
            gif::Block::Text(content) => notes.push(("a comment", loose(&gif::joined(content)))),
            // XMP stands there as it is, without sub-blocks: their lengths are its letters.
            gif::Block::Application(content) if content.get(1..12) == Some(b"XMP DataXMP") => {
                xmp(visit, content.get(12..).unwrap_or_default());
            }
            _ => {}
        }
    }
    after
}

fn of_webp<'b>(visit: &mut Visit<'_>, bytes: &'b [u8], notes: &mut Notes) -> &'b [u8] {
    let (chunks, after) = png::riff(bytes);
    let after = flood(visit, chunks.len(), after);
    for chunk in chunks {
        match &chunk.kind {
            b"EXIF" => exif(visit, chunk.data, notes),
            b"XMP " => xmp(visit, chunk.data),
            _ => {}
        }
    }
    after
}

/// What follows the length that the file claims for itself.
fn of_bmp(bytes: &[u8]) -> &[u8] {
    let number = |at: usize| {
        let octets = bytes.get(at..)?.first_chunk::<4>()?;
        usize::try_from(u32::from_le_bytes(*octets)).ok()
    };
    let end = number(2).unwrap_or(usize::MAX).max(54);
    bytes.get(end..).unwrap_or_default()
}

fn exif(visit: &mut Visit<'_>, bytes: &[u8], notes: &mut Notes) {
    let Some(tiff) = Tiff::new(bytes.strip_prefix(EXIF).unwrap_or(bytes)) else {
        return;
    };
    let mut directories = tiff.directories(16);
    let inner = directories.iter().flat_map(|at| tiff.entries(*at));
    let inner: Vec<usize> = inner
        .filter(|entry| entry.tag == EXIF_DIRECTORY)
        .filter_map(|entry| tiff.number(entry.value))
        .take(16)
        .collect();
    directories.extend(inner);
    for Entry { tag, value } in directories.into_iter().flat_map(|at| tiff.entries(at)) {
        match tag {
            XMP_TAG => xmp(visit, value),
            IPTC_TAG => iptc(value, notes),
            USER_COMMENT => notes.push(("the comment", user_comment(value, bytes))),
            tag if ASCII_TAGS.contains(&tag) => notes.push(("the description", loose(value))),
            tag if WINDOWS_TAGS.contains(&tag) => {
                notes.push(("the description", clean(&UTF_16LE.decode(value).0)));
            }
            _ => {}
        }
    }
}

/// A comment begins with its character set (Exif 2.32 §4.6.5).
fn user_comment(value: &[u8], exif: &[u8]) -> String {
    let (set, text) = value.split_at_checked(8).unwrap_or((&[], value));
    let big_endian =
        exif.starts_with(b"MM") || exif.get(EXIF.len()..).is_some_and(|tiff| tiff.starts_with(b"MM"));
    match (set.starts_with(b"UNICODE"), big_endian) {
        (true, true) => clean(&UTF_16BE.decode(text).0),
        (true, false) => clean(&UTF_16LE.decode(text).0),
        (false, _) => loose(text),
    }
}

/// The resources that Photoshop keeps; number 0x0404 is IPTC.
fn photoshop(mut bytes: &[u8], notes: &mut Notes) {
    while let Some((number, content, rest)) = resource(bytes) {
        if number == 0x0404 {
            iptc(content, notes);
        }
        bytes = rest;
    }
}

fn resource(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let rest = bytes.strip_prefix(b"8BIM")?;
    let (number, rest) = rest.split_first_chunk::<2>()?;
    // The name has its length in front, and both together are padded to an even length.
    let name = usize::from(*rest.first()?).saturating_add(1).next_multiple_of(2);
    let (length, rest) = rest.get(name..)?.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let (content, rest) = rest.split_at_checked(length)?;
    let rest = rest.get(length % 2..).unwrap_or_default();
    Some((u16::from_be_bytes(*number), content, rest))
}

/// The data sets of IPTC's application record: caption, keywords, headline, writer and their kin (IIM 4.2 §6).
fn iptc(mut bytes: &[u8], notes: &mut Notes) {
    let most = notes.len().saturating_add(MOST_PIECES);
    while let [0x1c, record, set, high, low, rest @ ..] = bytes {
        if notes.len() >= most {
            // Nobody writes so many captions; what is left is one text.
            return notes.push(("the caption", loose(bytes)));
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((content, after)) = rest.split_at_checked(length) else {
            return;
        };
        // The first two are a version and a type.
        if *record == 2 && *set > 3 {
            notes.push(("the caption", loose(content)));
        }
        bytes = after;
    }
}

fn xmp(visit: &mut Visit<'_>, packet: &[u8]) {
    if !packet.trim_ascii().is_empty() {
        visit.labelled_file(None, "application/rdf+xml", packet.to_vec());
    }
}

/// A field that ends with a zero, and what follows it.
fn field(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, data)?;
    Some((data.get(..end)?, data.get(end.saturating_add(1)..)?))
}

fn inflated(visit: &mut Visit<'_>, packed: &[u8]) -> Option<Vec<u8>> {
    // A text of a picture: this is far above any that people write.
    Some(visit.unpack("a text", ZlibDecoder::new(packed).take(8 << 20)))
}

fn latin(bytes: &[u8]) -> String {
    clean(&WINDOWS_1252.decode(bytes).0)
}

/// UTF-8 if it is that, Latin otherwise.
fn loose(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        Err(_) => latin(bytes),
    }
}

fn clean(text: &str) -> String {
    text.trim_matches('\0').replace('\0', " ")
}
