//! The content of one entry, by its method (APPNOTE.TXT §4.4.5).

use std::io::Read;

use super::super::Visit;
use super::records::Header;
use crate::message::ObstacleKind;

/// What an entry holds, and how many octets of the file it takes for certain.
pub(super) struct Content {
    pub bytes: Vec<u8>,
    pub taken: usize,
}

/// Unpacks an entry whose content begins at `start` of the file; nothing if its method is not known.
/// `name` is how people call it.
pub(super) fn unpack(visit: &mut Visit<'_>, name: &str, header: &Header, start: usize) -> Option<Content> {
    let file = visit.bytes().get(start..).unwrap_or_default();
    // A size that is not there, or lies, does not keep the content from being read to its end.
    let size = usize::try_from(header.packed).unwrap_or(usize::MAX);
    let unknown = size == 0 && header.has_descriptor();
    let packed = file.get(..size).unwrap_or(file);
    let whole = if unknown { file } else { packed };
    let (bytes, taken) = match header.method {
        0 if unknown => {
            let bytes = stored_without_size(visit, file);
            let taken = bytes.len();
            (bytes, taken)
        }
        0 => (visit.unpack(name, packed), packed.len()),
        8 => {
            let mut reader = flate2::bufread::DeflateDecoder::new(whole);
            let bytes = visit.unpack(name, &mut reader);
            (bytes, usize::try_from(reader.total_in()).unwrap_or(usize::MAX))
        }
        9 => {
            let mut reader = deflate64::Deflate64Decoder::with_buffer(whole);
            let bytes = visit.unpack(name, &mut reader);
            (bytes, whole.len() - reader.into_inner().len())
        }
        12 => {
            let mut reader = bzip2::bufread::BzDecoder::new(whole);
            let bytes = visit.unpack(name, &mut reader);
            (bytes, usize::try_from(reader.total_in()).unwrap_or(usize::MAX))
        }
        14 => (
            visit.unpack(name, lzma(header, whole, visit.room())?),
            packed.len(),
        ),
        93 => {
            let reader = ruzstd::decoding::StreamingDecoder::new(whole).ok()?;
            (visit.unpack(name, reader), packed.len())
        }
        95 => {
            let reader = lzma_rust2::XzReader::new_mem_limit(whole, true, MOST_KIBIBYTES);
            (visit.unpack(name, reader), packed.len())
        }
        _ => return None,
    };
    check(visit, name, header, &bytes, size > file.len());
    Some(Content { bytes, taken })
}

/// A dictionary larger than this is not taken on.
const MOST_KIBIBYTES: u32 = 64 << 10;

/// LZMA with the header that ZIP gives it (§5.8.8). A dictionary larger than what comes out serves nobody.
fn lzma(header: &Header, packed: &[u8], room: usize) -> Option<impl Read> {
    let properties = *packed.get(4)?;
    let dictionary = u32::from_le_bytes(*packed.get(5..)?.first_chunk()?);
    let ends_by_mark = header.flags & 2 != 0;
    let size = if ends_by_mark { u64::MAX } else { header.unpacked };
    let most = u32::try_from(room.saturating_add(4_096)).unwrap_or(u32::MAX);
    lzma_rust2::LzmaReader::new_with_props(packed.get(9..)?, size, properties, dictionary.min(most), None)
        .ok()
}

/// Stored content of unknown size ends where the next record begins.
fn stored_without_size(visit: &mut Visit<'_>, file: &[u8]) -> Vec<u8> {
    let is_record = |at: &usize| {
        let mark = file.get(at + 2..at + 4).unwrap_or_default();
        [&b"\x07\x08"[..], b"\x01\x02", b"\x03\x04", b"\x05\x06"].contains(&mark)
    };
    let end = memchr::memmem::find_iter(file, b"PK").find(is_record);
    visit.unpack(
        "an entry of unknown size",
        file.get(..end.unwrap_or(file.len())).unwrap_or(file),
    )
}

/// What came out must be what went in; it is searched all the same.
fn check(visit: &mut Visit<'_>, name: &str, header: &Header, bytes: &[u8], cut: bool) {
    // Without sizes in the header there is nothing to compare with; a limit has its own obstacle.
    let nothing_said = header.has_descriptor() && header.checksum == 0 && header.unpacked == 0;
    if nothing_said || bytes.len() >= visit.room() {
        return;
    }
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    if cut || checksum.sum() != header.checksum || bytes.len() as u64 != header.unpacked {
        let what = format!("is damaged: {name} is not what the archive says of it");
        visit.obstacle(ObstacleKind::Malformed, &what);
    }
}
