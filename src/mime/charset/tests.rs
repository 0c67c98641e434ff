//! Labels that are right, wrong, missing and unknown.

use super::*;

fn wide(text: &str, octets: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(octets).collect()
}

#[test]
fn wide_text_is_read_with_and_without_a_mark_and_whatever_the_label() {
    let little = wide("SSN 536-22-8145", u16::to_le_bytes);
    let big = wide("SSN 536-22-8145", u16::to_be_bytes);
    let marked = [vec![0xff, 0xfe], little.clone()].concat();
    let long: Vec<u8> = "SSN 536-22-8145"
        .chars()
        .flat_map(|c| (c as u32).to_le_bytes())
        .collect();
    for bytes in [little, big, marked, long] {
        for label in [None, Some("us-ascii"), Some("utf-16"), Some("nonsense")] {
            assert_eq!(read(&bytes, label).text, "SSN 536-22-8145");
        }
    }
}

#[test]
fn both_readings_are_given_where_label_and_content_disagree() {
    let readings = read("５３６-22-8145".as_bytes(), Some("windows-1252"));
    assert_eq!(readings.other.as_deref(), Some("５３６-22-8145"));
    let readings = read(b"SSN 536-22-8145", Some("utf-16be"));
    assert_eq!(readings.other.as_deref(), Some("SSN 536-22-8145"));
    let broken = ["５３６".as_bytes(), b"\xff\xff\xff\xff"].concat();
    assert!(read(&broken, Some("utf-8")).text.starts_with("５３６"));
    assert!(
        read(&broken, None)
            .other
            .is_some_and(|other| other.starts_with("５３６"))
    );
    let shifted = b"\x1b$B#5#3#6\x1b(B-22-8145";
    assert_eq!(read(shifted, None).other.as_deref(), Some("５３６-22-8145"));
    assert_eq!(read(shifted, Some("iso-2022-jp")).text, "５３６-22-8145");
}

#[test]
fn ordinary_text_has_one_reading() {
    for (bytes, label) in [
        (&b"caf\xe9"[..], Some("iso-8859-1")),
        ("café".as_bytes(), Some("utf-8")),
        (b"plain", Some("us-ascii")),
        (b"plain", None),
        ("café".as_bytes(), None),
        (b"caf\xe9", None),
    ] {
        assert_eq!(read(bytes, label).other, None, "{label:?}");
    }
    assert_eq!(read(b"caf\xe9", None).text, "café");
}

#[test]
fn utf_7_is_decoded_when_the_label_says_so() {
    assert_eq!(
        read(b"+ADUAMwA2--22-8145 a+-b", Some("utf-7")).text,
        "536-22-8145 a+b"
    );
}

#[test]
fn a_charset_that_is_not_read_is_named() {
    assert!(
        read(b"\x1b$)A\x0e#5#3#6\x0f", Some("iso-2022-cn"))
            .doubt
            .is_some()
    );
    assert!(
        read(&[0xf5, 0xf3, 0xf6, 0xe0, 0xf2, 0xf2], Some("x-mainframe"))
            .doubt
            .is_some()
    );
    assert!(read(b"caf\xe9 au lait", Some("x-unknown")).doubt.is_none());
}
