//! Texts → findings. Pure: no clock, no file, no state between messages.
//!
//! Must not know: policy, recipients. Runs in the jailed child. Rules are data (`policies/elements/*.toml`).
//!
//! A text takes this path: [`normal`] gives it one spelling, [`digits`] tells where they stand, and [`sieve`] at which of
//! these places a match could begin that something may speak for; [`candidates`] finds what has the form of an element
//! and passes its checks, [`context`] weighs what stands around it ([`keywords`], [`layout`], [`evidence`]),
//! [`contest`] lets one element win each place, [`names`] looks for a person near by. [`search`] is that list
//! as code.

mod bait;
mod boundary;
mod candidates;
mod checks;
mod compile;
mod contest;
mod context;
mod digits;
mod evidence;
mod explain;
mod expression;
mod keywords;
mod kinds;
mod layout;
mod names;
mod normal;
mod prove;
mod quick;
mod rule;
mod rule_file;
mod search;
mod sentence;
mod sieve;

use crate::message::Finding;
use crate::mime::Text;

pub use explain::Rejected;

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
pub struct Rules {
    rules: Vec<rule::Rule>,
    /// Their patterns, tried at once.
    sieve: sieve::Sieve,
    vocabulary: keywords::Vocabulary,
    names: names::Names,
}

/// A finding, and the text that its span points into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Which of the searched texts it stands in.
    pub text: usize,
    /// What was found.
    pub finding: Finding,
}

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

/// An example of a rule file that the rules do not bear out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct ProofFailure {
    /// The rule file.
    pub file: String,
    /// Line of the example, counted from 1.
    pub line: usize,
    /// Which one it is, counted from 1, of `examples` or `counter_examples`.
    pub index: usize,
    /// What should have happened, what did, and what to look at.
    pub message: String,
}

/// What the rules look for: one entry per rule file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'r> {
    /// The name of the file without its ending, as findings and policies say it: `ssn`.
    pub id: &'r str,
    /// What people call it: "Social Security number".
    pub title: &'r str,
    /// Why it is searched for.
    pub reason: &'r str,
    /// The law or the reference behind it.
    pub source: &'r str,
    /// Whether the law does not list it: it counts only where a policy names it.
    pub optional: bool,
    /// How many texts it must find.
    pub examples: usize,
    /// How many texts it must not find.
    pub counter_examples: usize,
}

impl Rules {
    /// Compiles rule files; tells every mistake at once.
    ///
    /// # Errors
    /// All mistakes of all files, in order.
    pub fn compile(sources: &[RuleSource]) -> Result<Rules, Vec<RuleError>> {
        compile::compile(sources)
    }

    /// Makes the regular expression engine ask the system for the number of processors, which it does once.
    /// After this, [`Rules::compile`] and [`Rules::search`] need nothing of the system but memory.
    pub fn prepare() {
        let _ = regex::bytes::Regex::new("[0-9]").map(|digit| digit.is_match(b"0"));
    }

    /// Searches texts. Findings come in the order of the texts and of their places in them.
    ///
    /// Of one kind (same element, confidence, test value, name near, header field of the message) at most
    /// 2,000 are told, so that a hostile message cannot fill the memory. No kind is left out, unless 2,000 of the same
    /// element were told that are certain, real and beside a name.
    pub fn search(&self, texts: &[Text]) -> Vec<Finding> {
        self.locate(texts)
            .into_iter()
            .map(|located| located.finding)
            .collect()
    }

    /// Like [`Rules::search`], and tells in which text each finding stands.
    pub fn locate(&self, texts: &[Text]) -> Vec<Located> {
        search::search(self, texts)
    }

    /// Tells what has the form of an element and did not count, and why, in the order of texts and places. At
    /// most 1,000 of them; one place is told once for each element whose form it has. Takes longer than
    /// searching: for people who ask about single files.
    pub fn rejected(&self, texts: &[Text]) -> Vec<Rejected> {
        explain::rejected(self, texts)
    }

    /// Tries every example and counter-example of every rule. Empty when the rules keep their word.
    pub fn prove(&self) -> Vec<ProofFailure> {
        prove::prove(self)
    }

    /// Rule and pattern of every pattern, in order.
    fn owners(&self) -> impl Iterator<Item = (usize, usize)> {
        let rules = self.rules.iter().enumerate();
        rules.flat_map(|(rule, compiled)| (0..compiled.patterns.len()).map(move |pattern| (rule, pattern)))
    }

    /// What these rules look for, in the order of their files.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.rules.iter().map(|rule| Element {
            id: &rule.id,
            title: &rule.title,
            reason: &rule.reason,
            source: &rule.source,
            optional: rule.optional,
            examples: rule.examples.len(),
            counter_examples: rule.counter_examples.len(),
        })
    }
}

#[cfg(test)]
mod tests;
