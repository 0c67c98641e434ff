//! Charsets of mainframes and of DOS, which no web standard knows. Letters and digits of all EBCDIC code pages stand in
//! the same places; signs differ, and are taken from code page 037.

/// Whether the label names a charset in which ASCII is something else.
pub(super) fn is_label(label: &[u8]) -> bool {
    labelled(b"\xf0", label).is_some_and(|text| text == "0")
}

/// Decodes by a label that names one of them.
pub(super) fn labelled(bytes: &[u8], label: &[u8]) -> Option<String> {
    let label = String::from_utf8_lossy(label).trim().to_ascii_lowercase();
    let number = label
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .trim_start_matches('0');
    let known = ["cp", "ibm", "csibm", "ebcdic", "x-ebcdic", "oem"]
        .iter()
        .any(|prefix| label.starts_with(prefix));
    match number {
        _ if label.contains("ebcdic") => Some(decode(bytes)),
        _ if !known => None,
        "437" => Some(high_half(bytes, CP437)),
        "850" | "858" => Some(high_half(bytes, CP850)),
        "37" | "273" | "277" | "278" | "280" | "284" | "285" | "297" | "500" | "871" | "924" | "1026"
        | "1047" => Some(decode(bytes)),
        _ if number.len() == 4 && number.starts_with("114") => Some(decode(bytes)),
        _ => None,
    }
}

/// Whether octets are plausible as EBCDIC and as nothing else: letters, digits and spaces of it throughout. ASCII has
/// its letters where EBCDIC has few signs, and other charsets use all of their upper half.
pub fn is_ebcdic(bytes: &[u8]) -> bool {
    let sample = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
    let (mut words, mut signs) = (0, 0);
    for octet in sample {
        match octet {
            0x40
            | 0x81..=0x89
            | 0x91..=0x99
            | 0xa2..=0xa9
            | 0xc1..=0xc9
            | 0xd1..=0xd9
            | 0xe2..=0xe9
            | 0xf0..=0xf9 => {
                words += 1;
            }
            0x0d
            | 0x15
            | 0x25
            | 0x4b
            | 0x4d
            | 0x50
            | 0x5b..=0x5e
            | 0x60
            | 0x61
            | 0x6b..=0x6f
            | 0x7a..=0x7f => signs += 1,
            _ => {}
        }
    }
    let spaced = sample
        .iter()
        .filter(|octet| matches!(octet, 0x40 | 0x15 | 0x25 | 0x6b))
        .count();
    sample.len() >= 16
        && words * 2 > sample.len()
        && (words + signs) * 20 >= sample.len() * 19
        && spaced * 50 >= sample.len()
}

/// Decodes EBCDIC.
pub(super) fn decode(bytes: &[u8]) -> String {
    let character = |octet: &u8| CP037.get(usize::from(*octet)).copied().map_or(' ', char::from);
    bytes.iter().map(character).collect()
}

fn high_half(bytes: &[u8], half: &str) -> String {
    let half: Vec<char> = half.chars().collect();
    let character = |octet: &u8| match octet.checked_sub(0x80) {
        Some(place) => half.get(usize::from(place)).copied().unwrap_or(' '),
        None => char::from(*octet),
    };
    bytes.iter().map(character).collect()
}

/// Code page 037 as ISO 8859-1. Both ends of line, NL and LF, are line feeds.
const CP037: [u8; 256] = [
    0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, 0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10,
    0x11, 0x12, 0x13, 0x9d, 0x0a, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f, 0x80, 0x81,
    0x82, 0x83, 0x84, 0x0a, 0x17, 0x1b, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07, 0x90, 0x91, 0x16,
    0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a, 0x20, 0xa0, 0xe2, 0xe4,
    0xe0, 0xe1, 0xe3, 0xe5, 0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c, 0x26, 0xe9, 0xea, 0xeb, 0xe8,
    0xed, 0xee, 0xef, 0xec, 0xdf, 0x21, 0x24, 0x2a, 0x29, 0x3b, 0xac, 0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1,
    0xc3, 0xc5, 0xc7, 0xd1, 0xa6, 0x2c, 0x25, 0x5f, 0x3e, 0x3f, 0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce,
    0xcf, 0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27, 0x3d, 0x22, 0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67,
    0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1, 0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71,
    0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4, 0xb5, 0x7e, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
    0xa1, 0xbf, 0xd0, 0xdd, 0xde, 0xae, 0x5e, 0xa3, 0xa5, 0xb7, 0xa9, 0xa7, 0xb6, 0xbc, 0xbd, 0xbe, 0x5b,
    0x5d, 0xaf, 0xa8, 0xb4, 0xd7, 0x7b, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xad, 0xf4,
    0xf6, 0xf2, 0xf3, 0xf5, 0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0xb9, 0xfb, 0xfc,
    0xf9, 0xfa, 0xff, 0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xb2, 0xd4, 0xd6, 0xd2,
    0xd3, 0xd5, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xb3, 0xdb, 0xdc, 0xd9, 0xda,
    0x9f,
];

/// The upper halves of two code pages of DOS.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mainframe_extract_is_known_by_label_and_by_content() {
        let record = [
            0xd1, 0x81, 0x95, 0x85, 0x40, 0xc4, 0x96, 0x85, 0x40, 0xe2, 0xe2, 0xd5, 0x40, 0xf5, 0xf3, 0xf6,
            0x60, 0xf2, 0xf2, 0x60, 0xf8, 0xf1, 0xf4, 0xf5, 0x15,
        ];
        assert!(is_ebcdic(&record));
        for label in ["cp037", "IBM500", "ibm-1047", "cp1140", "ebcdic-cp-us"] {
            assert_eq!(
                labelled(&record, label.as_bytes()).as_deref(),
                Some("Jane Doe SSN 536-22-8145\n"),
                "{label}"
            );
        }
        assert_eq!(labelled(&record, b"cp1252"), None);
    }

    #[test]
    fn other_charsets_are_not_taken_for_it() {
        let russian: Vec<u8> = encoding_rs::KOI8_R
            .encode("Привет, как дела, все ли хорошо у вас")
            .0
            .into_owned();
        let french: Vec<u8> = encoding_rs::WINDOWS_1252
            .encode("été à la façade où naît")
            .0
            .into_owned();
        for bytes in [
            russian,
            french,
            b"plain text that is long enough".to_vec(),
            vec![0xc1; 40],
        ] {
            assert!(!is_ebcdic(&bytes));
        }
    }
}
