//! Whether octets are an OpenPGP message that is really encrypted (RFC 4880, RFC 9580): keys for recipients,
//! then one encrypted and integrity-protected packet that covers the rest.

use super::base64::base64;
use super::random::Randomness;

/// A body in ASCII armor (RFC 9580 §6.2) that is nothing but one encrypted message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Armored {
    /// The armor's own header lines, which stand in clear.
    pub headers: String,
}

/// Reads an armored or binary message; nothing when it is not encrypted as a whole.
pub(super) fn encrypted(bytes: &[u8]) -> Option<Armored> {
    if bytes.first().is_some_and(|octet| octet & 0x80 != 0) {
        return is_encrypted(bytes).then(|| Armored {
            headers: String::new(),
        });
    }
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii())?
        .trim();
    let inner = text
        .strip_prefix("-----BEGIN PGP MESSAGE-----")?
        .strip_suffix("-----END PGP MESSAGE-----")?;
    let mut lines = inner.lines();
    if !lines.next()?.trim().is_empty() {
        return None;
    }
    let headers: Vec<&str> = lines
        .by_ref()
        .take_while(|line| !line.trim().is_empty())
        .collect();
    let body: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
    let encoded = match body.split_last() {
        Some((checksum, body)) if checksum.len() == 5 && checksum.starts_with('=') => body,
        _ => &body,
    };
    let decoded = base64(encoded.concat().as_bytes());
    let fields = headers.iter().all(|line| line.contains(": "));
    (fields && decoded.clean && is_encrypted(&decoded.bytes)).then(|| Armored {
        headers: headers.join("\n"),
    })
}

/// No honest message has more packets in front of its encrypted one.
const MOST_PACKETS: usize = 2_000;

fn is_encrypted(bytes: &[u8]) -> bool {
    let mut keys = 0;
    let mut rest = bytes;
    for _ in 0..MOST_PACKETS {
        let Some(packet) = Packet::read(rest) else {
            return false;
        };
        match packet.tag {
            // Marker and padding packets mean nothing, and are short.
            10 | 21 if packet.length < 1_024 => {}
            1 if packet.length >= 40 && matches!(packet.start, [3 | 6, ..]) => keys += 1,
            3 if matches!(packet.start, [4, 7..=255, ..] | [5 | 6, ..]) => keys += 1,
            18 if matches!(packet.start, [1 | 2, ..]) => return keys > 0 && packet.ends_message(),
            20 if matches!(packet.start, [1, ..]) => return keys > 0 && packet.ends_message(),
            _ => return false,
        }
        rest = packet.behind;
    }
    false
}

/// A packet (RFC 9580 §4.2).
struct Packet<'a> {
    tag: u8,
    length: usize,
    /// Its first octets.
    start: &'a [u8],
    behind: &'a [u8],
    randomness: Randomness,
}

impl<'a> Packet<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        match first {
            0xc0.. => Self::new_format(first & 0x3f, rest),
            0x80.. => Self::old_format(first, rest),
            _ => None,
        }
    }

    fn old_format(first: u8, rest: &'a [u8]) -> Option<Self> {
        let octets = match first & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return Self::of((first >> 2) & 15, rest, &[]),
        };
        let (length, rest) = rest.split_at_checked(octets)?;
        let (body, behind) = rest.split_at_checked(big_endian(length))?;
        Self::of((first >> 2) & 15, body, behind)
    }

    /// The new format may cut the body into pieces; the last one has a plain length.
    fn new_format(tag: u8, mut rest: &'a [u8]) -> Option<Self> {
        let mut packet = Self::of(tag, &[], &[])?;
        loop {
            let (length, partial, after) = new_length(rest)?;
            let (body, behind) = after.split_at_checked(length)?;
            if packet.length == 0 {
                packet.start = body;
            }
            packet.length += length;
            packet.randomness.feed(body);
            packet.behind = behind;
            if !partial {
                return Some(packet);
            }
            rest = behind;
        }
    }

    fn of(tag: u8, body: &'a [u8], behind: &'a [u8]) -> Option<Self> {
        let mut randomness = Randomness::default();
        randomness.feed(body);
        Some(Packet {
            tag,
            length: body.len(),
            start: body,
            behind,
            randomness,
        })
    }

    fn ends_message(self) -> bool {
        self.behind.is_empty() && self.length > 20 && self.randomness.verdict()
    }
}

/// A length of the new format: its value, whether it is partial, and what follows.
fn new_length(bytes: &[u8]) -> Option<(usize, bool, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..=191 => Some((usize::from(first), false, rest)),
        192..=223 => {
            let (&second, rest) = rest.split_first()?;
            Some((
                (usize::from(first) - 192) * 256 + usize::from(second) + 192,
                false,
                rest,
            ))
        }
        224..=254 => Some((1 << (first & 31), true, rest)),
        255 => {
            let (length, rest) = rest.split_at_checked(4)?;
            Some((big_endian(length), false, rest))
        }
    }
}

fn big_endian(octets: &[u8]) -> usize {
    octets
        .iter()
        .fold(0, |value, octet| value << 8 | usize::from(*octet))
}
