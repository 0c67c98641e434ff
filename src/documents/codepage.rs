//! Windows code pages by number, as Microsoft's formats name their character sets.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::mime::charset;

/// Decodes by the number of a code page. An unknown one is read as windows-1252, in which digits are digits.
pub(super) fn decode(page: u32, bytes: &[u8]) -> String {
    match page {
        437 | 850 | 858 => by_table(if page == 437 { PAGE_437 } else { PAGE_850 }, bytes),
        1200 => utf16(bytes),
        1201 => UTF_16BE.decode_without_bom_handling(bytes).0.into_owned(),
        65000 => charset::read(bytes, Some("utf-7")).text,
        _ => {
            let encoding = Encoding::for_label(label(page).as_bytes()).unwrap_or(WINDOWS_1252);
            encoding.decode_without_bom_handling(bytes).0.into_owned()
        }
    }
}

/// Decodes UTF-16LE.
pub(super) fn utf16(bytes: &[u8]) -> String {
    UTF_16LE.decode_without_bom_handling(bytes).0.into_owned()
}

/// Whether a character of this code page may have two octets.
pub(super) fn is_wide(page: u32) -> bool {
    matches!(page, 932 | 936 | 949 | 950 | 1361 | 54936)
}

/// Decodes UTF-16LE or the code page, up to the first NUL.
pub(super) fn until_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// The label of a code page in the Encoding Standard.
fn label(page: u32) -> String {
    match page {
        866 => "ibm866".to_owned(),
        874 => "windows-874".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 | 1361 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10000 => "macintosh".to_owned(),
        10007 => "x-mac-cyrillic".to_owned(),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        50220..=50222 => "iso-2022-jp".to_owned(),
        51932 => "euc-jp".to_owned(),
        51949 => "euc-kr".to_owned(),
        54936 => "gb18030".to_owned(),
        65001 => "utf-8".to_owned(),
        28591..=28606 => format!("iso-8859-{}", page - 28590),
        _ => format!("windows-{page}"),
    }
}

fn by_table(table: &str, bytes: &[u8]) -> String {
    let high: Vec<char> = table.chars().collect();
    let character = |octet: &u8| match octet.checked_sub(0x80) {
        Some(number) => high
            .get(usize::from(number))
            .copied()
            .unwrap_or(char::REPLACEMENT_CHARACTER),
        None => char::from(*octet),
    };
    bytes.iter().map(character).collect()
}

const PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const PAGE_850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_keeps_its_digits_and_its_letters() {
        for (page, octets, text) in [
            (1252, &b"536\x9622 \xe9"[..], "536\u{2013}22 é"),
            (1251, b"536 \xc8", "536 И"),
            (437, b"536 \x82\xff", "536 é\u{a0}"),
            (850, b"536 \x82\xff", "536 é\u{a0}"),
            (932, b"536 \x82\x54", "536 ５"),
            (65001, "536 é".as_bytes(), "536 é"),
            (1200, b"5\x003\x006\x00", "536"),
            (28605, b"536 \xa4", "536 €"),
            (77, b"536", "536"),
        ] {
            assert_eq!(decode(page, octets), text, "{page}");
        }
        assert_eq!(PAGE_437.chars().count(), 128);
        assert_eq!(PAGE_850.chars().count(), 128);
    }
}
