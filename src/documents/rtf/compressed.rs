//! RTF as Outlook packs it, "LZFu" ([MS-OXRTFCP]).

use crate::documents::octets::Octets;

/// What came out of it.
pub(in crate::documents) struct Unpacked {
    pub rtf: Vec<u8>,
    /// What does not fit, for people.
    pub damage: Option<&'static str>,
}

/// What the dictionary holds before the first octet ([MS-OXRTFCP] §2.1.2.1).
const PRELOADED: &[u8; 207] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \
    \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
    \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// The dictionary is a ring of this many octets.
const RING: usize = 4096;

/// Unpacks at most `most` octets.
pub(in crate::documents) fn unpack(bytes: &[u8], most: usize) -> Unpacked {
    let mut octets = Octets::new(bytes);
    let header = || {
        let mut header = octets;
        Some((header.length()?, header.length()?, header.take(4)?, header.u32()?))
    };
    let Some((packed, size, kind, checksum)) = header() else {
        return Unpacked {
            rtf: bytes.to_vec(),
            damage: Some("it is too short"),
        };
    };
    octets.take_most(16);
    let contents = octets.take_most(packed.saturating_sub(12));
    let (rtf, damage) = match kind {
        b"LZFu" => {
            let rtf = inflate(contents, most);
            let wrong = crc(contents) != checksum;
            (rtf, wrong.then_some("its checksum is wrong"))
        }
        b"MELA" => (contents.get(..most).unwrap_or(contents).to_vec(), None),
        _ => (bytes.to_vec(), Some("it is packed in an unknown way")),
    };
    let short = damage.is_none() && rtf.len() < size;
    Unpacked {
        rtf,
        damage: if short { Some("it ends too early") } else { damage },
    }
}

fn inflate(contents: &[u8], most: usize) -> Vec<u8> {
    let mut ring = [0; RING];
    for (to, from) in ring.iter_mut().zip(PRELOADED) {
        *to = *from;
    }
    let mut inflater = Inflater {
        ring,
        at: PRELOADED.len(),
        rtf: Vec::new(),
    };
    let mut octets = Octets::new(contents);
    while inflater.rtf.len() < most && inflater.run(&mut octets).is_some() {}
    inflater.rtf.truncate(most);
    inflater.rtf
}

struct Inflater {
    ring: [u8; RING],
    /// Where the next octet goes.
    at: usize,
    rtf: Vec<u8>,
}

impl Inflater {
    /// A control octet and the eight things that it announces; none at the end.
    fn run(&mut self, octets: &mut Octets<'_>) -> Option<()> {
        let control = octets.u8()?;
        for bit in 0..8 {
            if control >> bit & 1 == 0 {
                self.push(octets.u8()?);
                continue;
            }
            let reference = u16::from_be_bytes([octets.u8()?, octets.u8()?]);
            let from = usize::from(reference >> 4);
            if from == self.at {
                return None;
            }
            for step in 0..usize::from(reference & 0xf) + 2 {
                let octet = self.ring.get((from + step) % RING).copied()?;
                self.push(octet);
            }
        }
        Some(())
    }

    fn push(&mut self, octet: u8) {
        if let Some(place) = self.ring.get_mut(self.at) {
            *place = octet;
        }
        self.at = (self.at + 1) % RING;
        self.rtf.push(octet);
    }
}

/// CRC-32 that begins with zero and is not inverted ([MS-OXRTFCP] §2.1.3.2).
fn crc(bytes: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (number, entry) in (0u32..).zip(table.iter_mut()) {
        *entry = (0..8).fold(number, |value, _| match value & 1 {
            1 => 0xedb8_8320 ^ (value >> 1),
            _ => value >> 1,
        });
    }
    bytes.iter().fold(0, |crc, octet| {
        let number = usize::from(crc.to_le_bytes().first().copied().unwrap_or(0) ^ octet);
        table.get(number).copied().unwrap_or(0) ^ (crc >> 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of [MS-OXRTFCP] §4.1.1.
    const SIMPLE: &[u8] =
        b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125\x42\x32\x0a\xf3 hel\x09\0 bw\
        \x05\xb0ld}\x0a\x80\x0f\xa0";

    #[test]
    fn the_example_of_the_specification_unpacks() {
        let unpacked = unpack(SIMPLE, 1000);
        assert_eq!(unpacked.rtf, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        assert_eq!(unpacked.damage, None);
        assert_eq!(unpack(SIMPLE, 5).rtf, b"{\\rtf");
    }

    #[test]
    fn a_wrong_checksum_is_told_and_what_is_there_is_read() {
        let mut wrong = SIMPLE.to_vec();
        wrong[12] ^= 1;
        let unpacked = unpack(&wrong, 1000);
        assert!(unpacked.rtf.ends_with(b"world}\r\n"));
        assert_eq!(unpacked.damage, Some("its checksum is wrong"));
        let cut = unpack(&SIMPLE[..30], 1000);
        assert!(cut.rtf.starts_with(b"{\\rtf1") && cut.damage.is_some());
    }

    #[test]
    fn what_is_not_packed_is_taken_as_it_is() {
        let plain = [&b"\x17\0\0\0\x0b\0\0\0MELA\0\0\0\0"[..], b"{\\rtf1 536}"].concat();
        assert_eq!(unpack(&plain, 1000).rtf, b"{\\rtf1 536}");
        assert!(unpack(b"{\\rtf1 536}", 1000).damage.is_some());
    }
}
