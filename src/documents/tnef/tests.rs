//! Containers built by hand; what a real one holds is asserted with the samples in `compound/tests`.

use proptest::prelude::*;

use crate::documents::probe::{damage, damaged, document, finds, obstacles};
use crate::message::ObstacleKind;

fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let sum = data
        .iter()
        .fold(0_u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
    [
        &[level][..],
        &id.to_le_bytes(),
        &(data.len() as u32).to_le_bytes(),
        data,
        &sum.to_le_bytes(),
    ]
    .concat()
}

fn container(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&b"\x78\x9f\x3e\x22\x01\0"[..], &attributes.concat()].concat()
}

#[test]
fn a_wrong_checksum_is_told_and_everything_is_read() {
    let mut bytes = container(&[attribute(1, 0x2800c, b"SSN 536-22-8145")]);
    assert_eq!(obstacles(&document(&bytes)), []);
    *bytes.last_mut().unwrap() ^= 1;
    let read = document(&bytes);
    assert_eq!(obstacles(&read), [ObstacleKind::Malformed]);
    assert!(finds(&read, "536-22-8145"));
}

#[test]
fn the_code_page_rules_strings_of_one_octet() {
    let page = attribute(1, 0x69007, &[0xe3, 4, 0, 0, 0, 0, 0, 0]);
    let read = document(&container(&[
        page,
        attribute(1, 0x18004, b"\xcf\xf0\xe8 536-22-8145\0"),
    ]));
    assert!(finds(&read, "Subject: При 536-22-8145"));
}

#[test]
fn containers_in_containers_end_at_the_limit() {
    let mut inner = container(&[attribute(1, 0x2800c, b"SSN 536-22-8145")]);
    for _ in 0..60 {
        inner = container(&[attribute(2, 0x69002, &[1, 0]), attribute(2, 0x6800f, &inner)]);
    }
    assert_eq!(obstacles(&document(&inner)), [ObstacleKind::LimitReached]);
}

#[test]
fn a_list_that_claims_more_than_there_is_is_told_and_searched() {
    for properties in [
        &b"\xff\xff\xff\xff\x1e\0\x37\0\x01\0\0\0\xff\xff\xff\x7fSSN 536-22-8145"[..],
        b"\x01\0\0\0\x01\x10\x37\0\xff\xff\xff\xffSSN 536-22-8145",
        b"\x02\0\0\0\x77\0\x37\0SSN 536-22-8145",
    ] {
        let read = document(&container(&[attribute(1, 0x69003, properties)]));
        assert!(finds(&read, "SSN 536-22-8145") || obstacles(&read) == [ObstacleKind::Malformed]);
    }
}

#[test]
fn what_follows_the_last_attribute_is_searched() {
    let bytes = [
        container(&[attribute(1, 0x2800c, b"x")]),
        b"SSN 536-22-8145".to_vec(),
    ]
    .concat();
    let read = document(&bytes);
    assert!(finds(&read, "536-22-8145"));
    assert_eq!(obstacles(&read), [ObstacleKind::Malformed]);
}

proptest! {
    #[test]
    fn damaged_samples_are_read_to_the_end(damage in damage()) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/legacy/winmail.dat");
        document(&damaged(&std::fs::read(path).unwrap(), &damage));
    }

    #[test]
    fn random_octets_are_read_to_the_end(octets in prop::collection::vec(any::<u8>(), 0..500)) {
        document(&container(&[attribute(1, 0x69003, &octets), octets]));
    }
}
