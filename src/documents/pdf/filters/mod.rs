//! Stream filters (ISO 32000-2 §7.4). Each step stays within the room it is given; what a damaged stream still
//! gives is kept.

mod ascii;
mod flate;
mod lzw;
mod predictor;

use std::borrow::Cow;

use super::syntax::{Dictionary, Object};

/// What became of a stream.
#[derive(Debug, Default)]
pub(super) struct Decoded<'a> {
    /// Its octets, as far as they were decoded.
    pub bytes: Cow<'a, [u8]>,
    /// They ended before their time.
    pub damaged: bool,
    /// There was not enough room for all.
    pub cut: bool,
    /// Octets that steps in between took.
    pub spent: usize,
    /// The filter that is not undone here: the encoding of a picture, or an unknown one.
    pub rest: Option<Encoding>,
}

/// Encodings that are not undone here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// A whole JPEG file.
    Jpeg,
    /// Fax: ITU-T T.4 or T.6.
    Fax,
    /// JPEG 2000 or JBIG2.
    Picture,
    /// A filter that nobody defined.
    Unknown,
}

/// One step of the chain.
struct Step<'d> {
    name: &'d [u8],
    parameters: Option<&'d Dictionary<'d>>,
}

/// Undoes the filters of a stream, first to last. `filter` and `parameters` are its entries of these names.
pub(super) fn decode<'a>(
    raw: Cow<'a, [u8]>,
    filter: &Object<'_>,
    parameters: &Object<'_>,
    room: usize,
) -> Decoded<'a> {
    let mut decoded = Decoded {
        bytes: raw,
        ..Decoded::default()
    };
    // More filters than this in a row serve nobody but an attacker.
    for step in steps(filter, parameters).take(8) {
        let output = match step.name {
            b"FlateDecode" | b"Fl" => flate::inflate(&decoded.bytes, room),
            b"LZWDecode" | b"LZW" => lzw::expand(&decoded.bytes, room, early_change(step.parameters)),
            b"ASCIIHexDecode" | b"AHx" => ascii::hexadecimal(&decoded.bytes, room),
            b"ASCII85Decode" | b"A85" => ascii::base85(&decoded.bytes, room),
            b"RunLengthDecode" | b"RL" => ascii::run_length(&decoded.bytes, room),
            b"Crypt" => continue,
            other => {
                decoded.rest = Some(match other {
                    b"DCTDecode" | b"DCT" => Encoding::Jpeg,
                    b"CCITTFaxDecode" | b"CCF" => Encoding::Fax,
                    b"JPXDecode" | b"JBIG2Decode" => Encoding::Picture,
                    _ => Encoding::Unknown,
                });
                break;
            }
        };
        decoded.damaged |= output.damaged;
        decoded.cut |= output.cut;
        decoded.spent += output.bytes.len();
        let predicted = step
            .parameters
            .and_then(|parameters| predictor::undo(&output.bytes, parameters));
        decoded.bytes = Cow::Owned(predicted.unwrap_or(output.bytes));
    }
    decoded
}

/// What one step gives.
#[derive(Debug, Default)]
struct Output {
    bytes: Vec<u8>,
    damaged: bool,
    cut: bool,
}

fn steps<'d>(filter: &'d Object<'d>, parameters: &'d Object<'d>) -> impl Iterator<Item = Step<'d>> {
    let names: Vec<&[u8]> = match filter {
        Object::Name(name) => vec![&**name],
        other => other.members().iter().filter_map(Object::name).collect(),
    };
    names.into_iter().enumerate().map(move |(place, name)| Step {
        name,
        parameters: match parameters {
            Object::Dictionary(only) => Some(only),
            other => other.members().get(place).and_then(Object::dictionary),
        },
    })
}

fn early_change(parameters: Option<&Dictionary<'_>>) -> bool {
    parameters.and_then(|parameters| parameters.get("EarlyChange").number()) != Some(0.0)
}

#[cfg(test)]
mod tests;
