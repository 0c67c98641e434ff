//! ASCIIHexDecode, ASCII85Decode and RunLengthDecode (ISO 32000-2 §7.4.2, §7.4.3, §7.4.5).

use super::Output;
use crate::documents::pdf::syntax::{is_space, unhexed};

/// Never gives more than it takes.
pub(super) fn hexadecimal(bytes: &[u8], room: usize) -> Output {
    let end = memchr::memchr(b'>', bytes).unwrap_or(bytes.len());
    let mut octets = unhexed(bytes.get(..end).unwrap_or_default());
    let cut = octets.len() > room;
    octets.truncate(room);
    Output {
        bytes: octets,
        damaged: false,
        cut,
    }
}

/// Five characters for four octets; `z` for four times nought.
pub(super) fn base85(bytes: &[u8], room: usize) -> Output {
    let bytes = bytes.trim_ascii_start();
    let bytes = bytes.strip_prefix(b"<~").unwrap_or(bytes);
    let mut output = Output::default();
    let (mut value, mut count) = (0_u32, 0_usize);
    for octet in bytes {
        match octet {
            b'z' if count == 0 => output.bytes.extend([0; 4]),
            b'!'..=b'u' => {
                value = value.wrapping_mul(85).wrapping_add(u32::from(octet - b'!'));
                count += 1;
                if count == 5 {
                    output.bytes.extend(value.to_be_bytes());
                    (value, count) = (0, 0);
                }
            }
            octet if is_space(*octet) => {}
            b'~' => break,
            _ => output.damaged = true,
        }
        if output.bytes.len() > room {
            output.bytes.truncate(room);
            output.cut = true;
            return output;
        }
    }
    if count > 1 {
        for _ in count..5 {
            value = value.wrapping_mul(85).wrapping_add(84);
        }
        output
            .bytes
            .extend(value.to_be_bytes().get(..count - 1).unwrap_or_default());
    }
    output
}

/// A length and that many octets, or one octet that is repeated.
pub(super) fn run_length(bytes: &[u8], room: usize) -> Output {
    let mut output = Output::default();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first() {
        let count = usize::from(*length);
        rest = match count {
            0..=127 => {
                let copied = after.get(..=count).unwrap_or(after);
                output.bytes.extend_from_slice(copied);
                after.get(copied.len()..).unwrap_or_default()
            }
            128 => break,
            _ => {
                let Some((octet, after)) = after.split_first() else {
                    break;
                };
                output.bytes.extend(std::iter::repeat_n(*octet, 257 - count));
                after
            }
        };
        if output.bytes.len() > room {
            output.bytes.truncate(room);
            output.cut = true;
            break;
        }
    }
    output
}
