//! A hash for look-ups in what the program brings with it, and by places in a text. Nobody who sends mail can choose many
//! keys that collide, so nothing has to be done against that, and a look-up takes a few steps.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are numbers of rules, places in a text or words of the lists, never what stands in mail.
pub(super) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;
/// A set of the same.
pub(super) type QuickSet<K> = HashSet<K, BuildHasherDefault<Quick>>;

/// Takes eight octets in a step.
#[derive(Debug, Default)]
pub(super) struct Quick(u64);

/// An odd number with bits all over, so that a product mixes what it is multiplied with.
const MIXER: u64 = 0x9E37_79B9_7F4A_7C15;

impl Quick {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(MIXER);
    }
}

impl Hasher for Quick {
    fn write(&mut self, octets: &[u8]) {
        for piece in octets.chunks(8) {
            let word = piece.iter().fold(0, |word, octet| word << 8 | u64::from(*octet));
            self.mix(word);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        // The high bits are mixed best; a table takes the low ones.
        self.0 ^ self.0 >> 32
    }
}

/// The hash of some octets.
pub(super) fn hash(octets: &[u8]) -> u64 {
    let mut quick = Quick::default();
    quick.write(octets);
    quick.finish()
}
