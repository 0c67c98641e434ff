//! A table from codes to numbers: two levels for the codes of two octets, a map for the rest.

use std::collections::HashMap;

/// Sparse; what is set later counts.
#[derive(Debug, Default)]
pub(in super::super) struct Table {
    pages: Vec<Option<Box<[u32; 256]>>>,
    far: HashMap<u32, u32>,
    /// Wide ranges: first, last, value of the first, step.
    ranges: Vec<(u32, u32, u32, u32)>,
    set: usize,
    /// Not everything found room.
    pub cut: bool,
}

/// No value.
const NONE: u32 = u32::MAX;
/// More codes than this are not set one by one.
const MOST: usize = 200_000;
/// More wide ranges than this are not kept.
const MOST_RANGES: usize = 30;

impl Table {
    /// The number of a code.
    pub fn get(&self, code: u32) -> Option<u32> {
        let [_, _, high, low] = code.to_be_bytes();
        let near = match code {
            0..=0xffff => {
                let page = self.pages.get(usize::from(high)).and_then(Option::as_ref);
                page.and_then(|page| page.get(usize::from(low)).copied())
            }
            _ => self.far.get(&code).copied(),
        };
        near.filter(|value| *value != NONE).or_else(|| {
            let holds = |range: &&(u32, u32, u32, u32)| (range.0..=range.1).contains(&code);
            let (first, _, value, step) = self.ranges.iter().rev().find(holds)?;
            Some(value.wrapping_add(step.wrapping_mul(code - first)))
        })
    }

    /// Sets the number of one code.
    pub fn set(&mut self, code: u32, value: u32) {
        if self.set >= MOST {
            self.cut = true;
            return;
        }
        self.set += 1;
        let Ok(code) = u16::try_from(code) else {
            self.far.insert(code, value);
            return;
        };
        let [high, low] = code.to_be_bytes();
        if self.pages.is_empty() {
            self.pages.resize_with(256, || None);
        }
        let page = self.pages.get_mut(usize::from(high));
        let page = page.map(|page| page.get_or_insert_with(|| Box::new([NONE; 256])));
        if let Some(slot) = page.and_then(|page| page.get_mut(usize::from(low))) {
            *slot = value;
        }
    }

    /// Sets the numbers of all codes from `first` to `last`, each `step` more than the one before.
    pub fn set_range(&mut self, first: u32, last: u32, value: u32, step: u32) {
        match last.checked_sub(first) {
            None => {}
            Some(width) if width < 256 => {
                for offset in 0..=width {
                    self.set(
                        first.saturating_add(offset),
                        value.wrapping_add(step.wrapping_mul(offset)),
                    );
                }
            }
            Some(_) if self.ranges.len() < MOST_RANGES => self.ranges.push((first, last, value, step)),
            Some(_) => self.cut = true,
        }
    }

    /// Whether nothing was set.
    pub fn is_empty(&self) -> bool {
        self.set == 0 && self.ranges.is_empty()
    }
}
