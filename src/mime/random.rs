//! Whether octets look like the output of a cipher. It cannot prove that they are; it unmasks text, documents
//! and compressed data that were put where ciphertext belongs.

/// A running judgement.
#[derive(Debug)]
pub(super) struct Randomness {
    counts: [u64; 256],
    length: u64,
    window: u32,
    printable: u32,
    legible: bool,
}

/// Octets that are judged together. That 58 of 64 random octets are printable happens once in 10^16.
const WINDOW: u32 = 64;

/// Chi-squared of 256 equally likely values is 255 ± 23; ciphertext does not come near this.
const CHI_SQUARED: f64 = 500.0;

impl Default for Randomness {
    fn default() -> Self {
        Randomness {
            counts: [0; 256],
            length: 0,
            window: 0,
            printable: 0,
            legible: false,
        }
    }
}

impl Randomness {
    /// Takes more octets.
    pub fn feed(&mut self, octets: &[u8]) {
        for octet in octets {
            if let Some(count) = self.counts.get_mut(usize::from(*octet)) {
                *count += 1;
            }
            self.window += 1;
            self.printable += u32::from(matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
            if self.window == WINDOW {
                self.end_window();
            }
        }
        self.length += octets.len() as u64;
    }

    /// How many octets were taken.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether all of it may be ciphertext.
    pub fn verdict(mut self) -> bool {
        if self.length < u64::from(WINDOW) && self.window >= 16 {
            self.end_window();
        }
        !self.legible && self.is_even()
    }

    fn end_window(&mut self) {
        self.legible |= self.printable * 10 > self.window * 9;
        self.window = 0;
        self.printable = 0;
    }

    /// Whether all values are about equally frequent; few octets say nothing.
    fn is_even(&self) -> bool {
        if self.length < 256 {
            return true;
        }
        let expected = self.length as f64 / 256.0;
        let square = |count: &u64| (*count as f64 - expected).powi(2) / expected;
        self.counts.iter().map(square).sum::<f64>() < CHI_SQUARED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plausible(octets: &[u8]) -> bool {
        let mut randomness = Randomness::default();
        randomness.feed(octets);
        randomness.verdict()
    }

    fn random(length: usize) -> Vec<u8> {
        let mut octets = vec![0; length];
        openssl::rand::rand_bytes(&mut octets).expect("random octets");
        octets
    }

    #[test]
    fn random_octets_of_any_length_pass() {
        for length in [0, 1, 16, 48, 64, 255, 256, 1_000, 100_000] {
            for _ in 0..20 {
                assert!(plausible(&random(length)), "{length}");
            }
        }
    }

    #[test]
    fn text_and_documents_do_not_pass() {
        assert!(!plausible(&b"Name: Jane Doe\r\nSSN: 536-22-8145\r\n".repeat(2)));
        let mut mostly_random = random(5_000);
        mostly_random.extend(b"my number is 536-22-8145 and hers is 219-09-0001, ".repeat(3));
        assert!(!plausible(&mostly_random));
        assert!(!plausible(&[0; 4_096]));
        let wide: Vec<u8> = "Jane Doe 536-22-8145"
            .repeat(40)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(!plausible(&wide));
    }
}
