//! Measures the whole path of a message, side by side with Postfix in the same run: `make bench`.
//!
//! `cargo bench --bench relay -- [throughput|recipients|large|certificates|queue|idle|crowd|crash|soak …] [--quick]`; all but
//! `soak` without a name. It prints tables in Markdown, ratios first, and asserts nothing about time: other work on the machine
//! falls on all systems alike only because they take turns.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a measurement that cannot go on may stop"
)]

mod crowd;
mod faults;
mod gateway;
mod keeper;
mod load;
mod place;
mod postfix;
mod process;
mod scenarios;
mod sink;
mod throughput;

use std::process::ExitCode;

/// One measurement: its name on the command line, and what it does.
type Scenario = (&'static str, fn(Effort));

/// How much is sent, as a divisor.
#[derive(Clone, Copy)]
pub struct Effort(usize);

impl Effort {
    /// A number of messages, fewer when little effort is wanted.
    pub fn of(self, messages: usize) -> usize {
        (messages / self.0).max(20)
    }

    /// How often a measurement is repeated.
    pub fn rounds(self) -> usize {
        if self.0 > 1 { 2 } else { 5 }
    }
}

const SCENARIOS: &[Scenario] = &[
    ("throughput", throughput::compare),
    ("recipients", scenarios::recipients),
    ("large", scenarios::large),
    ("certificates", scenarios::certificates),
    ("queue", scenarios::queue),
    ("idle", scenarios::idle),
    ("crowd", crowd::crowd),
    ("crash", faults::crash),
];

/// Measurements that take so long that they must be asked for.
const LONG: &[Scenario] = &[("soak", faults::soak)];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [way, server, sender, recipient] = arguments.as_slice()
        && way == "--reinject"
    {
        return match sink::reinject(server, sender, recipient) {
            Ok(()) => ExitCode::SUCCESS,
            // EX_TEMPFAIL: Postfix tries again.
            Err(_) => ExitCode::from(75),
        };
    }
    let effort = Effort(if arguments.iter().any(|argument| argument == "--quick") {
        8
    } else {
        1
    });
    let names: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    for (name, run) in SCENARIOS.iter().chain(LONG) {
        let is_long = LONG.iter().any(|(long, _)| long == name);
        if (names.is_empty() && !is_long) || names.iter().any(|wanted| wanted == name) {
            println!("\n## {name}\n");
            run(effort);
        }
    }
    ExitCode::SUCCESS
}
