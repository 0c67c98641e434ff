//! Archives that are what they seem, and archives that are not.

use std::io::Write;

use proptest::prelude::*;

use super::super::{Documents, read};
use crate::message::{ObstacleKind, Place};
use crate::mime::{Leaf, Limits};

/// An archive in the making: entries, then the directory.
#[derive(Default)]
pub(in super::super) struct Maker {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

/// What a header says of an entry.
#[derive(Clone)]
struct Said {
    name: &'static str,
    flags: u16,
    method: u16,
    checksum: u32,
    packed: u32,
    unpacked: u32,
}

fn said(name: &'static str, content: &[u8]) -> Said {
    let mut checksum = flate2::Crc::new();
    checksum.update(content);
    Said {
        name,
        flags: 0,
        method: 0,
        checksum: checksum.sum(),
        packed: content.len() as u32,
        unpacked: content.len() as u32,
    }
}

impl Said {
    fn fields(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        for word in [20, self.flags, self.method, 0, 0] {
            fields.extend(word.to_le_bytes());
        }
        for number in [self.checksum, self.packed, self.unpacked] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend((self.name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        fields
    }
}

impl Maker {
    fn local(&mut self, said: &Said, content: &[u8]) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(said.fields());
        self.bytes.extend(said.name.bytes());
        self.bytes.extend(content);
        at
    }

    fn central(&mut self, said: &Said, at: u32) {
        self.directory.extend(b"PK\x01\x02\x14\0");
        self.directory.extend(said.fields());
        self.directory.extend([0; 10]);
        self.directory.extend(at.to_le_bytes());
        self.directory.extend(said.name.bytes());
        self.count += 1;
    }

    pub fn add(mut self, name: &'static str, content: &[u8]) -> Self {
        let said = said(name, content);
        let at = self.local(&said, content);
        self.central(&said, at);
        self
    }

    pub fn deflated(mut self, name: &'static str, content: &[u8]) -> Self {
        let packed = deflate(content);
        let said = Said {
            method: 8,
            packed: packed.len() as u32,
            ..said(name, content)
        };
        let at = self.local(&said, &packed);
        self.central(&said, at);
        self
    }

    pub fn end(mut self, comment: &str) -> Vec<u8> {
        let at = self.bytes.len() as u32;
        self.bytes.extend(&self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend((self.directory.len() as u32).to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend((comment.len() as u16).to_le_bytes());
        self.bytes.extend(comment.bytes());
        self.bytes
    }
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(in super::super) fn open_within(bytes: &[u8], limits: &Limits) -> Documents {
    let place = Place {
        part: "2".to_owned(),
        field: None,
        description: "attachment 2".to_owned(),
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

pub(in super::super) fn open(bytes: &[u8]) -> Documents {
    open_within(bytes, &Limits::default())
}

pub(in super::super) fn has(read: &Documents, needle: &str) -> bool {
    read.texts.iter().any(|text| text.text.contains(needle))
}

pub(in super::super) fn kinds(read: &Documents) -> Vec<ObstacleKind> {
    read.obstacles.iter().map(|obstacle| obstacle.kind).collect()
}

const PLANTED: &[u8] = b"SSN 536-22-8145";

#[test]
fn files_names_and_comments_are_read() {
    let bytes = Maker::default()
        .add("a.txt", PLANTED)
        .deflated("b.txt", b"SSN 536-22-8146")
        .add("SSN 536-22-8147.txt", b"x")
        .add("SSN 536-22-8148/", b"")
        .end("SSN 536-22-8149");
    let read = open(&bytes);
    for number in 8145..=8149 {
        assert!(has(&read, &format!("536-22-{number}")), "{number}");
    }
    assert_eq!(kinds(&read), []);
}

#[test]
fn archives_in_archives_are_read() {
    let inner = Maker::default().add("a.txt", PLANTED).end("");
    let middle = Maker::default().deflated("inner", &inner).end("");
    let read = open(&Maker::default().add("middle.bin", &middle).end(""));
    assert!(has(&read, "536-22-8145"));
    assert_eq!(kinds(&read), []);
}

#[test]
fn a_file_that_the_directory_does_not_name_is_read_and_told() {
    let mut maker = Maker::default().add("a.txt", b"nothing");
    maker.local(&said("b.txt", PLANTED), PLANTED);
    let read = open(&maker.add("c.txt", b"nothing").end(""));
    assert!(has(&read, "536-22-8145"));
    assert_eq!(kinds(&read), [ObstacleKind::AmbiguousStructure]);
}

#[test]
fn a_file_that_is_named_in_two_ways_is_told() {
    let mut maker = Maker::default();
    let at = maker.local(&said("SSN 536-22-8145", b"x"), b"x");
    maker.central(&said("b.txt", b"x"), at);
    let read = open(&maker.end(""));
    assert!(has(&read, "536-22-8145") && has(&read, "b.txt"));
    assert_eq!(kinds(&read), [ObstacleKind::AmbiguousStructure]);
}

#[test]
fn a_file_that_is_packed_in_two_ways_is_read_in_both() {
    let packed = deflate(PLANTED);
    let mut maker = Maker::default();
    let local = Said {
        method: 8,
        packed: packed.len() as u32,
        ..said("a.txt", PLANTED)
    };
    let at = maker.local(&local, &packed);
    maker.central(&said("a.txt", &packed), at);
    let read = open(&maker.end(""));
    assert!(has(&read, "536-22-8145"));
    assert!(kinds(&read).contains(&ObstacleKind::AmbiguousStructure));
}

#[test]
fn two_archives_one_behind_the_other_are_both_read() {
    let first = Maker::default().add("a.txt", PLANTED).end("");
    let second = Maker::default().add("b.txt", b"SSN 536-22-8146").end("");
    let read = open(&[first, second].concat());
    assert!(has(&read, "536-22-8145") && has(&read, "536-22-8146"));
    assert!(kinds(&read).contains(&ObstacleKind::AmbiguousStructure));
}

#[test]
fn octets_that_no_file_owns_are_read() {
    let mut maker = Maker::default().add("a.txt", b"x");
    maker.bytes.extend([&[b' '; 100][..], PLANTED].concat());
    assert!(has(&open(&maker.add("b.txt", b"y").end("")), "536-22-8145"));
    let behind = [
        Maker::default().add("a.txt", b"x").end(""),
        [b' '; 100].to_vec(),
        PLANTED.to_vec(),
    ]
    .concat();
    assert!(has(&open(&behind), "536-22-8145"));
}

#[test]
fn an_archive_behind_something_else_is_read_as_both() {
    let archive = Maker::default().deflated("a.txt", PLANTED).end("");
    let program = [
        &b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"[..],
        &[7; 2_000],
        &archive,
    ]
    .concat();
    let read = open(&program);
    assert!(has(&read, "536-22-8145"));
    assert!(kinds(&read).contains(&ObstacleKind::UnknownContent));
    let picture = [&b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"[..], &[7; 200], &archive].concat();
    let read = open(&picture);
    assert!(has(&read, "536-22-8145"));
    assert!(kinds(&read).contains(&ObstacleKind::Image));
}

#[test]
fn files_with_a_password_are_named_and_the_others_are_read() {
    let mut maker = Maker::default().add("a.txt", PLANTED);
    let locked = Said {
        flags: 1,
        ..said("secret.txt", b"locked")
    };
    let at = maker.local(&locked, b"locked");
    maker.central(&locked, at);
    let aes = Said {
        flags: 1,
        method: 99,
        ..said("b.txt", b"locked")
    };
    let at = maker.local(&aes, b"locked");
    maker.central(&aes, at);
    let read = open(&maker.end(""));
    assert!(has(&read, "536-22-8145"));
    assert_eq!(kinds(&read), [ObstacleKind::EncryptedContainer; 2]);
    assert!(read.obstacles[0].detail.contains("'secret.txt'"));
}

#[test]
fn sizes_behind_the_content_are_no_trouble() {
    let packed = deflate(PLANTED);
    let full = Said {
        flags: 8,
        method: 8,
        packed: packed.len() as u32,
        ..said("a.txt", PLANTED)
    };
    let empty = Said {
        checksum: 0,
        packed: 0,
        unpacked: 0,
        ..full.clone()
    };
    let mut maker = Maker::default();
    let at = maker.local(&empty, &packed);
    maker.bytes.extend(b"PK\x07\x08");
    maker.bytes.extend([0; 12]);
    maker.central(&full, at);
    let whole = maker.end("");
    let read = open(&whole);
    assert!(has(&read, "536-22-8145"));
    assert_eq!(kinds(&read), []);
    // And without the directory.
    let read = open(&whole[..whole.len() - 60]);
    assert!(has(&read, "536-22-8145"));
    assert_eq!(kinds(&read), [ObstacleKind::Malformed]);
}

#[test]
fn stored_content_of_unknown_size_is_read_to_the_next_record() {
    let empty = Said {
        flags: 8,
        checksum: 0,
        packed: 0,
        unpacked: 0,
        ..said("a.txt", PLANTED)
    };
    let mut maker = Maker::default();
    maker.local(&empty, PLANTED);
    maker.local(&empty, b"SSN 536-22-8146");
    let read = open(&maker.bytes);
    assert!(has(&read, "536-22-8145") && has(&read, "536-22-8146"));
}

#[test]
fn wrong_sums_and_sizes_are_told_and_the_content_is_read() {
    for wrong in [
        Said {
            checksum: 7,
            ..said("a.txt", PLANTED)
        },
        Said {
            unpacked: 7,
            ..said("a.txt", PLANTED)
        },
        Said {
            packed: 70_000,
            ..said("a.txt", PLANTED)
        },
    ] {
        let mut maker = Maker::default();
        let at = maker.local(&wrong, PLANTED);
        maker.central(&wrong, at);
        let read = open(&maker.end(""));
        assert!(has(&read, "536-22-8145"));
        assert!(kinds(&read).contains(&ObstacleKind::Malformed));
    }
}

#[test]
fn a_method_that_is_not_read_is_an_obstacle_that_names_the_file() {
    let imploded = Said {
        method: 6,
        ..said("old.txt", b"xxxx")
    };
    let mut maker = Maker::default();
    let at = maker.local(&imploded, b"xxxx");
    maker.central(&imploded, at);
    let read = open(&maker.end(""));
    assert_eq!(kinds(&read), [ObstacleKind::UnknownContent]);
    assert!(read.obstacles[0].detail.contains("'old.txt'"));
}

#[test]
fn text_that_begins_like_an_archive_is_text() {
    for text in ["PK36SCBL0000001123456702", "MZ 536-22-8145 PK"] {
        let read = open(text.as_bytes());
        assert_eq!(read.obstacles, [], "{text:?}");
    }
}

#[test]
fn bombs_end_at_the_limits() {
    let limits = Limits {
        part_size: 1 << 20,
        message_size: 4 << 20,
        ..Limits::default()
    };
    let zeros = deflate(&vec![b' '; 3 << 20]);
    let bomb = Said {
        method: 8,
        packed: zeros.len() as u32,
        ..said("a.txt", &vec![b' '; 3 << 20])
    };
    let mut maker = Maker::default();
    let at = maker.local(&bomb, &zeros);
    // The same content under 10,000 names, and as many files that overlap.
    for _ in 0..10_000 {
        maker.central(&bomb, at);
    }
    for _ in 0..10_000 {
        let at = maker.local(&bomb, &zeros);
        maker.central(&bomb, at);
    }
    let read = open_within(&maker.end(""), &limits);
    assert!(kinds(&read).contains(&ObstacleKind::LimitReached));
    let octets: usize = read.texts.iter().map(|text| text.text.len()).sum();
    assert!(octets < 8 << 20, "{octets}");
}

#[test]
fn an_archive_that_holds_itself_again_and_again_ends() {
    let mut bytes = PLANTED.to_vec();
    for _ in 0..100 {
        bytes = Maker::default().deflated("a.zip", &bytes).end("");
    }
    assert!(kinds(&open(&bytes)).contains(&ObstacleKind::LimitReached));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_archives_are_read_as_far_as_they_go(cut in 0..200_usize, flips in prop::collection::vec((0..500_usize, any::<u8>()), 0..6)) {
        let mut bytes = Maker::default().add("a.txt", PLANTED).deflated("[Content_Types].xml", b"<Types/>").end("c");
        bytes.truncate(bytes.len() - cut.min(bytes.len() - 1));
        for (at, value) in flips {
            let length = bytes.len();
            bytes[at % length] = value;
        }
        let read = open(&bytes);
        prop_assert!(bytes.trim_ascii().is_empty() || !read.texts.is_empty() || !read.obstacles.is_empty());
    }

    #[test]
    fn any_octets_behind_a_signature_are_read(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        open(&[b"PK\x03\x04", bytes.as_slice()].concat());
        open(&[b"PK\x05\x06", bytes.as_slice()].concat());
        open(&[bytes.as_slice(), &Maker::default().add("a", b"b").end("")].concat());
    }
}
