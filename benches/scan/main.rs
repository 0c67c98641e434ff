//! Measures reading and detecting: `cargo bench --bench scan -- [figures|engines|messages|large …]`; all without a name.
//!
//! It prints tables in Markdown with ratios, and asserts nothing about time: all systems run in the same process or
//! right after each other, so that other work on the machine falls on all of them alike.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a measurement that cannot go on may stop"
)]

mod engines;
mod figures;
mod mail;
mod messages;
mod presidio;

use std::time::{Duration, Instant};

/// One measurement: its name on the command line, and what it does.
const PARTS: &[(&str, fn())] = &[
    ("figures", figures::compare),
    ("engines", engines::compare),
    ("messages", messages::small),
    ("large", messages::large),
];

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part();
            println!();
        }
    }
}

/// The shortest of several runs: what else the machine does only ever makes one longer.
fn shortest(runs: usize, mut work: impl FnMut()) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}
