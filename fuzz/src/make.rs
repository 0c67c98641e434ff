//! Files around the octets of a fuzzer: it would hardly ever find a container that holds together by itself.

use std::io::{Cursor, Write};

const WORD: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";
const SHEET: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
const SLIDE: &str = "xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\" \
    xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"";
const OPEN: &str = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
    xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" \
    xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\"";

/// Parts of Office documents: their names, their roots, and what the roots declare.
const PARTS: [(&str, &str, &str); 9] = [
    ("word/document.xml", "w:document", WORD),
    ("xl/worksheets/sheet1.xml", "worksheet", SHEET),
    ("xl/sharedStrings.xml", "sst", SHEET),
    ("xl/styles.xml", "styleSheet", SHEET),
    ("xl/workbook.xml", "workbook", SHEET),
    ("ppt/slides/slide1.xml", "p:sld", SLIDE),
    ("content.xml", "office:document-content", OPEN),
    (
        "xl/pivotCache/pivotCacheDefinition1.xml",
        "pivotCacheDefinition",
        SHEET,
    ),
    ("xl/pivotCache/pivotCacheRecords1.xml", "pivotCacheRecords", SHEET),
];

/// An Office document. Pieces between NUL are its parts; the first octet of each chooses which.
pub fn office(bytes: &[u8]) -> Vec<u8> {
    let mut files = vec![("[Content_Types].xml", b"<x/>".to_vec())];
    for piece in bytes.split(|octet| *octet == 0).take(20) {
        let Some((first, inside)) = piece.split_first() else {
            continue;
        };
        let (name, root, declared) = PARTS[usize::from(*first) % PARTS.len()];
        let begin = format!("<{root} {declared}>");
        let end = format!("</{root}>");
        files.push((name, [begin.as_bytes(), inside, end.as_bytes()].concat()));
    }
    zip(&files)
}

/// A ZIP archive of files that are stored as they are (APPNOTE.TXT §4.3).
fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let at = length(&archive);
        let fields = fields(name, content);
        archive.extend(b"PK\x03\x04");
        archive.extend(&fields);
        archive.extend(name.as_bytes());
        archive.extend(content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, size) = (length(&archive), length(&directory));
    let count = u16::try_from(files.len()).expect("few files").to_le_bytes();
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend([size.to_le_bytes(), at.to_le_bytes()].concat());
    archive.extend([0, 0]);
    archive
}

/// What the header of a file and its record in the directory say alike.
fn fields(name: &str, content: &[u8]) -> Vec<u8> {
    let mut checksum = flate2::Crc::new();
    checksum.update(content);
    let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for number in [checksum.sum(), length(content), length(content)] {
        fields.extend(number.to_le_bytes());
    }
    fields.extend(u16::try_from(name.len()).expect("a short name").to_le_bytes());
    fields.extend([0, 0]);
    fields
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a small file")
}

/// Streams of compound files, two at a time.
const STREAMS: [(&str, &str); 9] = [
    ("Workbook", "Revision Log"),
    ("Book", "_SX_DB_CUR/0001"),
    ("WordDocument", "1Table"),
    ("PowerPoint Document", "Pictures"),
    ("__substg1.0_1000001F", "__properties_version1.0"),
    (
        "__substg1.0_10090102",
        "__attach_version1.0_#00000000/__substg1.0_37010102",
    ),
    ("\u{5}SummaryInformation", "\u{5}DocumentSummaryInformation"),
    ("\u{1}Ole10Native", "Package"),
    ("Macros/VBA/Module1", "Data"),
];

/// A compound file with two streams. The first octet chooses which; the next two say where the second one begins.
pub fn compound(bytes: &[u8]) -> Vec<u8> {
    let (head, rest) = bytes.split_at(bytes.len().min(3));
    let number = |at: usize| usize::from(head.get(at).copied().unwrap_or(0));
    let (one, other) = rest.split_at((number(1) << 8 | number(2)).min(rest.len()));
    let (first, second) = STREAMS[number(0) % STREAMS.len()];
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("memory takes a file");
    for (path, content) in [(first, one), (second, other)] {
        if let Some((storage, _)) = path.rsplit_once('/') {
            file.create_storage_all(storage).expect("memory takes a storage");
        }
        let mut stream = file.create_stream(path).expect("memory takes a stream");
        stream.write_all(content).expect("memory takes octets");
    }
    file.flush().expect("memory takes all");
    file.into_inner().into_inner()
}

/// A message whose body says that it is encrypted or signed. The first octet chooses how.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let (kind, body) = bytes.split_first().unwrap_or((&0, &[]));
    let (types, end) = match kind % 4 {
        0 => (
            "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            "",
        ),
        1 => (
            "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
            "",
        ),
        2 => ("application/octet-stream; name=mail.pgp", ""),
        _ => (
            "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b",
            "\r\n--b--\r\n",
        ),
    };
    let inside = match end {
        "" => "",
        _ => {
            "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n\
            Content-Type: application/octet-stream\r\n\r\n"
        }
    };
    let header = format!(
        "From: a@a.example\r\nTo: b@b.example\r\nMIME-Version: 1.0\r\nContent-Type: {types}\r\n\
         Content-Transfer-Encoding: binary\r\n\r\n{inside}"
    );
    [header.as_bytes(), body, end.as_bytes()].concat()
}

/// A multipart/signed message of `tests/samples/signed/make.sh` with these octets as its signature.
pub fn signed(bytes: &[u8]) -> Vec<u8> {
    let before = b"From: ann@partner.example\r\nContent-Type: multipart/signed; boundary=b;\r\n \
        protocol=\"application/pkcs7-signature\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere is my certificate.\r\n\r\n\
        --b\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    [&before[..], bytes, b"\r\n--b--\r\n"].concat()
}

/// A tar archive of one file, with a header that is right where the fuzzer's octets do not reach.
pub fn tar(bytes: &[u8]) -> Vec<u8> {
    let mut archive = bytes.to_vec();
    archive.resize(archive.len().max(512), 0);
    archive[257..262].copy_from_slice(b"ustar");
    archive[148..156].fill(b' ');
    let sum: u64 = archive[..512].iter().map(|octet| u64::from(*octet)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive
}
