//! Texts → findings. Pure: no clock, no file, no state between messages.
//!
//! Must not know: policy, recipients. Runs in the jailed child. Rules are data (`policies/elements/*.toml`).

use crate::message::Finding;
use crate::mime::Text;

/// A rule file as it was read: its name (`ssn.toml`) and its TOML text.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct RuleSource {
    /// File name, for messages to people.
    pub file: String,
    /// The TOML text.
    pub text: String,
}

/// A set of rules, compiled and ready to search with.
#[derive(Debug)]
pub struct Rules {}

/// A mistake in a rule file, with its place and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct RuleError {
    /// The rule file.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Rules {
    /// Compiles rule files; tells every mistake at once.
    ///
    /// # Errors
    /// All mistakes of all files, in order.
    pub fn compile(sources: &[RuleSource]) -> Result<Rules, Vec<RuleError>> {
        let _ = sources;
        Ok(Rules {})
    }

    /// Searches texts. Findings come in the order of the texts and of their places in them.
    pub fn search(&self, texts: &[Text]) -> Vec<Finding> {
        let _ = texts;
        Vec::new()
    }
}
