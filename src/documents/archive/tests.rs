//! Archives that no program would write: bombs, contradictions, hidden places. Those of real programs stand in
//! `tests/samples/text`.

use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression, Crc};

use super::super::tests::{document, named};
use super::super::{Documents, read};
use crate::message::{ObstacleKind, Place};
use crate::mime::{Leaf, Limits};

const SECRET: &str = "SSN 536-22-8145";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn unknown(bytes: &[u8]) -> Documents {
    document("application/octet-stream", bytes)
}

fn with_limits(bytes: &[u8], limits: &Limits) -> Documents {
    let place = Place {
        part: "1".to_owned(),
        field: None,
        description: "the file".to_owned(),
        span: (0, 0),
    };
    let leaf = Leaf {
        place,
        media_type: "application/octet-stream".to_owned(),
        charset: None,
        file_name: None,
        bytes: bytes.to_vec(),
    };
    read(&[leaf], limits)
}

/// A tape archive with one member.
fn tar(name: &str, kind: u8, size: &str, content: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..124 + size.len()].copy_from_slice(size.as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    let sum: usize = block.iter().map(|octet| usize::from(*octet)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.extend(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

#[test]
fn gzip_hides_nothing_in_its_header_its_later_members_or_behind_them() {
    let mut header = gzip(b"nothing");
    header[3] = 0x10;
    header.splice(10..10, format!("{SECRET}\0").bytes());
    for bytes in [
        header,
        [gzip(b"nothing"), gzip(SECRET.as_bytes())].concat(),
        [gzip(b"nothing"), vec![0; 20], gzip(SECRET.as_bytes())].concat(),
        [gzip(b"nothing"), SECRET.as_bytes().to_vec()].concat(),
    ] {
        assert!(unknown(&bytes).holds(SECRET));
    }
}

#[test]
fn a_compressed_file_that_is_cut_off_is_damaged_and_read_as_far_as_it_goes() {
    let mut stored = GzEncoder::new(Vec::new(), Compression::none());
    stored
        .write_all(format!("{SECRET} {}", "x".repeat(1_000)).as_bytes())
        .unwrap();
    let whole = stored.finish().unwrap();
    let read = unknown(&whole[..whole.len() - 500]);
    assert!(read.holds(SECRET));
    assert_eq!(read.obstacle_kinds(), [ObstacleKind::Malformed]);
}

#[test]
fn bombs_end_at_the_limits() {
    let limits = Limits {
        part_size: 1 << 20,
        message_size: 4 << 20,
        ..Limits::default()
    };
    let bomb = gzip(&vec![b'x'; 40 << 20]);
    let read = with_limits(&bomb, &limits);
    assert_eq!(read.obstacle_kinds(), [ObstacleKind::LimitReached]);
    assert!(read.texts.iter().map(|text| text.text.len()).sum::<usize>() <= limits.message_size);
    let many: Vec<u8> = (0..20)
        .flat_map(|_| tar("a", b'0', "00000400000", &bomb[..0]))
        .collect();
    assert!(
        with_limits(&many, &limits)
            .obstacle_kinds()
            .contains(&ObstacleKind::Malformed)
    );
}

#[test]
fn files_in_files_end_at_the_depth_limit() {
    let mut nested = SECRET.as_bytes().to_vec();
    for _ in 0..100 {
        nested = gzip(&nested);
    }
    assert_eq!(unknown(&nested).obstacle_kinds(), [ObstacleKind::LimitReached]);
    let mut shallow = SECRET.as_bytes().to_vec();
    for _ in 0..20 {
        shallow = gzip(&shallow);
    }
    assert!(unknown(&shallow).holds(SECRET));
}

#[test]
fn a_dictionary_of_four_gibibytes_is_not_made() {
    // An xz stream header, then a block header with LZMA2 and the largest dictionary (.xz format 1.1.0 §5.3.1).
    let mut stream = b"\xfd7zXZ\0\0\x01\x69\x22\xde\x36".to_vec();
    let block = [2, 0, 0x21, 1, 40, 0, 0, 0];
    let mut crc = Crc::new();
    crc.update(&block);
    stream.extend(block);
    stream.extend(crc.sum().to_le_bytes());
    stream.extend([0; 64]);
    let read = unknown(&stream);
    assert_eq!(read.obstacle_kinds(), [ObstacleKind::LimitReached]);
    assert!(read.obstacles[0].detail.contains("memory"));
    let lzma = [&[0x5d, 0, 0, 0, 0x80][..], &[0xff; 8], &[0; 30]].concat();
    assert_eq!(unknown(&lzma).obstacle_kinds(), [ObstacleKind::LimitReached]);
    // Zstandard: a window of 2 GiB (RFC 8878 §3.1.1.1.2).
    let zstandard = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8][..], &[1, 0, 0]].concat();
    assert_eq!(unknown(&zstandard).obstacle_kinds(), [ObstacleKind::LimitReached]);
}

#[test]
fn tape_archives_hide_nothing_between_behind_or_beside_their_files() {
    let plain = tar("a.txt", b'0', "00000000003", b"abc");
    let mut slack = plain.clone();
    slack[600..600 + SECRET.len()].copy_from_slice(SECRET.as_bytes());
    for bytes in [
        slack,
        [plain.clone(), vec![0; 1_024], SECRET.as_bytes().to_vec()].concat(),
        [
            plain.clone(),
            vec![0; 1_024],
            tar("b", b'0', "00000000017", SECRET.as_bytes()),
        ]
        .concat(),
        tar(SECRET, b'0', "00000000003", b"abc"),
        tar(SECRET, b'5', "00000000000", b""),
        // A size that no file has, in both spellings.
        tar("a", b'0', "77777777777", SECRET.as_bytes()),
        tar("a", b'0', "\u{0}", SECRET.as_bytes()),
    ] {
        assert!(unknown(&bytes).holds(SECRET));
    }
}

#[test]
fn a_link_with_a_size_does_not_swallow_the_next_file() {
    let archive = [
        tar("a", b'1', "00000000017", b""),
        tar("b", b'0', "00000000017", SECRET.as_bytes()),
    ]
    .concat();
    assert!(unknown(&archive).holds(SECRET));
}

#[test]
fn a_sparse_file_is_an_obstacle() {
    let record = b"25 GNU.sparse.size=10000\n";
    let archive = [
        tar("p", b'x', "00000000031", record),
        tar("a", b'0', "00000000017", SECRET.as_bytes()),
    ]
    .concat();
    let read = unknown(&archive);
    assert!(read.holds(SECRET));
    assert_eq!(read.obstacle_kinds(), [ObstacleKind::UnknownContent]);
}

#[test]
fn archives_that_are_not_unpacked_are_named() {
    let rar4 = |flags: u8| [b"Rar!\x1a\x07\0", &[0, 0, 0x73, flags, 0, 13, 0][..], &[0; 40]].concat();
    let rar5 = |kind: u8| [b"Rar!\x1a\x07\x01\0", &[0, 0, 0, 0, 3, kind, 0, 0][..], &[0; 40]].concat();
    for (bytes, kind, word) in [
        (rar4(0), ObstacleKind::UnknownContent, "RAR"),
        (rar4(0x80), ObstacleKind::EncryptedContainer, "password"),
        (rar5(1), ObstacleKind::UnknownContent, "RAR"),
        (rar5(4), ObstacleKind::EncryptedContainer, "password"),
        (
            [b"MSCF\0\0\0\0".to_vec(), vec![1; 40]].concat(),
            ObstacleKind::UnknownContent,
            "cabinet",
        ),
        (
            [b"\x20\x41-lh5-".to_vec(), vec![1; 40]].concat(),
            ObstacleKind::UnknownContent,
            "LHA",
        ),
        (
            [b"\x1f\x9d\x90".to_vec(), vec![1; 40]].concat(),
            ObstacleKind::UnknownContent,
            "compress",
        ),
    ] {
        let read = unknown(&bytes);
        assert_eq!(read.obstacle_kinds(), [kind], "{word}");
        assert!(
            read.obstacles[0].detail.contains(word),
            "{}",
            read.obstacles[0].detail
        );
    }
}

#[test]
fn the_name_of_what_is_inside_follows_from_the_name_outside() {
    let read = named(
        "list.csv.gz",
        &gzip(b"name,ssn\nJane Doe,536228145\nJohn Roe,412559921\n"),
    );
    assert!(read.holds("name\tssn\nJane Doe\t536228145"));
}

#[test]
fn a_flood_of_streams_and_of_files_ends() {
    let streams = gzip(b"x").repeat(6_000);
    assert_eq!(unknown(&streams).obstacle_kinds(), [ObstacleKind::LimitReached]);
    let files = tar("a", b'0', "00000000001", b"x").repeat(11_000);
    assert!(
        unknown(&files)
            .obstacle_kinds()
            .contains(&ObstacleKind::LimitReached)
    );
}
