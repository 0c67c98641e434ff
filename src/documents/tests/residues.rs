//! What encodings hide in a text.

use proptest::prelude::*;

use super::document;
use crate::message::ObstacleKind;

const SECRET: &str = "SSN 536-22-8145";

#[test]
fn encodings_that_nobody_undid_are_undone() {
    for (name, text) in [
        ("quoted-printable", "SSN =35=33=36=2D22=2D8145"),
        (
            "a soft line break",
            "This line is as long as such lines are when they are broken, SSN 536=\n-22-8145 it goes on\n",
        ),
        ("escapes of a URL", "SSN %35%33%36%2D22-8145"),
        ("words of a URL", "http://a.example/?text=SSN%20536-22-8145"),
        ("references", "SSN &#53;&#x33;&#54;-22-8145"),
        ("references twice", "SSN &amp;#53;&amp;#51;&amp;#54;-22-8145"),
        ("escapes of programs", "SSN \\u0035\\u0033\\u0036-22-8145"),
        (
            "base64",
            "see below\n\nVGhlIGVtcGxveWVlIGlzIEphbmUgRG9lLCBTU04gNTM2LTIyLTgxNDUsIG9mIEJvc3Rv\nbg==\n",
        ),
        (
            "base64 that is quoted",
            "> VGhlIGVtcGxveWVlIGlzIEphbmUgRG9lLCBTU04gNTM2LTIyLTgxNDUsIG9mIEJvc3Rv\n> bg==\n",
        ),
        ("uuencode", "a\nbegin 644 a.txt\n/4U-.(#4S-BTR,BTX,30U\n`\nend\nb"),
        (
            "the second uuencoded file",
            "begin 644 a\n#86)C\n`\nend\nbegin 644 b\n/4U-.(#4S-BTR,BTX,30U\n",
        ),
        ("UTF-7", "SSN +ADUAMwA2-+AC0-22-8145"),
        ("HZ", "SSN ~{#5#3#6~}-22-8145"),
    ] {
        let wide = |text: &str| text.replace('５', "5").replace('３', "3").replace('６', "6");
        let read = document("text/plain", text.as_bytes());
        assert!(
            read.texts.iter().any(|text| wide(&text.text).contains(SECRET)),
            "{name}"
        );
        assert_eq!(read.obstacles, [], "{name}");
    }
}

#[test]
fn ordinary_text_has_one_reading() {
    for text in [
        "100% of 2,345,678 people; 50%-60% more",
        "======\nTotal = 30\n======\nx=3\ny=35\n",
        "a=30=40",
        "Content-ID: 4f2b7e1a9c8d3f6e5a4b3c2d1e0f9a8b7c6d5e4f",
        "http://a.example/?u=https%3A%2F%2Fb.example%2Fpath&id=12345",
        "R&D &c. &amp; more",
        "1 + ADD = 2, C++ and +A",
        "path\\user\\u0035",
        "begin 100 metres behind the house\nand walk",
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo4lgO",
    ] {
        assert_eq!(document("text/plain", text.as_bytes()).texts.len(), 1, "{text}");
    }
}

#[test]
fn yenc_is_decoded_and_parts_are_put_together() {
    let coded = |text: &str| {
        let octets = text.bytes().map(|octet| octet.wrapping_add(42));
        octets.collect::<Vec<u8>>()
    };
    let (begin, end) = SECRET.split_at(7);
    let message = [
        &b"hello\r\n=ybegin part=1 line=128 size=15 name=a b.txt\r\n=ypart begin=1 end=7\r\n"[..],
        &coded(begin),
        b"\r\n=yend size=7\r\n=ybegin part=2 line=128 size=15 name=a b.txt\r\n=ypart begin=8 end=15\r\n",
        &coded(end),
        b"\r\n=yend size=8\r\nbye",
    ]
    .concat();
    let read = document("text/plain", &message);
    assert!(read.holds(SECRET) && read.holds("a b.txt") && read.holds("hello"));
    assert_eq!(read.obstacles, []);
}

#[test]
fn the_data_of_binhex_is_read() {
    // "a.txt" with the 15 octets of the secret, made with Python's binascii of old.
    let text = "(This file must be converted with BinHex 4.0)\r\n\r\n:";
    let mut file = vec![5];
    file.extend(b"a.txt\0TEXTttxt\0\0\0\0\0\x0f\0\0\0\0\0\0");
    file.extend(SECRET.bytes());
    file.extend(b"\0\0");
    let alphabet = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
    let mut coded = String::from(text);
    for group in file.chunks(3) {
        let block = (0..3).fold(0u32, |block, at| {
            block << 8 | u32::from(*group.get(at).unwrap_or(&0))
        });
        coded.extend((0..4).map(|at| char::from(alphabet[(block >> (18 - 6 * at) & 63) as usize])));
    }
    coded.push_str(":\r\n");
    assert!(document("text/plain", coded.as_bytes()).holds(SECRET));
}

#[test]
fn a_document_in_base64_is_opened_and_noise_is_not() {
    let zipped = "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAFAAAAYS50eHRTU04gNTM2LTIyLTgxNDU=";
    let read = document("text/plain", zipped.as_bytes());
    assert!(read.texts.len() > 1 || !read.obstacles.is_empty());
    let noise = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJ";
    assert_eq!(
        document("text/plain", noise.as_bytes()).obstacle_kinds(),
        [] as [ObstacleKind; 0]
    );
}

proptest! {
    #[test]
    fn any_text_of_escapes_is_read(text in "([%=+~\\\\&#{}x;A-F0-9 \n-]|\\\\u00|=ybegin |&amp;|begin 644 a\n){0,80}") {
        document("text/plain", text.as_bytes());
        document("text/html", text.as_bytes());
    }
}
