//! LZW (ISO 32000-2 §7.4.4.2): codes of 9 to 12 bits, the high bit first.

use super::Output;

const CLEAR: usize = 256;
const END: usize = 257;

/// Expands at most `room` octets.
pub(super) fn expand(bytes: &[u8], room: usize, early: bool) -> Output {
    let mut output = Output::default();
    // Where the octets of each code stand in the output, and how many they are.
    let mut table: Vec<(usize, usize)> = Vec::with_capacity(4_096);
    let mut previous: Option<(usize, usize)> = None;
    let mut bits = Bits { bytes, at: 0 };
    loop {
        let next = END + 1 + table.len() + usize::from(early);
        let width = match next {
            0..=511 => 9,
            512..=1_023 => 10,
            1_024..=2_047 => 11,
            _ => 12,
        };
        let Some(code) = bits.take(width) else {
            output.damaged = bytes.len() > 2;
            return output;
        };
        let start = output.bytes.len();
        match (code, previous) {
            (END, _) => return output,
            (CLEAR, _) => {
                table.clear();
                previous = None;
                continue;
            }
            _ => {}
        }
        if let Some((at, length)) = previous.filter(|_| table.len() < 4_096 - END - 1) {
            // The entry is the previous octets and the one that follows them now.
            table.push((at, length + 1));
        }
        if code < CLEAR {
            output.bytes.push(u8::try_from(code).unwrap_or_default());
        } else {
            let Some((at, length)) = table.get(code - END - 1).copied().filter(|(at, _)| *at < start) else {
                output.damaged = true;
                return output;
            };
            for offset in at..at + length {
                let octet = output.bytes.get(offset).copied().unwrap_or_default();
                output.bytes.push(octet);
            }
        }
        if output.bytes.len() > room {
            output.bytes.truncate(room);
            output.cut = true;
            return output;
        }
        previous = Some((start, output.bytes.len() - start));
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, width: usize) -> Option<usize> {
        let mut window = 0_usize;
        for offset in 0..3 {
            let octet = self.bytes.get(self.at / 8 + offset);
            if octet.is_none() && (self.at / 8 + offset) * 8 < self.at + width {
                return None;
            }
            window = window << 8 | usize::from(octet.copied().unwrap_or(0));
        }
        let value = window >> (24 - self.at % 8 - width) & ((1 << width) - 1);
        self.at += width;
        Some(value)
    }
}
