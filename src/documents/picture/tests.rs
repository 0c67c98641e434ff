//! What is found beside the pixels, what is handed out, and that no octets do harm.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use proptest::prelude::*;

use super::raw::Samples;
use super::*;
use crate::documents::{Documents, read_with};
use crate::message::Place;
use crate::mime::{Leaf, Limits};

const SSN: &[u8] = include_bytes!("../../../tests/samples/pictures/ssn-14px.png");
const EXIF: &[u8] = include_bytes!("../../../tests/samples/pictures/exif.jpg");
const CHUNKS: &[u8] = include_bytes!("../../../tests/samples/pictures/text-chunks.png");
const PAGES: &[u8] = include_bytes!("../../../tests/samples/pictures/two-pages.tif");
const MOVING: &[u8] = include_bytes!("../../../tests/samples/pictures/moving.gif");
const TRACKER: &[u8] = include_bytes!("../../../tests/samples/pictures/tracker.png");
const LICENCE: &[u8] = include_bytes!("../../../tests/samples/pictures/licence-16px.jpg");

fn leaf(bytes: &[u8]) -> Leaf {
    Leaf {
        place: Place {
            part: "2".to_owned(),
            field: None,
            description: "attachment 2".to_owned(),
            span: (0, 0),
        },
        media_type: "application/octet-stream".to_owned(),
        charset: None,
        file_name: None,
        bytes: bytes.to_vec(),
    }
}

fn eyes() -> Sight {
    Sight {
        pictures: 32,
        pixels: 50_000_000,
        clears: true,
        readings: Vec::new(),
    }
}

fn seen(bytes: &[u8], sight: Sight) -> Documents {
    read_with(&[leaf(bytes)], &Limits::default(), sight)
}

fn all_texts(documents: &Documents) -> String {
    let texts = documents.texts.iter().map(|text| text.text.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

fn read_as(lines: &str, legible: bool) -> impl Fn(&Picture) -> Reading {
    let lines = lines.to_owned();
    move |picture| Reading {
        id: picture.id,
        seen: Seen::Text {
            lines: lines.clone(),
            table: None,
            legible,
        },
    }
}

/// Reads twice, as the gateway does.
fn seen_twice(bytes: &[u8], reading: impl Fn(&Picture) -> Reading) -> Documents {
    let first = seen(bytes, eyes());
    let readings = first.pictures.iter().map(reading).collect();
    seen(bytes, Sight { readings, ..eyes() })
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

#[test]
fn a_picture_is_handed_out_and_is_an_obstacle_until_it_was_read() {
    let first = seen(SSN, eyes());
    assert_eq!((first.pictures.len(), first.obstacles.len()), (1, 1));
    let read = seen_twice(SSN, read_as("SSN 536-22-8145", true));
    assert!(read.obstacles.is_empty());
    assert_eq!(all_texts(&read), "SSN 536-22-8145");
    let doubtful = seen_twice(SSN, read_as("5E6 2Z BI45", false));
    assert_eq!(doubtful.obstacles.len(), 1);
    assert_eq!(all_texts(&doubtful), "5E6 2Z BI45");
}

#[test]
fn the_reading_of_one_picture_does_not_clear_another() {
    let first = seen(SSN, eyes());
    let readings: Vec<Reading> = first
        .pictures
        .iter()
        .map(read_as("harmless words", true))
        .collect();
    let other = seen(LICENCE, Sight { readings, ..eyes() });
    assert_eq!((other.obstacles.len(), all_texts(&other)), (1, String::new()));
}

#[test]
fn what_is_written_beside_the_pixels_is_read() {
    for (bytes, expected) in [
        (
            CHUNKS,
            &["John Smith, SSN 536-22-8145", "card 4539 1488 0343 6467"][..],
        ),
        (
            EXIF,
            &[
                "John Smith, SSN 536-22-8145",
                "visa card 4539 1488 0343 6467",
                "driver's license no. S48201937",
            ],
        ),
    ] {
        let text = all_texts(&seen(bytes, Sight::default()));
        for words in expected {
            assert!(text.contains(words), "{words} in {text}");
        }
    }
}

#[test]
fn what_is_appended_to_a_picture_is_read_like_a_file() {
    for picture in [SSN, MOVING, LICENCE] {
        let file = [picture, b"\r\nName: John Smith\r\nSSN: 536-22-8145\r\n"].concat();
        let text = all_texts(&seen(&file, Sight::default()));
        assert!(text.contains("SSN: 536-22-8145"));
    }
    let padded = [SSN, &[0; 900]].concat();
    assert_eq!(seen(&padded, Sight::default()).obstacles.len(), 1);
}

#[test]
fn every_page_and_every_frame_is_handed_out() {
    assert_eq!(seen(PAGES, eyes()).pictures.len(), 2);
    assert_eq!(seen(MOVING, eyes()).pictures.len(), 2);
}

#[test]
fn a_tracking_pixel_is_no_obstacle() {
    let tracker = seen(TRACKER, Sight::default());
    assert!(tracker.obstacles.is_empty() && tracker.pictures.is_empty());
}

#[test]
fn tiny_pictures_that_may_be_pieces_of_one_are_an_obstacle() {
    let tile = encoded(&DynamicImage::new_luma8(20, 20), ImageFormat::Png);
    let leaves: Vec<Leaf> = (0..60).map(|_| leaf(&tile)).collect();
    let found = read_with(&leaves, &Limits::default(), eyes());
    assert_eq!(found.obstacles.len(), 1);
    let few = read_with(&leaves[..20], &Limits::default(), eyes());
    assert!(few.obstacles.is_empty());
}

#[test]
fn a_frame_that_is_larger_than_its_screen_is_no_tracking_pixel() {
    let mut gif = MOVING.to_vec();
    gif[6..10].copy_from_slice(&[1, 0, 1, 0]);
    assert_eq!(seen(&gif, eyes()).obstacles.len(), 1);
}

#[test]
fn a_flood_of_comments_is_read_and_takes_no_memory_for_each() {
    let mut file = LICENCE[..2].to_vec();
    for _ in 0..200_000 {
        file.extend(b"\xff\xfe\0\x03x");
    }
    file.extend(b"\xff\xfe\0\x11SSN 536-22-8145");
    file.extend(&LICENCE[2..]);
    let found = seen(&file, Sight::default());
    assert!(found.texts.len() < 20_000);
    assert!(all_texts(&found).contains("536-22-8145"));
    let kinds: Vec<ObstacleKind> = found.obstacles.iter().map(|obstacle| obstacle.kind).collect();
    assert!(kinds.contains(&ObstacleKind::LimitReached));
}

#[test]
fn every_kind_is_decoded_to_the_same_pixels() {
    let gray = GrayImage::from_fn(60, 20, |x, y| {
        Luma([if x / 4 % 2 == y / 4 % 2 { 0 } else { 255 }])
    });
    let picture = DynamicImage::ImageRgb8(DynamicImage::ImageLuma8(gray).into_rgb8());
    let formats = [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
        ImageFormat::Pnm,
        ImageFormat::Gif,
    ];
    let mut pixels = formats.map(|format| {
        let mut found = seen(&encoded(&picture, format), eyes());
        assert_eq!(found.pictures.len(), 1, "{format:?}");
        found.pictures.remove(0).gray
    });
    let first = std::mem::take(&mut pixels[0]);
    assert!(pixels[1..].iter().all(|others| *others == first));
}

#[test]
fn a_picture_with_too_many_pixels_is_not_decoded() {
    // A GIF that claims 60,000 × 60,000 pixels in 40 octets, and a BMP with 4 G pixels.
    let mut gif =
        b"GIF89a\x60\xea\x60\xea\x00\x00\x00,\0\0\0\0\x60\xea\x60\xea\x00\x02\x02\x4c\x01\x00;".to_vec();
    let mut bmp = encoded(&DynamicImage::new_luma8(20, 60), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&65_535_u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&65_535_u32.to_le_bytes());
    for file in [&mut gif, &mut bmp] {
        let found = seen(file, eyes());
        assert!(found.pictures.is_empty());
        assert_eq!(found.obstacles.first().unwrap().kind, ObstacleKind::Image);
    }
}

#[test]
fn samples_and_faxes_of_a_document_are_handed_out() {
    let leaf = leaf(b"x");
    let limits = Limits::default();
    let mut shared = crate::documents::visit::Shared::new(&limits, 0, eyes());
    let mut visit = Visit::new(&leaf, &mut shared);
    // Gray values that are all letters are pixels all the same.
    visit.picture_raw(40, 40, Samples::Gray, &[b'A'; 1_600]);
    visit.picture_raw(40, 40, Samples::Rgb, &[255; 4_800]);
    visit.picture_raw(40, 40, Samples::Cmyk, &[0; 6_400]);
    assert_eq!((shared.found.pictures.len(), shared.found.texts.len()), (3, 0));
    let white: Vec<bool> = shared
        .found
        .pictures
        .iter()
        .map(|picture| picture.gray.iter().all(|pixel| *pixel == 255))
        .collect();
    assert_eq!(white, [false, true, true]);
    let mut short = crate::documents::visit::Shared::new(&limits, 0, eyes());
    Visit::new(&leaf, &mut short).picture_raw(40, 40, Samples::Gray, &[0; 9]);
    assert_eq!((short.found.pictures.len(), short.found.obstacles.len()), (0, 1));
}

#[test]
fn a_chain_of_pages_in_a_circle_ends() {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend([0, 0, 8, 0, 0, 0]);
    let found = seen(&file, eyes());
    assert_eq!(found.obstacles.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_pictures_are_obstacles_and_do_no_harm(
        which in 0usize..6,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let samples = [SSN, EXIF, CHUNKS, PAGES, MOVING, LICENCE];
        let mut bytes = samples[which].to_vec();
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        let small = Sight { pixels: 4_000_000, ..eyes() };
        let first = seen(&bytes, small.clone());
        // The same message names the same pictures.
        let second = seen(&bytes, small);
        prop_assert_eq!(&first.pictures, &second.pictures);
        prop_assert!(first.pictures.is_empty() || !first.obstacles.is_empty());
    }

    #[test]
    fn any_octets_behind_a_signature_are_read_to_an_end(which in 0usize..8, rest: Vec<u8>) {
        let signatures: [&[u8]; 8] = [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe1",
            b"GIF89a",
            b"BM",
            b"II*\0",
            b"MM\0*\0\0\0\x08",
            b"RIFF\0\0\0\0WEBPVP8X",
            b"P5\n",
        ];
        seen(&[signatures[which], &rest].concat(), eyes());
    }
}
