//! Destinations: groups whose text is not part of the text around them.

use super::lexer::hex;
use super::words::Aside;

/// A destination that is open.
pub(super) struct Open {
    pub aside: Aside,
    /// The depth of its group.
    pub depth: usize,
    pub text: String,
    pub data: Vec<u8>,
    nibble: Option<u8>,
}

impl Open {
    pub fn new(aside: Aside, depth: usize) -> Self {
        Open {
            aside,
            depth,
            text: String::new(),
            data: Vec::new(),
            nibble: None,
        }
    }

    /// Whether it holds data in hexadecimal digits.
    pub fn is_data(&self) -> bool {
        matches!(self.aside, Aside::Picture | Aside::Object)
    }

    /// Takes digits; what is none is kept as text.
    pub fn hexadecimal(&mut self, text: &[u8]) {
        let is_odd = |octet: &u8| !octet.is_ascii_hexdigit() && !octet.is_ascii_whitespace();
        if text.iter().any(is_odd) {
            self.text.push_str(&String::from_utf8_lossy(text));
        }
        for digit in text.iter().filter_map(|octet| hex(*octet)) {
            match self.nibble.take() {
                Some(high) => self.data.push(high << 4 | digit),
                None => self.nibble = Some(digit),
            }
        }
    }
}

/// Data in a destination that nobody knows. What is short may well be a number for people.
pub(super) fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let is_data = text.len() >= 64 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    if !is_data || text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let digits: Vec<u8> = text.bytes().filter_map(hex).collect();
    let pairs = digits.chunks_exact(2).filter_map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    Some(pairs.collect())
}
