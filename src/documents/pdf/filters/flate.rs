//! Deflate in its zlib wrapper (RFC 1950, RFC 1951). The checksum is not looked at: viewers show a stream whose
//! checksum is wrong or missing.

use flate2::{Decompress, FlushDecompress, Status};

use super::Output;

/// Inflates at most `room` octets.
pub(super) fn inflate(bytes: &[u8], room: usize) -> Output {
    let wrapped = unwrapped(bytes);
    let first = run(wrapped.unwrap_or(bytes), room);
    if first.bytes.is_empty() && first.damaged && wrapped.is_some() {
        return run(bytes, room);
    }
    first
}

/// What follows the header of two octets, when there is one.
fn unwrapped(bytes: &[u8]) -> Option<&[u8]> {
    // A stray line end before the data is common.
    let bytes = match bytes {
        [b'\r' | b'\n', rest @ ..] if is_header(rest) => rest,
        other => other,
    };
    is_header(bytes).then(|| bytes.get(2..)).flatten()
}

fn is_header(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => {
            method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31)
        }
        _ => false,
    }
}

fn run(bytes: &[u8], room: usize) -> Output {
    let mut inflater = Decompress::new(false);
    let mut output = Output::default();
    let mut chunk = vec![0; (32 << 10).min(room.max(1) + 1)];
    let mut at = 0;
    loop {
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let rest = bytes.get(at..).unwrap_or_default();
        let status = inflater.decompress(rest, &mut chunk, FlushDecompress::None);
        let read = usize::try_from(inflater.total_in() - read).unwrap_or_default();
        let written = usize::try_from(inflater.total_out() - written).unwrap_or_default();
        at += read;
        output
            .bytes
            .extend_from_slice(chunk.get(..written).unwrap_or_default());
        if output.bytes.len() > room {
            output.bytes.truncate(room);
            output.cut = true;
            return output;
        }
        match status {
            Ok(Status::StreamEnd) => return output,
            Ok(_) if read > 0 || written > 0 => {}
            _ => {
                output.damaged = true;
                return output;
            }
        }
    }
}
