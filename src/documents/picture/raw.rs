//! Pictures that a document holds as bare samples, without a file format around them: those of PDF.
//!
//! Each gets the plainest file around it and is read like any other file in the document.

use super::tiff;
use crate::documents::Visit;

/// The media type of files that are made here.
pub(super) const PLAIN: &str = "image/x-portable-anymap";

/// How the samples of a picture stand for light, one octet each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::documents) enum Samples {
    /// One for each pixel; 0 is black.
    Gray,
    /// Three: red, green, blue.
    Rgb,
    /// Four: cyan, magenta, yellow, black; 0 is no ink.
    Cmyk,
}

impl Visit<'_> {
    /// A picture of this document, as samples, row by row. When some are missing it is an obstacle.
    pub fn picture_raw(&mut self, width: u32, height: u32, samples: Samples, bytes: &[u8]) {
        let kind = match samples {
            Samples::Gray | Samples::Cmyk => 5,
            Samples::Rgb => 6,
        };
        let mut file = format!("P{kind}\n{width} {height}\n255\n").into_bytes();
        match samples {
            Samples::Gray | Samples::Rgb => file.extend(bytes),
            Samples::Cmyk => file.extend(bytes.as_chunks::<4>().0.iter().map(|ink| light(*ink))),
        }
        self.labelled_file(None, PLAIN, file);
    }

    /// A picture of this document in the fax encodings of ITU-T T.4 and T.6, with the `K` of PDF's CCITTFaxDecode
    /// (ISO 32000-2 §7.4.6): below 0 is Group 4, 0 is Group 3. `black_is_1` as there.
    pub fn picture_ccitt(&mut self, width: u32, height: u32, k: i64, black_is_1: bool, bytes: &[u8]) {
        let file = tiff::around_fax(width, height, k, black_is_1, bytes);
        self.labelled_file(None, "image/tiff", file);
    }
}

fn light([cyan, magenta, yellow, black]: [u8; 4]) -> u8 {
    let colour = (u16::from(cyan) + u16::from(magenta) + u16::from(yellow)) / 3;
    u8::try_from(255_u16.saturating_sub(colour.saturating_add(u16::from(black)))).unwrap_or(0)
}
