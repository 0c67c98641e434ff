//! Readings of pictures that come again and again: the logo in everybody's signature.
//!
//! Kept in memory only, by a digest of the pixels, and only what could be on any letterhead: no reading with enough
//! digits for a number worth protecting.

use std::collections::{HashMap, VecDeque};

use openssl::sha::Sha256;

use super::page::Page;
use crate::documents::Picture;

/// Pictures that are remembered.
const MOST: usize = 2_000;

/// Octets of text that a remembered reading may have.
const LONGEST: usize = 500;

/// Digits that a remembered reading may have: a year, or a house number.
const DIGITS: usize = 4;

/// A digest of size and pixels.
pub(super) type Digest = [u8; 32];

/// What is remembered, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    readings: HashMap<Digest, Page>,
    order: VecDeque<Digest>,
}

impl Memory {
    /// What was read in the same picture before.
    pub fn recall(&self, digest: &Digest) -> Option<Page> {
        self.readings.get(digest).cloned()
    }

    /// Remembers a reading, if it may be.
    pub fn remember(&mut self, digest: Digest, page: &Page) {
        let digits = page.lines.chars().filter(|c| c.is_numeric()).count();
        if digits > DIGITS || page.lines.len() > LONGEST {
            return;
        }
        if self.readings.insert(digest, page.clone()).is_none() {
            self.order.push_back(digest);
        }
        if self.order.len() > MOST {
            let oldest = self.order.pop_front();
            oldest.map(|oldest| self.readings.remove(&oldest));
        }
    }
}

/// The digest of a picture.
pub(super) fn digest(picture: &Picture) -> Digest {
    let mut digest = Sha256::new();
    digest.update(&picture.width.to_le_bytes());
    digest.update(&picture.height.to_le_bytes());
    digest.update(&picture.gray);
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lines: &str) -> Page {
        Page {
            lines: lines.to_owned(),
            table: None,
            legible: true,
        }
    }

    #[test]
    fn a_logo_is_remembered_and_a_number_is_not() {
        let mut memory = Memory::default();
        memory.remember([1; 32], &page("Agency of Examples, since 1901"));
        memory.remember([2; 32], &page("SSN 536-22-8145"));
        memory.remember([3; 32], &page("٥٣٦٢٢٨١٤٥"));
        assert!(memory.recall(&[1; 32]).is_some());
        assert_eq!(memory.recall(&[2; 32]), None);
        assert_eq!(memory.recall(&[3; 32]), None);
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut memory = Memory::default();
        for number in 0..=MOST {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_le_bytes());
            memory.remember(digest, &page("logo"));
        }
        assert_eq!(memory.readings.len(), MOST);
        assert_eq!(memory.recall(&[0; 32]), None);
    }

    #[test]
    fn pictures_of_the_same_pixels_in_another_shape_are_told_apart() {
        let picture = |width, height| Picture {
            id: 1,
            width,
            height,
            gray: vec![7; 12],
        };
        assert_ne!(digest(&picture(3, 4)), digest(&picture(4, 3)));
        assert_eq!(
            digest(&picture(3, 4)),
            digest(&Picture {
                id: 9,
                ..picture(3, 4)
            })
        );
    }
}
