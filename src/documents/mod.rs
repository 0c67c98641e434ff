//! Leaves → texts and obstacles, one file per format. Decides by content, not by name or label.
//!
//! Must not know: rules, policy. Reads hostile bytes; runs in the jailed child.

use crate::message::Obstacle;
use crate::mime::{Leaf, Limits, Text};

/// What one leaf holds.
#[derive(Debug, Default)]
pub struct Document {
    /// Texts to search.
    pub texts: Vec<Text>,
    /// What was not read for certain. A leaf with neither texts nor obstacles is empty.
    pub obstacles: Vec<Obstacle>,
}

/// Reads a leaf with the first format that recognises its content.
pub fn read(leaf: &Leaf, limits: &Limits) -> Document {
    let _ = (leaf, limits);
    Document::default()
}
