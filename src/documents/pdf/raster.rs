//! Pictures in a PDF that are samples, not files (ISO 32000-2 §8.9.5), and those in fax encodings (§7.4.6).

use super::filters::Encoding;
use super::reader::Reader;
use super::syntax::{Dictionary, Object};
use crate::documents::picture::Samples;

/// The most samples that are unpacked to octets.
const MOST: usize = 256 << 20;

/// How samples stand for colours.
enum Colours {
    /// So many components a pixel.
    Direct(usize),
    /// Numbers of colours, with the gray of each.
    Indexed(Vec<u8>),
}

/// Hands a picture on, if its form is known; `false` when it is not.
pub(super) fn hand_on<'f>(
    reader: &mut Reader<'_, '_, 'f>,
    dictionary: &Dictionary<'f>,
    bytes: &[u8],
    rest: Option<Encoding>,
) -> bool {
    let side = |reader: &mut Reader<'_, '_, 'f>, key: &str| {
        let side = reader.follow(dictionary.get(key)).count();
        side.and_then(|side| u32::try_from(side).ok())
    };
    let (Some(width), Some(height)) = (side(reader, "Width"), side(reader, "Height")) else {
        return false;
    };
    match rest {
        None => raw(reader, dictionary, bytes, (width, height)),
        Some(Encoding::Fax) => fax(reader, dictionary, bytes, (width, height)),
        Some(_) => false,
    }
}

fn fax<'f>(
    reader: &mut Reader<'_, '_, 'f>,
    dictionary: &Dictionary<'f>,
    bytes: &[u8],
    (width, height): (u32, u32),
) -> bool {
    let given = reader.follow(dictionary.get("DecodeParms"));
    // One for each filter; that of the fax encoding is the last.
    let own = match &given {
        Object::Array(members) => members.last().cloned().unwrap_or_default(),
        other => other.clone(),
    };
    let parameters = reader.dictionary(&own);
    let is_set = |key: &str| *parameters.get(key) == Object::Boolean(true);
    if is_set("EncodedByteAlign") {
        return false;
    }
    let columns = parameters.get("Columns").count().unwrap_or(1728);
    let k = parameters.get("K").number().unwrap_or(0.0);
    let k = if k < 0.0 { -1 } else { i64::from(k > 0.0) };
    if u32::try_from(columns) != Ok(width) {
        return false;
    }
    reader
        .visit
        .picture_ccitt(width, height, k, is_set("BlackIs1"), bytes);
    true
}

fn raw<'f>(
    reader: &mut Reader<'_, '_, 'f>,
    dictionary: &Dictionary<'f>,
    bytes: &[u8],
    (width, height): (u32, u32),
) -> bool {
    let mask = reader.follow(dictionary.get("ImageMask")) == Object::Boolean(true);
    let bits = reader.follow(dictionary.get("BitsPerComponent")).count();
    let bits = if mask { 1 } else { bits.unwrap_or(8) };
    let space = reader.follow(dictionary.get("ColorSpace"));
    let colours = if mask {
        Some(Colours::Direct(1))
    } else {
        colours(reader, &space, 0)
    };
    let (Some(colours), 1 | 2 | 4 | 8 | 16) = (colours, bits) else {
        return false;
    };
    let components = match colours {
        Colours::Direct(components) => components,
        Colours::Indexed(_) => 1,
    };
    let indexed = matches!(colours, Colours::Indexed(_));
    let octets = (width as usize)
        .saturating_mul(components)
        .saturating_mul(height as usize);
    if octets > MOST || !reader.work(octets) {
        return false;
    }
    let mut samples = unpacked(bytes, (width as usize).saturating_mul(components), bits, !indexed);
    if let Colours::Indexed(palette) = colours {
        for sample in &mut samples {
            *sample = palette.get(usize::from(*sample)).copied().unwrap_or(255);
        }
    }
    let kind = match components {
        1 => Samples::Gray,
        3 => Samples::Rgb,
        _ => Samples::Cmyk,
    };
    reader.visit.picture_raw(width, height, kind, &samples);
    true
}

/// One octet for each sample, brought to the range of an octet when that is what its value means. Rows begin at an
/// octet.
fn unpacked(bytes: &[u8], row: usize, bits: usize, scale: bool) -> Vec<u8> {
    match bits {
        8 => return bytes.to_vec(),
        16 => {
            return bytes
                .chunks_exact(2)
                .filter_map(|pair| pair.first().copied())
                .collect();
        }
        _ => {}
    }
    let (each, top) = (8 / bits, (1_u8 << bits) - 1);
    let factor = if scale { 255 / top } else { 1 };
    let mut samples = Vec::new();
    for line in bytes.chunks_exact(row.div_ceil(each).max(1)) {
        let values = line.iter().flat_map(|octet| {
            let shifts = (0..each).rev().map(move |place| place * bits);
            shifts.map(move |shift| (octet >> shift & top) * factor)
        });
        samples.extend(values.take(row));
    }
    samples
}

/// What a colour space makes of samples (§8.6). Colours by separate inks are not known here.
fn colours<'f>(reader: &mut Reader<'_, '_, 'f>, space: &Object<'f>, depth: usize) -> Option<Colours> {
    let (family, members) = match space {
        Object::Name(name) => (name.as_ref(), &[][..]),
        other => (other.members().first()?.name()?, other.members()),
    };
    match family {
        b"DeviceGray" | b"CalGray" | b"G" => Some(Colours::Direct(1)),
        b"DeviceRGB" | b"CalRGB" | b"Lab" | b"RGB" => Some(Colours::Direct(3)),
        b"DeviceCMYK" | b"CMYK" => Some(Colours::Direct(4)),
        b"ICCBased" => match reader.dictionary(members.get(1)?).get("N").count()? {
            components @ (1 | 3 | 4) => Some(Colours::Direct(components)),
            _ => None,
        },
        b"Indexed" | b"I" if depth == 0 => {
            let base = reader.follow(members.get(1)?);
            let Colours::Direct(components) = colours(reader, &base, 1)? else {
                return None;
            };
            let table = members.get(3)?;
            let table = match reader.follow(table) {
                Object::String(octets) => octets.into_owned(),
                _ => {
                    let place = reader.place(table)?;
                    reader.stream(place)?
                }
            };
            Some(Colours::Indexed(table.chunks(components).map(gray).collect()))
        }
        _ => None,
    }
}

fn gray(colour: &[u8]) -> u8 {
    let sum: u32 = colour.iter().map(|part| u32::from(*part)).sum();
    let light = |parts: u32| u8::try_from(sum / parts).unwrap_or(255);
    match colour.len() {
        // Inks darken.
        4 => 255 - u8::try_from(sum.min(255)).unwrap_or(255),
        parts => light(u32::try_from(parts.max(1)).unwrap_or(1)),
    }
}
