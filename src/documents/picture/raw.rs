//! Pictures that a document holds as bare samples, without a file format around them: those of PDF.

use image::{DynamicImage, GrayImage, RgbImage};

use super::decode;
use crate::documents::Visit;
use crate::message::ObstacleKind;

/// How the samples of a picture stand for light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// One bit a pixel, rows padded to octets; 0 is black (PDF's DeviceGray).
    Bilevel,
    /// One octet a pixel; 0 is black.
    Gray,
    /// Three octets a pixel: red, green, blue.
    Rgb,
    /// Four octets a pixel: cyan, magenta, yellow, black; 0 is no ink.
    Cmyk,
}

impl Visit<'_> {
    /// A picture of this document, as samples. Too few samples make it an obstacle; more are left out.
    pub fn picture_raw(&mut self, width: u32, height: u32, samples: Samples, bytes: &[u8]) {
        match with_enough(width, height, samples, bytes) {
            None => self.obstacle(ObstacleKind::Image, "holds a picture that is cut short"),
            Some(bytes) => decode::see(self, bytes, 0, (width, height), || {
                picture(width, height, samples, bytes)
            }),
        }
    }

    /// A picture of this document in the fax encodings of ITU-T T.4 and T.6, with the `K` of PDF's CCITTFaxDecode
    /// (ISO 32000-2 §7.4.6): below 0 is Group 4, 0 is Group 3. `black_is_1` as there.
    pub fn picture_ccitt(&mut self, width: u32, height: u32, k: i64, black_is_1: bool, bytes: &[u8]) {
        let file = super::tiff::around_fax(width, height, k, black_is_1, bytes);
        self.labelled_file(None, "image/tiff", file);
    }
}

/// The octets that a picture of this size has, if they are there.
fn with_enough(width: u32, height: u32, samples: Samples, bytes: &[u8]) -> Option<&[u8]> {
    let (width, height) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
    let row = match samples {
        Samples::Bilevel => width.div_ceil(8),
        Samples::Gray => width,
        Samples::Rgb => width.checked_mul(3)?,
        Samples::Cmyk => width.checked_mul(4)?,
    };
    bytes.get(..row.checked_mul(height)?)
}

fn picture(width: u32, height: u32, samples: Samples, bytes: &[u8]) -> Option<DynamicImage> {
    Some(match samples {
        Samples::Bilevel => GrayImage::from_raw(width, height, bits(width, bytes))?.into(),
        Samples::Gray => GrayImage::from_raw(width, height, bytes.to_vec())?.into(),
        Samples::Rgb => RgbImage::from_raw(width, height, bytes.to_vec())?.into(),
        Samples::Cmyk => {
            let gray = bytes.as_chunks::<4>().0.iter().map(|ink| light(*ink)).collect();
            GrayImage::from_raw(width, height, gray)?.into()
        }
    })
}

/// One octet for each bit.
fn bits(width: u32, bytes: &[u8]) -> Vec<u8> {
    let width = width as usize;
    let rows = bytes.chunks_exact(width.div_ceil(8).max(1));
    let row = |row: &[u8]| {
        let bits = row
            .iter()
            .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1));
        bits.take(width).map(|bit| bit * 255).collect::<Vec<u8>>()
    };
    rows.flat_map(row).collect()
}

fn light([cyan, magenta, yellow, black]: [u8; 4]) -> u8 {
    let colour = (u16::from(cyan) + u16::from(magenta) + u16::from(yellow)) / 3;
    u8::try_from(255_u16.saturating_sub(colour.saturating_add(u16::from(black)))).unwrap_or(0)
}
